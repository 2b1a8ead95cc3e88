import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewritten, searchableCatalog, verdict } from './testing/index.ts'

const catalog = searchableCatalog()

/** A statement, and what the database gets. */
const carried: readonly (readonly [string, string])[] = [
  [
    "INSERT INTO users (id, email) VALUES (1, 'x') LIMIT 1",
    'INSERT INTO users (id, email) VALUES (1, <store>::bytea) LIMIT 1',
  ],
  [
    "INSERT INTO users (id, email) WITH w AS (SELECT 1, 'x') SELECT * FROM w",
    'INSERT INTO users (id, email) WITH w AS (SELECT 1, <store>::bytea) SELECT * FROM w',
  ],
  [
    "INSERT INTO users (email) SELECT e FROM (VALUES ('x')) AS v (e), other",
    'INSERT INTO users (email) SELECT e FROM (VALUES (<store>::bytea)) AS v (e), other',
  ],
  [
    "WITH d (id, mail) AS (VALUES (1, 'x'), (2, NULL)) UPDATE users SET email = d.mail FROM d WHERE d.id = users.id",
    'WITH d (id, mail) AS (VALUES (1, <store>::bytea), (2, NULL::bytea)) UPDATE users SET email = d.mail FROM d WHERE d.id = users.id',
  ],
  [
    'WITH d AS (SELECT * FROM unnest($1::int[], $2::text[]) AS t (id, mail)) UPDATE users SET email = d.mail FROM d WHERE users.id = d.id',
    'WITH d AS (SELECT * FROM unnest($1::int[], $2::bytea[] ) AS t (id, mail)) UPDATE users SET email = d.mail FROM d WHERE users.id = d.id',
  ],
  [
    'WITH new AS (SELECT $1::text AS mail, $2 AS nick) INSERT INTO users (email, nick) SELECT mail, nick FROM new ON CONFLICT DO NOTHING',
    'WITH new AS (SELECT $1::bytea AS mail, $2 AS nick) INSERT INTO users (email, nick) SELECT mail, nick FROM new ON CONFLICT DO NOTHING',
  ],
  [
    "WITH new AS (SELECT 'x'::varchar AS m), again AS (SELECT m::text AS mail FROM new) UPDATE users SET email = COALESCE(mail, email) FROM again",
    'WITH new AS (SELECT <store>::bytea AS m), again AS (SELECT m AS mail FROM new) UPDATE users SET email = COALESCE(mail, email) FROM again',
  ],
  [
    "MERGE INTO users u USING (VALUES (1, 'x')) AS s (id, email) ON u.id = s.id WHEN MATCHED THEN UPDATE SET email = s.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)",
    'MERGE INTO users u USING (VALUES (1, <store>::bytea)) AS s (id, email) ON u.id = s.id WHEN MATCHED THEN UPDATE SET email = s.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)',
  ],
  [
    "UPDATE users SET email = v.mail FROM (SELECT 1 AS id, 'x' AS mail UNION ALL SELECT 2, $1) AS v WHERE v.id = users.id",
    'UPDATE users SET email = v.mail FROM (SELECT 1 AS id, <store>::bytea AS mail UNION ALL SELECT 2, $1::bytea) AS v WHERE v.id = users.id',
  ],
  [
    'UPDATE users SET name = v.n FROM (SELECT unnest($1::int[]) AS id, unnest($2::text[]) AS n) AS v WHERE v.id = users.id',
    'UPDATE users SET name = v.n FROM (SELECT unnest($1::int[]) AS id, unnest($2::bytea[] ) AS n) AS v WHERE v.id = users.id',
  ],
  [
    "SELECT u.id, v.tag FROM users u JOIN (VALUES ('x', 'a'), ($1, 'b')) AS v (mail, tag) ON u.email = v.mail",
    "SELECT u.id, v.tag FROM users u JOIN (VALUES (<value>::bytea, 'a'), ($1::bytea, 'b')) AS v (mail, tag) ON substr(u.email, 1, 33) = v.mail",
  ],
  [
    'SELECT u.id, t.o FROM unnest($1::text[]) WITH ORDINALITY AS t (mail, o) JOIN users u ON u.email = t.mail',
    'SELECT u.id, t.o FROM unnest($1::bytea[] ) WITH ORDINALITY AS t (mail, o) JOIN users u ON substr(u.email, 1, 33) = t.mail',
  ],
  [
    "SELECT 1 FROM users u JOIN unnest(ARRAY['x', 'y']) AS e ON u.ssn = e",
    'SELECT 1 FROM users u JOIN unnest(ARRAY[<value>, <value>]::bytea[]) AS e ON u.ssn = e',
  ],
  [
    'SELECT 1 FROM users WHERE email IN (SELECT unnest($1::text[]))',
    'SELECT 1 FROM users WHERE substr(email, 1, 33) IN (SELECT unnest($1::bytea[] ))',
  ],
  [
    "SELECT 1 FROM users WHERE email NOT IN (VALUES ('x'), ('y'::text))",
    'SELECT 1 FROM users WHERE substr(email, 1, 33) NOT IN (VALUES (<value>::bytea), (<value>::bytea ))',
  ],
  [
    "SELECT 1 FROM users WHERE (nick, email) IN (SELECT 'n', 'x')",
    "SELECT 1 FROM users WHERE (nick, substr(email, 1, 33)) IN (SELECT 'n', <value>::bytea)",
  ],
  [
    "SELECT 1 FROM (VALUES ('x')) AS v (mail) WHERE v.mail IN (SELECT email FROM users)",
    'SELECT 1 FROM (VALUES (<value>::bytea)) AS v (mail) WHERE v.mail IN (SELECT substr(email, 1, 33) FROM users)',
  ],
  [
    "DELETE FROM users USING (VALUES ('x')) AS d (mail) WHERE users.email = d.mail",
    'DELETE FROM users USING (VALUES (<value>::bytea)) AS d (mail) WHERE substr(users.email, 1, 33) = d.mail',
  ],
  [
    "WITH v AS (SELECT 'x' AS mail) SELECT 1 FROM v JOIN users u ON u.email = v.mail WHERE EXISTS (SELECT mail FROM v)",
    'WITH v AS (SELECT <value>::bytea AS mail) SELECT 1 FROM v JOIN users u ON substr(u.email, 1, 33) = v.mail WHERE EXISTS (SELECT mail FROM v)',
  ],
  [
    "MERGE INTO users u USING (VALUES (1, 'x')) AS s (id, email) ON u.email = s.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)",
    'MERGE INTO users u USING (VALUES (1, <store>::bytea)) AS s (id, email) ON substr(u.email, 1, 33) = substr(s.email, 1, 33) WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)',
  ],
  [
    "INSERT INTO users (id, email) SELECT 1, 'x' UNION ALL SELECT 2, email FROM staging",
    'INSERT INTO users (id, email) SELECT 1, <store>::bytea UNION ALL SELECT 2, email FROM staging',
  ],
  [
    "WITH v (m) AS (VALUES ('x')) INSERT INTO users (email) SELECT m FROM v WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.email = v.m)",
    'WITH v (m) AS (VALUES (<store>::bytea)) INSERT INTO users (email) SELECT m FROM v WHERE NOT EXISTS (SELECT 1 FROM users u WHERE substr(u.email, 1, 33) = substr(v.m, 1, 33))',
  ],
  [
    "SELECT email, 'n' FROM users UNION ALL SELECT 'x', NULL UNION ALL SELECT $1, nick FROM users",
    "SELECT email, 'n' FROM users UNION ALL SELECT <store>::bytea, NULL UNION ALL SELECT $1::bytea, nick FROM users",
  ],
  [
    "MERGE INTO users u USING (VALUES (1, 'x')) AS s (id, email) ON u.email = s.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)",
    'MERGE INTO users u USING (VALUES (1, <store>::bytea)) AS s (id, email) ON substr(u.email, 1, 33) = substr(s.email, 1, 33) WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)',
  ],
  [
    'MERGE INTO users u USING (SELECT $1::text AS email, $2::text AS name) AS s ON u.email = s.email WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (email, name) VALUES (s.email, s.name)',
    'MERGE INTO users u USING (SELECT $1::bytea AS email, $2::bytea AS name) AS s ON substr(u.email, 1, 33) = substr(s.email, 1, 33) WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (email, name) VALUES (s.email, s.name)',
  ],
  [
    "WITH v (m) AS (VALUES ('x')) INSERT INTO users (email) SELECT m FROM v WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.email = v.m)",
    'WITH v (m) AS (VALUES (<store>::bytea)) INSERT INTO users (email) SELECT m FROM v WHERE NOT EXISTS (SELECT 1 FROM users u WHERE substr(u.email, 1, 33) = substr(v.m, 1, 33))',
  ],
  [
    'INSERT INTO users (email) SELECT t.e FROM unnest($1::text[]) AS t (e) LEFT JOIN users u ON u.email = t.e WHERE u.id IS NULL',
    'INSERT INTO users (email) SELECT t.e FROM unnest($1::bytea[] ) AS t (e) LEFT JOIN users u ON substr(u.email, 1, 33) = substr(t.e, 1, 33) WHERE u.id IS NULL',
  ],
  [
    'INSERT INTO users (ssn) SELECT t.e FROM unnest($1::text[]) AS t (e) LEFT JOIN users u ON u.ssn = t.e WHERE u.id IS NULL',
    'INSERT INTO users (ssn) SELECT t.e FROM unnest($1::bytea[] ) AS t (e) LEFT JOIN users u ON u.ssn = t.e WHERE u.id IS NULL',
  ],
  [
    "WITH v (m) AS (VALUES ('x')) INSERT INTO users (email) SELECT m FROM v WHERE m NOT IN (SELECT email FROM users)",
    'WITH v (m) AS (VALUES (<store>::bytea)) INSERT INTO users (email) SELECT m FROM v WHERE substr(m, 1, 33) NOT IN (SELECT substr(email, 1, 33) FROM users)',
  ],
]

for (const [statement, expected] of carried) {
  test(`carried: ${statement}`, () => {
    assert.equal(rewritten(statement, catalog).trim(), expected)
  })
}

for (const statement of [
  "SELECT v.mail FROM users u JOIN (VALUES ('x')) AS v (mail) ON u.email = v.mail",
  "SELECT u.id FROM users u JOIN (VALUES ('x')) AS v (mail) ON u.email = v.mail ORDER BY v.mail",
  "SELECT u.id FROM users u JOIN (VALUES ('x')) AS v (mail) ON u.email = v.mail AND u.ssn = v.mail",
  "SELECT u.id FROM users u JOIN (VALUES ('x')) AS v (mail) ON u.email = v.mail WHERE row_to_json(v) IS NULL",
  "SELECT v.* FROM users u JOIN (VALUES ('x')) AS v (mail) ON u.email = v.mail",
  "SELECT count(v) FROM users u JOIN (VALUES ('x')) AS v (mail) ON u.email = v.mail",
  "WITH v AS (SELECT 'x' AS mail) SELECT 1 FROM v JOIN users u ON u.email = v.mail JOIN plain p ON p.email = v.mail",
  "WITH v AS (SELECT 'x' AS mail) SELECT 1 FROM v JOIN users u ON u.email = v.mail WHERE 'y' IN (SELECT mail FROM v)",
  "WITH v AS (SELECT 'x' AS mail) SELECT 1 FROM v JOIN users u ON u.email = v.mail WHERE 'y' = (SELECT mail FROM v)",
  "WITH v AS (SELECT 'x' AS mail) SELECT mail FROM v UNION SELECT nick FROM users JOIN v ON mail = email",
  "INSERT INTO users (id, email, nick) SELECT id, m, m FROM (VALUES (1, 'x')) v (id, m)",
  "WITH RECURSIVE r (n, m) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, m FROM r WHERE n < 3) INSERT INTO users (id, email) SELECT n, m FROM r",
  "WITH v (m) AS (VALUES ('x')) INSERT INTO users (email) SELECT m FROM v WHERE m <> ''",
  "SELECT 1 FROM users u NATURAL JOIN (VALUES ('x')) v (email)",
  "WITH v (m) AS (VALUES ('x')) INSERT INTO users (email) SELECT m FROM v WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.email IN (SELECT m FROM v))",
]) {
  test(`refused: ${statement}`, () => {
    assert.match(verdict(statement, catalog), /^refused/)
  })
}
