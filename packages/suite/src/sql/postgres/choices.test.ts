import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyzeSql, rewritten, searchableCatalog, verdict } from './testing/index.ts'

const catalog = searchableCatalog()

/** A statement, and what the database gets. */
const carried: readonly (readonly [string, string])[] = [
  [
    "SELECT COALESCE(email, 'none') FROM users",
    'SELECT COALESCE(email, <store>::bytea) FROM users',
  ],
  [
    'SELECT COALESCE(s.email, u.email, $1) AS e FROM users u LEFT JOIN staging s ON s.id = u.id',
    'SELECT COALESCE(s.email, u.email, $1::bytea) AS e FROM users u LEFT JOIN staging s ON s.id = u.id',
  ],
  [
    "SELECT CASE WHEN nick = 'n' THEN email END, CASE id WHEN 1 THEN name WHEN 2 THEN 'x' ELSE NULL END FROM users",
    "SELECT CASE WHEN nick = 'n' THEN email END, CASE id WHEN 1 THEN name WHEN 2 THEN <store>::bytea ELSE NULL::bytea END FROM users",
  ],
  [
    "SELECT COALESCE(email, 'x') AS e FROM users GROUP BY email",
    `SELECT COALESCE( decode(min(encode(email, 'hex') COLLATE "C"), 'hex'), <store>::bytea) AS e FROM users GROUP BY substr(email, 1, 33)`,
  ],
  [
    "WITH c AS (SELECT COALESCE(email, 'x') AS e FROM users) SELECT 1 FROM c WHERE e = 'y'",
    'WITH c AS (SELECT COALESCE(email, <store>::bytea) AS e FROM users) SELECT 1 FROM c WHERE substr(e, 1, 33) = ANY ( <forms>)',
  ],
  [
    "UPDATE users SET email = (CASE WHEN id = 1 THEN 'x' WHEN id = 2 THEN $1 ELSE NULL END)::text",
    'UPDATE users SET email = (CASE WHEN id = 1 THEN <store>::bytea WHEN id = 2 THEN $1::bytea ELSE NULL::bytea END)',
  ],
  [
    "UPDATE users SET email = CAST(CASE WHEN id = 1 THEN 'x' END AS varchar(254)) WHERE id = 1",
    'UPDATE users SET email = (CASE WHEN id = 1 THEN <store>::bytea END ) WHERE id = 1',
  ],
  [
    'UPDATE users SET name = COALESCE($1, name)::text',
    'UPDATE users SET name = COALESCE($1::bytea, name)',
  ],
  [
    'UPDATE users SET (email, name) = (SELECT s.email, s.name FROM staging s WHERE s.id = users.id)',
    'untouched',
  ],
  ['SELECT u.id FROM users u JOIN users v USING (ssn)', 'untouched'],
  [
    "SELECT ssn, * FROM users u LEFT JOIN users v USING (ssn) WHERE ssn = 'x'",
    'SELECT ssn, * FROM users u LEFT JOIN users v USING (ssn) WHERE ssn = <value>',
  ],
]

for (const [statement, expected] of carried) {
  test(`carried: ${statement}`, () => {
    assert.equal(rewritten(statement, catalog).trim(), expected)
  })
}

for (const statement of [
  "SELECT COALESCE(v.m, u.email) FROM users u, (VALUES ('x')) AS v (m)",
  "UPDATE users SET email = CAST(CASE WHEN id = 1 THEN 'x' ELSE email END AS varchar(254)) WHERE id = 1",
  'UPDATE users SET email = (CASE WHEN id = 1 THEN $1 END)::varchar(254)',
  'UPDATE users SET (email, nick) = (SELECT s.email, s.name FROM staging s WHERE s.id = users.id)',
  "UPDATE users SET (email, nick) = (SELECT nick, 'x' FROM users)",
  "SELECT u.id FROM users u JOIN (SELECT 'x' AS ssn) v USING (ssn)",
  'SELECT COALESCE(email, nick) FROM users',
  'SELECT COALESCE(email, lower(nick)) FROM users',
  'SELECT CASE WHEN true THEN email ELSE name END FROM users',
  "SELECT 1 FROM users WHERE COALESCE(email, 'x') = 'y'",
  "SELECT COALESCE(u.email, v.m) FROM users u, (VALUES ('x')) AS v (m) WHERE v.m <> ''",
  "SELECT * FROM users ORDER BY COALESCE(email, 'x')",
]) {
  test(`refused: ${statement}`, () => {
    assert.match(verdict(statement, catalog), /^refused/)
  })
}

test('who joins by the name of a searchable column is told how to write it', () => {
  for (const join of ['JOIN staging s USING (email)', 'NATURAL JOIN staging s']) {
    const analysis = analyzeSql(`SELECT 1 FROM users u ${join}`, catalog)
    assert.equal(analysis.kind, 'refused')
    assert.match(analysis.refusal.hint ?? '', /ON a\.email = b\.email/)
  }
})
