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
  [
    "INSERT INTO users (id, email) SELECT * FROM (VALUES (1, 'x'), (2, NULL)) AS v (a, b)",
    'INSERT INTO users (id, email) SELECT * FROM (VALUES (1, <store>::bytea), (2, NULL::bytea)) AS v (a, b)',
  ],
  [
    'INSERT INTO users (email, name) SELECT p0::VARCHAR, p1::VARCHAR FROM (VALUES ($1::VARCHAR, $2::VARCHAR, 0), ($3::VARCHAR, $4::VARCHAR, 1)) AS i(p0, p1, c) ORDER BY c RETURNING users.id',
    'INSERT INTO users (email, name) SELECT p0 , p1 FROM (VALUES ($1::bytea , $2::bytea , 0), ($3::bytea , $4::bytea , 1)) AS i(p0, p1, c) ORDER BY c RETURNING users.id',
  ],
  [
    'INSERT INTO users (id, email) SELECT v.id, v.mail FROM (VALUES (1, $1)) AS v (id, mail) JOIN plain p ON p.id = v.id'.replace(
      'JOIN plain p ON',
      ', plain p WHERE',
    ),
    'INSERT INTO users (id, email) SELECT v.id, v.mail FROM (VALUES (1, $1::bytea)) AS v (id, mail) , plain p WHERE p.id = v.id',
  ],
  [
    'INSERT INTO users (id, email, name) SELECT * FROM unnest($1::int[], $2::text[], $3::text[])',
    'INSERT INTO users (id, email, name) SELECT * FROM unnest($1::int[], $2::bytea[] , $3::bytea[] )',
  ],
  [
    "INSERT INTO users (email) SELECT e FROM unnest('{x,y}'::text[]) WITH ORDINALITY AS t (e, o) ORDER BY o",
    'INSERT INTO users (email) SELECT e FROM unnest(<stores>::bytea[] ) WITH ORDINALITY AS t (e, o) ORDER BY o',
  ],
  [
    "INSERT INTO users (email) SELECT mail FROM unnest(ARRAY['x', $1::text]) AS mail",
    'INSERT INTO users (email) SELECT mail FROM unnest(ARRAY[<store>::bytea, $1::bytea ]::bytea[]) AS mail',
  ],
  [
    'INSERT INTO users (id, email) SELECT unnest($1::int[]), unnest($2::text[])',
    'INSERT INTO users (id, email) SELECT unnest($1::int[]), unnest($2::bytea[] )',
  ],
  [
    "UPDATE users SET name = v.n FROM (VALUES (1, 'x'), (2, 'y')) AS v (id, n) WHERE v.id = users.id",
    'UPDATE users SET name = v.n FROM (VALUES (1, <store>::bytea), (2, <store>::bytea)) AS v (id, n) WHERE v.id = users.id',
  ],
  [
    'UPDATE users u SET email = d.email FROM unnest($1::int[], $2::text[]) AS d (id, email) WHERE d.id = u.id',
    'UPDATE users u SET email = d.email FROM unnest($1::int[], $2::bytea[] ) AS d (id, email) WHERE d.id = u.id',
  ],
]

for (const [statement, expected] of carried) {
  test(`carried: ${statement}`, () => {
    const spaced = (text: string) => text.replace(/\s+([,)])/g, '$1').replace(/\s+/g, ' ')
    assert.equal(spaced(rewritten(statement, catalog)), spaced(expected))
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
  "INSERT INTO users (email) SELECT v.e FROM (VALUES ('x')) AS v (e) WHERE v.e <> ''",
  "INSERT INTO users (email, nick) SELECT v.e, v.e FROM (VALUES ('x')) AS v (e)",
  "INSERT INTO users (email, name) SELECT v.e, v.e FROM (VALUES ('x')) AS v (e)",
  "INSERT INTO users (email) SELECT DISTINCT v.e FROM (VALUES ('x'), ('y')) AS v (e)",
  "INSERT INTO users (email) SELECT v.e FROM (VALUES ('x')) AS v (e) ORDER BY 1",
  "INSERT INTO users (email) SELECT v.e AS k FROM (VALUES ('x')) AS v (e) ORDER BY k",
  "INSERT INTO users (email) SELECT v.e FROM (VALUES (md5('x'))) AS v (e)",
  "INSERT INTO users (email) SELECT v.e::varchar(3) FROM (VALUES ('x')) AS v (e)",
  "INSERT INTO users (email) SELECT v.e FROM (VALUES ('x')) AS v (e) GROUP BY v.e",
  "INSERT INTO users (email) SELECT * FROM (VALUES ('x')) AS v (e) WHERE row_to_json(v) IS NOT NULL",
  "INSERT INTO users (email) SELECT * FROM (VALUES ('x') UNION ALL SELECT nick FROM users) AS v (e)",
  "INSERT INTO users (email) SELECT * FROM unnest(string_to_array('x,y', ','))",
  'INSERT INTO users (email) SELECT DISTINCT unnest($1::text[])',
  'INSERT INTO users (email) SELECT * FROM unnest($1::varchar(3)[])',
  "INSERT INTO users (email) SELECT r->>'e' FROM jsonb_array_elements('[]') AS r",
  "UPDATE users SET email = v.n FROM (VALUES (1, 'x')) AS v (id, n) WHERE v.n = users.nick",
  "UPDATE users SET email = v.n, nick = v.n FROM (VALUES (1, 'x')) AS v (id, n)",
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
