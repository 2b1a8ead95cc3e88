import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewritten, searchableCatalog, verdict } from './testing/index.ts'

const catalog = searchableCatalog()

/** A statement, and what the database gets. */
const carried: readonly (readonly [string, string])[] = [
  [
    'SELECT 1 FROM users WHERE (id, email) NOT IN (SELECT id, contact FROM orders GROUP BY 1, 2)',
    `SELECT 1 FROM users WHERE (id, substr(email, 1, 33)) NOT IN (SELECT acra_1, substr(acra_2, 1, 33) FROM (SELECT id, decode(min(encode(contact, 'hex') COLLATE "C"), 'hex') AS "contact" FROM orders GROUP BY 1, substr(contact, 1, 33)) AS acra (acra_1, acra_2))`,
  ],
  [
    'SELECT 1 FROM users WHERE email = ALL (WITH x AS (SELECT contact FROM orders) TABLE x)',
    'SELECT 1 FROM users WHERE substr(email, 1, 33) = ALL (SELECT substr(acra_1, 1, 33) FROM (WITH x AS (SELECT contact FROM orders) TABLE x) AS acra (acra_1))',
  ],
  [
    'SELECT 1 FROM users WHERE email = (SELECT contact FROM orders LIMIT 1)',
    'SELECT 1 FROM users WHERE substr(email, 1, 33) = substr((SELECT contact FROM orders LIMIT 1), 1, 33)',
  ],
  [
    "SELECT 1 FROM users WHERE 'x' = (SELECT contact FROM orders LIMIT 1)",
    'SELECT 1 FROM users WHERE <value> = substr((SELECT contact FROM orders LIMIT 1), 1, 33)',
  ],
  [
    "SELECT 1 FROM users WHERE (SELECT contact FROM orders WHERE contact = 'y') IN ('x', $1)",
    'SELECT 1 FROM users WHERE substr((SELECT contact FROM orders WHERE substr(contact, 1, 33) = ANY ( <forms>)), 1, 33) OPERATOR(=) ANY ( <forms>::bytea[] OPERATOR(||) $1::bytea[])',
  ],
  [
    'SELECT 1 FROM users WHERE email <> (SELECT contact FROM orders WHERE id = (SELECT id FROM orders WHERE contact = $1))',
    'SELECT 1 FROM users WHERE substr(email, 1, 33) <> substr((SELECT contact FROM orders WHERE id = (SELECT id FROM orders WHERE substr(contact, 1, 33) = ANY ( $1))), 1, 33)',
  ],
  [
    'SELECT 1 FROM users u WHERE u.email IS NOT DISTINCT FROM (SELECT s.email FROM staging s WHERE s.id = u.id)',
    'SELECT 1 FROM users u WHERE substr(u.email, 1, 33) IS NOT DISTINCT FROM substr((SELECT s.email FROM staging s WHERE s.id = u.id), 1, 33)',
  ],
  [
    'SELECT 1 FROM users WHERE (SELECT contact FROM orders) = (SELECT email FROM staging)',
    'SELECT 1 FROM users WHERE substr((SELECT contact FROM orders), 1, 33) = substr((SELECT email FROM staging), 1, 33)',
  ],
]

for (const [statement, expected] of carried) {
  test(`carried: ${statement}`, () => {
    assert.equal(rewritten(statement, catalog).trim(), expected)
  })
}

for (const statement of [
  'SELECT 1 FROM users WHERE email IN (SELECT contact FROM orders UNION SELECT email FROM staging)',
  'SELECT 1 FROM users WHERE email = (SELECT name FROM staging)',
  "SELECT 1 FROM users WHERE email = (SELECT 'x')",
  "SELECT 1 FROM users WHERE email = (SELECT contact || '' FROM orders)",
  'SELECT 1 FROM users WHERE email > (SELECT contact FROM orders)',
  'SELECT 1 FROM users WHERE email IN (SELECT name FROM staging UNION ALL SELECT name FROM staging)',
]) {
  test(`refused: ${statement}`, () => {
    assert.match(verdict(statement, catalog), /^refused/)
  })
}
