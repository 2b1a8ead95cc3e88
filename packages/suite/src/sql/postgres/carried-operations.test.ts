import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewritten, searchableCatalog, verdict } from './testing/index.ts'

const catalog = searchableCatalog()

/** A statement, and what the database gets. */
const carried: readonly (readonly [string, string])[] = [
  [
    'SELECT email FROM users UNION SELECT contact FROM orders',
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT email FROM users UNION ALL SELECT contact FROM orders) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33)`,
  ],
  [
    "SELECT email, nick FROM users UNION DISTINCT SELECT email, 'x' FROM staging ORDER BY nick LIMIT 3",
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email", acra_2 AS "nick" FROM (SELECT email, nick FROM users UNION ALL SELECT email, 'x' FROM staging) AS acra (acra_1, acra_2) GROUP BY substr(acra_1, 1, 33), acra_2 ORDER BY nick LIMIT 3`,
  ],
  [
    'SELECT email FROM users INTERSECT SELECT email FROM staging',
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 0, * FROM (SELECT email FROM users ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT email FROM staging) AS acra_right) AS acra (acra_side, acra_1) GROUP BY substr(acra_1, 1, 33) HAVING min(acra_side) OPERATOR(=) 0 AND max(acra_side) OPERATOR(=) 1`,
  ],
  [
    'SELECT email AS "a""b" FROM users INTERSECT ALL SELECT email FROM staging',
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "a""b" FROM (SELECT acra_side, acra_1, row_number() OVER (PARTITION BY acra_side, substr(acra_1, 1, 33)) FROM (SELECT 0, * FROM (SELECT email AS "a""b" FROM users ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT email FROM staging) AS acra_right) AS acra (acra_side, acra_1)) AS acra (acra_side, acra_1, acra_copy) GROUP BY substr(acra_1, 1, 33), acra_copy HAVING min(acra_side) OPERATOR(=) 0 AND max(acra_side) OPERATOR(=) 1`,
  ],
  [
    '(SELECT id, email FROM users EXCEPT ALL SELECT id, email FROM staging) ORDER BY 1 LIMIT 1',
    `(SELECT acra_1 AS "id", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT acra_side, acra_1, acra_2, row_number() OVER (PARTITION BY acra_side, acra_1, substr(acra_2, 1, 33)) FROM (SELECT 0, * FROM (SELECT id, email FROM users ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT id, email FROM staging) AS acra_right) AS acra (acra_side, acra_1, acra_2)) AS acra (acra_side, acra_1, acra_2, acra_copy) GROUP BY acra_1, substr(acra_2, 1, 33), acra_copy HAVING max(acra_side) OPERATOR(=) 0 ) ORDER BY 1 LIMIT 1`,
  ],
  [
    "SELECT email FROM users EXCEPT (SELECT email FROM staging WHERE email = 'x' LIMIT 1)",
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 0, * FROM (SELECT email FROM users ) AS acra_left UNION ALL SELECT 1, * FROM ( (SELECT email FROM staging WHERE substr(email, 1, 33) = ANY ( <forms>) LIMIT 1)) AS acra_right) AS acra (acra_side, acra_1) GROUP BY substr(acra_1, 1, 33) HAVING max(acra_side) OPERATOR(=) 0`,
  ],
  [
    'SELECT ssn, email FROM users UNION SELECT ssn, email FROM users UNION SELECT NULL, email FROM staging',
    `SELECT acra_1 AS "ssn", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT acra_1 AS "ssn", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT ssn, email FROM users UNION ALL SELECT ssn, email FROM users) AS acra (acra_1, acra_2) GROUP BY acra_1, substr(acra_2, 1, 33) UNION ALL SELECT NULL, email FROM staging) AS acra (acra_1, acra_2) GROUP BY acra_1, substr(acra_2, 1, 33)`,
  ],
  [
    "WITH a AS (SELECT email FROM users UNION SELECT email FROM staging) SELECT a.email FROM a WHERE a.email = 'x' GROUP BY a.email",
    `WITH a AS (SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT email FROM users UNION ALL SELECT email FROM staging) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33) ) SELECT decode(min(encode(a.email, 'hex') COLLATE "C"), 'hex') AS "email" FROM a WHERE substr(a.email, 1, 33) = ANY ( <forms>) GROUP BY substr(a.email, 1, 33)`,
  ],
  [
    'SELECT count(*) FROM (SELECT email FROM users /* UNION */ UNION SELECT email AS union FROM staging WHERE id IN (SELECT 1 UNION SELECT 2)) x',
    `SELECT count(*) FROM (SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT email FROM users /* UNION */ UNION ALL SELECT email AS union FROM staging WHERE id IN (SELECT 1 UNION SELECT 2)) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33) ) x`,
  ],
  [
    'SELECT * FROM orders EXCEPT SELECT id, contact, email FROM orders',
    `SELECT acra_1 AS "id", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "contact", decode(min(encode(acra_3, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 0, * FROM (SELECT * FROM orders ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT id, contact, email FROM orders) AS acra_right) AS acra (acra_side, acra_1, acra_2, acra_3) GROUP BY acra_1, substr(acra_2, 1, 33), substr(acra_3, 1, 33) HAVING max(acra_side) OPERATOR(=) 0`,
  ],
  [
    'SELECT email, lower(nick), 1 FROM users UNION SELECT email, nick, 2 FROM users',
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email", acra_2 AS "lower", acra_3 AS "?column?" FROM (SELECT email, lower(nick), 1 FROM users UNION ALL SELECT email, nick, 2 FROM users) AS acra (acra_1, acra_2, acra_3) GROUP BY substr(acra_1, 1, 33), acra_2, acra_3`,
  ],
  [
    'INSERT INTO staging (id, email) SELECT 1, email FROM users UNION SELECT 2, email FROM users ON CONFLICT DO NOTHING',
    `INSERT INTO staging (id, email) SELECT acra_1 AS "?column?", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 1, email FROM users UNION ALL SELECT 2, email FROM users) AS acra (acra_1, acra_2) GROUP BY acra_1, substr(acra_2, 1, 33) ON CONFLICT DO NOTHING`,
  ],
  [
    'SELECT ssn FROM users UNION SELECT ssn FROM users',
    'SELECT ssn FROM users UNION SELECT ssn FROM users',
  ],
  [
    'SELECT ssn, email FROM users UNION SELECT ssn, email FROM users UNION SELECT NULL, email FROM staging',
    `SELECT acra_1 AS "ssn", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT acra_1 AS "ssn", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT ssn, email FROM users UNION ALL SELECT ssn, email FROM users) AS acra (acra_1, acra_2) GROUP BY acra_1, substr(acra_2, 1, 33) UNION ALL SELECT NULL, email FROM staging) AS acra (acra_1, acra_2) GROUP BY acra_1, substr(acra_2, 1, 33)`,
  ],
  [
    'SELECT email FROM users UNION SELECT email FROM users UNION SELECT email FROM users',
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT email FROM users UNION ALL SELECT email FROM users) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33) UNION ALL SELECT email FROM users) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33)`,
  ],
  [
    'SELECT id, email FROM users UNION SELECT id, email FROM users UNION SELECT id, email FROM staging',
    `SELECT acra_1 AS "id", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT acra_1 AS "id", decode(min(encode(acra_2, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT id, email FROM users UNION ALL SELECT id, email FROM users) AS acra (acra_1, acra_2) GROUP BY acra_1, substr(acra_2, 1, 33) UNION ALL SELECT id, email FROM staging) AS acra (acra_1, acra_2) GROUP BY acra_1, substr(acra_2, 1, 33)`,
  ],
  [
    'SELECT 1 FROM users WHERE email IN (SELECT email FROM users UNION SELECT email FROM staging)',
    `SELECT 1 FROM users WHERE substr(email, 1, 33) IN (SELECT substr(acra_1, 1, 33) FROM (SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT email FROM users UNION ALL SELECT email FROM staging) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33) ) AS acra (acra_1))`,
  ],
  [
    'SELECT email FROM users EXCEPT SELECT email FROM users EXCEPT SELECT email FROM users',
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 0, * FROM (SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 0, * FROM (SELECT email FROM users ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT email FROM users) AS acra_right) AS acra (acra_side, acra_1) GROUP BY substr(acra_1, 1, 33) HAVING max(acra_side) OPERATOR(=) 0 ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT email FROM users) AS acra_right) AS acra (acra_side, acra_1) GROUP BY substr(acra_1, 1, 33) HAVING max(acra_side) OPERATOR(=) 0`,
  ],
  [
    'SELECT 1 WHERE EXISTS ((SELECT email FROM users UNION SELECT email FROM users) UNION (SELECT email FROM users EXCEPT SELECT email FROM users))',
    `SELECT 1 WHERE EXISTS (SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM ((SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT email FROM users UNION ALL SELECT email FROM users) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33) ) UNION ALL (SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 0, * FROM (SELECT email FROM users ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT email FROM users) AS acra_right) AS acra (acra_side, acra_1) GROUP BY substr(acra_1, 1, 33) HAVING max(acra_side) OPERATOR(=) 0 )) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33) )`,
  ],
  [
    'SELECT email FROM users UNION SELECT email FROM users INTERSECT SELECT email FROM staging',
    `SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT email FROM users UNION ALL SELECT decode(min(encode(acra_1, 'hex') COLLATE "C"), 'hex') AS "email" FROM (SELECT 0, * FROM (SELECT email FROM users ) AS acra_left UNION ALL SELECT 1, * FROM ( SELECT email FROM staging) AS acra_right) AS acra (acra_side, acra_1) GROUP BY substr(acra_1, 1, 33) HAVING min(acra_side) OPERATOR(=) 0 AND max(acra_side) OPERATOR(=) 1 ) AS acra (acra_1) GROUP BY substr(acra_1, 1, 33)`,
  ],
]

for (const [statement, expected] of carried) {
  test(`carried: ${statement}`, () => {
    assert.equal(rewritten(statement, catalog).trim(), expected)
  })
}

for (const statement of [
  'SELECT email FROM users UNION SELECT email FROM staging INTERSECT SELECT contact FROM orders',
  'SELECT name FROM users UNION SELECT name FROM staging',
  'SELECT email FROM users UNION SELECT nick FROM users',
  'SELECT email FROM users UNION SELECT ssn FROM users',
  "SELECT email FROM users UNION SELECT 'x'",
  'SELECT * FROM loose UNION SELECT * FROM loose',
  "SELECT email, 'x' FROM users EXCEPT SELECT email, 'x' FROM users",
  'SELECT email, (nick).a[1] FROM users UNION SELECT email, nick FROM users',
  'WITH RECURSIVE r AS (SELECT email FROM users UNION SELECT email FROM r) SELECT * FROM r',
]) {
  test(`refused: ${statement}`, () => {
    assert.match(verdict(statement, catalog), /^refused/)
  })
}
