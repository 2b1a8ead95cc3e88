import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf, rewritten, verdict } from './testing/index.ts'

const catalog = catalogOf({
  tables: {
    'public.users': {
      columns: ['id', 'email', 'ssn', 'name', 'nick'],
      protect: ['email', 'ssn', 'name'],
      search: { email: 'prefix', ssn: 'whole' },
    },
    'public.orders': {
      columns: ['id', 'contact', 'email'],
      protect: ['contact', 'email'],
      search: { contact: 'prefix', email: 'prefix' },
    },
    'public.loose': { protect: ['email'], search: { email: 'prefix' } },
  },
})

/** The least stored value of a group. */
function least(column: string): string {
  return `decode(min(encode(${column}, 'hex') COLLATE "C"), 'hex')`
}

function hash(column: string): string {
  return `substr(${column}, 1, 33)`
}

/** A statement, and what the database gets. */
const carried: readonly (readonly [string, string])[] = [
  [
    'SELECT email, count(*) FROM users GROUP BY email',
    `SELECT ${least('email')} AS "email", count(*) FROM users GROUP BY ${hash('email')}`,
  ],
  [
    'SELECT u."email" AS m, nick FROM users u GROUP BY nick, u.email',
    `SELECT ${least('u."email"')} AS m, nick FROM users u GROUP BY nick, ${hash('u.email')}`,
  ],
  [
    'SELECT email AS m FROM users GROUP BY m',
    `SELECT ${least('email')} AS m FROM users GROUP BY ${hash('email')}`,
  ],
  [
    'SELECT nick, email FROM users GROUP BY 1, 2',
    `SELECT nick, ${least('email')} AS "email" FROM users GROUP BY 1, ${hash('email')}`,
  ],
  [
    "SELECT count(email), count(DISTINCT email) FROM users GROUP BY email HAVING email = 'x' AND email IS NOT NULL",
    `SELECT count(email), count(DISTINCT ${hash('email')}) FROM users GROUP BY ${hash('email')} HAVING ${hash('email')} = ANY (<forms>) AND ${least('email')} IS NOT NULL`,
  ],
  [
    "SELECT count(*) FILTER (WHERE email IS NULL), rank() OVER (PARTITION BY email ORDER BY count(*)) FROM users WHERE email <> 'x' GROUP BY email",
    `SELECT count(*) FILTER (WHERE email IS NULL), rank() OVER (PARTITION BY ${hash('email')} ORDER BY count(*)) FROM users WHERE ${hash('email')} <> ALL (<forms>) GROUP BY ${hash('email')}`,
  ],
  [
    'WITH c AS (SELECT email FROM users GROUP BY email) SELECT c.email FROM c GROUP BY c.email',
    `WITH c AS (SELECT ${least('email')} AS "email" FROM users GROUP BY ${hash('email')}) SELECT ${least('c.email')} AS "email" FROM c GROUP BY ${hash('c.email')}`,
  ],
  [
    'SELECT email FROM loose GROUP BY email',
    `SELECT ${least('email')} AS "email" FROM loose GROUP BY ${hash('email')}`,
  ],
  ['SELECT DISTINCT email FROM users', `SELECT DISTINCT ON (${hash('email')}) email FROM users`],
  [
    'SELECT DISTINCT nick, email AS m, ssn FROM users ORDER BY nick',
    `SELECT DISTINCT ON (1, ${hash('email')}, 3) nick, email AS m, ssn FROM users ORDER BY nick`,
  ],
  [
    'SELECT DISTINCT ON (email) id FROM users',
    `SELECT DISTINCT ON (${hash('email')}) id FROM users`,
  ],
  [
    'SELECT DISTINCT ON (email, nick) email, id FROM users ORDER BY nick',
    `SELECT DISTINCT ON (${hash('email')}, nick) email, id FROM users ORDER BY nick`,
  ],
  [
    'SELECT sum(id) OVER w, sum(id) OVER (PARTITION BY ssn, email) FROM users WINDOW w AS (PARTITION BY email ORDER BY id)',
    `SELECT sum(id) OVER w, sum(id) OVER (PARTITION BY ssn, ${hash('email')}) FROM users WINDOW w AS (PARTITION BY ${hash('email')} ORDER BY id)`,
  ],
  [
    'SELECT 1 FROM users u WHERE u.email IN (SELECT contact FROM orders)',
    `SELECT 1 FROM users u WHERE ${hash('u.email')} IN (SELECT ${hash('contact')} FROM orders)`,
  ],
  [
    'SELECT 1 FROM users u WHERE email::text NOT IN (SELECT DISTINCT o.contact FROM orders o)',
    `SELECT 1 FROM users u WHERE ${hash('email')} NOT IN (SELECT DISTINCT ON (${hash('o.contact')}) ${hash('o.contact')} FROM orders o)`,
  ],
  [
    'DELETE FROM users WHERE email <> ALL (SELECT contact FROM orders) OR email = ANY (SELECT contact FROM orders)',
    `DELETE FROM users WHERE ${hash('email')} <> ALL (SELECT ${hash('contact')} FROM orders) OR ${hash('email')} = ANY (SELECT ${hash('contact')} FROM orders)`,
  ],
  [
    'SELECT 1 FROM users WHERE (id, email) IN (SELECT id, contact FROM orders)',
    `SELECT 1 FROM users WHERE (id, ${hash('email')}) IN (SELECT id, ${hash('contact')} FROM orders)`,
  ],
  [
    "SELECT 1 WHERE 'x' IN (SELECT email FROM users) AND $1::text IN (SELECT email FROM users)",
    `SELECT 1 WHERE <value> IN (SELECT ${hash('email')} FROM users) AND $1 IN (SELECT ${hash('email')} FROM users)`,
  ],
]

for (const [statement, expected] of carried) {
  test(`carried: ${statement}`, () => {
    const spaced = (text: string) => text.replace(/\s+/g, ' ').replace(/\( /g, '(').trim()
    assert.equal(spaced(rewritten(statement, catalog)), spaced(expected))
  })
}

for (const statement of [
  'SELECT email FROM users GROUP BY ROLLUP (email)',
  'SELECT name FROM users GROUP BY name',
  'SELECT email, name FROM users GROUP BY email, name',
  'SELECT DISTINCT email, name FROM users',
  'SELECT DISTINCT users.* FROM users',
  'SELECT DISTINCT (SELECT email) FROM users',
  'SELECT DISTINCT email FROM users ORDER BY email',
  'SELECT DISTINCT ON (email) id FROM users ORDER BY email',
  'SELECT DISTINCT ON (email) contact AS email FROM users, orders o',
  'SELECT * FROM users GROUP BY id, email',
  'SELECT max(email) FROM users GROUP BY email',
  'SELECT email FROM users GROUP BY email ORDER BY email',
  'SELECT (SELECT count(*) FROM orders WHERE contact = u.email) FROM users u GROUP BY u.email',
  'SELECT (SELECT u.email) FROM users u GROUP BY u.email',
  'SELECT rank() OVER (PARTITION BY name) FROM users',
  'SELECT rank() OVER (ORDER BY email) FROM users',
  'SELECT 1 FROM users WHERE email IN (SELECT nick FROM users)',
  'SELECT 1 FROM users WHERE nick IN (SELECT email FROM users)',
  'SELECT 1 FROM users WHERE email IN (SELECT name FROM users)',
  'SELECT 1 FROM users WHERE email IN (SELECT ssn FROM users)',
  'SELECT 1 FROM users WHERE email > ANY (SELECT contact FROM orders)',
  "SELECT 1 WHERE md5('x') IN (SELECT email FROM users)",
]) {
  test(`refused: ${statement}`, () => {
    assert.match(verdict(statement, catalog), /^refused/)
  })
}

test('a column that is not the key of a group stays as it is', () => {
  const statement = 'SELECT a.email, count(*) FROM users a, users b GROUP BY a.email, a.id, b.email'
  const found = rewritten(statement, catalog)
  assert.ok(found.includes(least('a.email')))
  const other = rewritten('SELECT a.email FROM users a, users b GROUP BY a.id, b.email', catalog)
  assert.match(other, /^SELECT a\.email FROM/)
})

test('tokens are compared with those of a subquery as they are stored', () => {
  const found = verdict('SELECT 1 FROM users WHERE ssn IN (SELECT ssn FROM users)', catalog)
  assert.equal(found, 'untouched')
})
