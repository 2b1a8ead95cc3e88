import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf, rewritten, verdict } from './testing/index.ts'

const search = { email: 'prefix', name: 'none' } as const
const catalog = catalogOf({
  tables: {
    'public.users': {
      columns: ['id', 'email', 'name', 'nick'],
      protect: ['email', 'name'],
      search,
    },
    'public.staging': { columns: ['id', 'email', 'name'], protect: ['email', 'name'], search },
    'public.plain': { columns: ['id', 'email'] },
  },
})

/** A statement, and what the database gets. */
const carried: readonly (readonly [string, string])[] = [
  [
    "INSERT INTO users (id, email, nick) SELECT 1, 'x', 'y'",
    "INSERT INTO users (id, email, nick) SELECT 1, <store>::bytea, 'y'",
  ],
  [
    'INSERT INTO users (id, email) SELECT p.id, $1::text FROM plain p WHERE p.id = 7',
    'INSERT INTO users (id, email) SELECT p.id, $1::bytea FROM plain p WHERE p.id = 7',
  ],
  [
    "INSERT INTO users SELECT 1, 'x', NULL UNION ALL SELECT 2, $1, 'y' UNION ALL SELECT 3, NULL, NULL",
    'INSERT INTO users SELECT 1, <store>::bytea, NULL::bytea UNION ALL SELECT 2, $1::bytea, <store>::bytea UNION ALL SELECT 3, NULL::bytea, NULL::bytea',
  ],
  [
    'INSERT INTO users (id, email) SELECT 64, $1 WHERE NOT EXISTS (SELECT 1 FROM users WHERE email = $1)',
    'INSERT INTO users (id, email) SELECT 64, $1::bytea WHERE NOT EXISTS (SELECT 1 FROM users WHERE substr(email, 1, 33) = ANY ( $2))',
  ],
  [
    "UPDATE users SET email = CASE id WHEN 1 THEN 'x' WHEN 2 THEN $1::text ELSE email END",
    'UPDATE users SET email = CASE id WHEN 1 THEN <store>::bytea WHEN 2 THEN $1::bytea ELSE email END',
  ],
  [
    "UPDATE users SET name = COALESCE($1, name), email = COALESCE(NULL, 'x')",
    'UPDATE users SET name = COALESCE($1::bytea, name), email = COALESCE(NULL::bytea, <store>::bytea)',
  ],
]

for (const [statement, expected] of carried) {
  test(`carried: ${statement}`, () => {
    assert.equal(rewritten(statement, catalog), expected)
  })
}

for (const statement of [
  'INSERT INTO users (email, name) SELECT email, name FROM staging',
  'INSERT INTO users SELECT id, email, name FROM staging',
  'WITH gone AS (DELETE FROM staging RETURNING *) INSERT INTO users (id, email) SELECT id, email FROM gone',
  'UPDATE users u SET name = s.name FROM staging s WHERE s.id = u.id',
  'UPDATE users SET email = (SELECT email FROM staging WHERE id = 1)',
  'MERGE INTO users u USING staging s ON u.id = s.id WHEN MATCHED THEN UPDATE SET email = s.email WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)',
]) {
  test(`cells are copied as they are: ${statement}`, () => {
    const found = rewritten(statement, catalog)
    assert.ok(found === statement || found === 'untouched', found)
  })
}

for (const statement of [
  'INSERT INTO users (email) SELECT email FROM plain',
  'INSERT INTO users (email) SELECT name FROM staging',
  'INSERT INTO users (name) SELECT email FROM staging',
  'INSERT INTO users (nick) SELECT email FROM staging',
  'INSERT INTO users (email, nick) SELECT email, name FROM staging',
  "INSERT INTO users (email) SELECT 'x' UNION SELECT 'y'",
  'INSERT INTO users (email) SELECT email FROM staging UNION ALL SELECT nick FROM users',
  "INSERT INTO users (email) SELECT 'x' || nick FROM users",
  "INSERT INTO users SELECT p.*, 'x' FROM plain p",
  'INSERT INTO users (email) SELECT max(email) FROM staging',
  "INSERT INTO users (email) SELECT 'x'::char(3)",
  "UPDATE users SET email = CASE WHEN email = 'x' THEN name END",
  "UPDATE users SET email = CASE WHEN true THEN nick ELSE 'x' END",
  "UPDATE users SET email = CASE WHEN name = 'x' THEN 'y' END",
  'UPDATE users SET email = COALESCE(nick, email)',
  'UPDATE users SET email = (SELECT nick FROM users LIMIT 1)',
]) {
  test(`refused: ${statement}`, () => {
    assert.match(verdict(statement, catalog), /^refused/)
  })
}
