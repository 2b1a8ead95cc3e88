import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyzeSql } from './testing/index.ts'
import { allowed, catalog, refused } from './testing/tables.ts'

allowed([
  ['SELECT * FROM contacts', 'untouched'],
  ['SELECT email FROM contacts WHERE id = 5 ORDER BY email LIMIT 3', 'untouched'],
  ['SELECT c.email, lower(c.name) FROM contacts c JOIN other o ON o.email = c.email', 'untouched'],
  ["SELECT id FROM contacts WHERE note = 'x' AND email IS NOT NULL", 'untouched'],
  ['SELECT id FROM contacts WHERE id = 5 AND email = other_email', 'untouched'],
  ["SELECT json_agg(c) FROM contacts c WHERE note = 'x'", 'untouched'],
  ["SELECT coalesce(json_agg(c), '[]') FROM (SELECT * FROM contacts) c", 'untouched'],
  ["INSERT INTO contacts (id, note) VALUES (1, 'x')", 'untouched'],
  ["INSERT INTO contacts VALUES (1, 'x')", 'untouched'],
  ['INSERT INTO contacts (id, email) VALUES (1, NULL), (2, DEFAULT)', 'untouched'],
  ["UPDATE contacts SET note = 'x' WHERE id = 1", 'untouched'],
  ["DELETE FROM contacts WHERE note = 'x'", 'untouched'],
  ['UPDATE contacts SET email = NULL', 'untouched'],
  ['COPY contacts FROM STDIN', 'untouched'],
  ['COPY contacts (id, note) FROM STDIN', 'untouched'],
  ['SELECT status FROM status', 'untouched'],
  ["SELECT * FROM pg_catalog.pg_class WHERE relname = 'x'", 'untouched'],
  ["SELECT name FROM pg_settings WHERE name = 'x'", 'untouched'],
  ["SELECT name FROM pg_catalog.pg_timezone_names WHERE name = 'x'", 'untouched'],
  ["SELECT 1 FROM information_schema.columns WHERE table_name = 'x'", 'untouched'],
])

refused([
  [
    "SELECT id FROM contacts WHERE email = 'x'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'SELECT id FROM contacts WHERE lower(email) = $1',
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts WHERE email || note LIKE '%x%'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts WHERE email IN ('x')",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts WHERE 'x' IN (SELECT email FROM contacts)",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts WHERE email = (SELECT 'x')",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts c WHERE (c).email = 'x'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts c WHERE email(c) = 'x'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts c WHERE c::text LIKE '%x%'",
    'WHERE gives a value to contacts.*, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts c WHERE c = ROW(1, 'x')",
    'WHERE gives a value to contacts.*, and contacts is not in the encryptor config',
  ],
  [
    "SELECT id FROM contacts AS c (a, b) WHERE b = 'x'",
    'WHERE gives a value to contacts.b, and contacts is not in the encryptor config',
  ],
  [
    "SELECT COALESCE(email, 'x') FROM contacts",
    'the SELECT list gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT CASE email WHEN 'x' THEN 1 END FROM contacts",
    'the SELECT list gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 'x' IN (SELECT * FROM one_column)",
    'the SELECT list gives a value to one_column.*, and one_column is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c, (VALUES ('x')) v (e) WHERE c.email = v.e",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c JOIN (VALUES ('x')) v (email) USING (email)",
    'JOIN USING gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c NATURAL JOIN (SELECT 'x' AS email) v",
    'JOIN USING gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c, unnest(ARRAY['x']) e WHERE e = c.email",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c, lower(c.email) e WHERE e = 'x'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c, json_table('{}', '$' COLUMNS (e text PATH '$')) j WHERE c.email = j.e",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'SELECT 1 FROM contacts c, json_to_recordset($1) AS r (e text) WHERE c.email = r.e',
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM (SELECT lower(email) AS e FROM contacts) c WHERE e = 'x'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c, (SELECT lower('x')) v WHERE lower = email",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "WITH p AS (SELECT 'x' AS e) SELECT 1 FROM contacts JOIN p ON p.e = email",
    'JOIN ON gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "WITH c AS (SELECT * FROM contacts) SELECT 1 FROM c WHERE email = 'x'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "WITH c (a, b) AS (SELECT * FROM contacts) SELECT 1 FROM c WHERE b = 'x'",
    'WHERE gives a value to contacts.b, and contacts is not in the encryptor config',
  ],
  [
    "SELECT email FROM contacts INTERSECT SELECT 'x'",
    'INTERSECT gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "SELECT * FROM all_users() u WHERE u.email = 'x'",
    'WHERE gives a value to all_users.email, and all_users is not in the encryptor config',
  ],
  [
    "INSERT INTO contacts (id, email) VALUES (1, 'x')",
    'INSERT INTO contacts gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'INSERT INTO contacts (id, email) SELECT 1, note FROM plain',
    'INSERT INTO contacts ... SELECT gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "UPDATE contacts SET email = 'x'",
    'UPDATE contacts SET gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'UPDATE contacts SET email = note',
    'UPDATE contacts SET gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "UPDATE contacts SET note = 'x' WHERE email = 'y'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "DELETE FROM contacts WHERE email = 'x'",
    'WHERE gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "MERGE INTO contacts c USING plain p ON p.id = c.id WHEN MATCHED THEN UPDATE SET email = 'x'",
    'MERGE INTO contacts gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "INSERT INTO contacts (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET email = 'x'",
    'ON CONFLICT DO UPDATE SET gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'COPY contacts (id, email) FROM STDIN',
    'COPY FROM gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'CREATE VIEW v AS SELECT email AS e FROM contacts',
    'CREATE VIEW gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    "CREATE INDEX i ON contacts (id) WHERE email = 'x'",
    'CREATE INDEX gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'ALTER VIEW contacts RENAME COLUMN email TO e',
    'RENAME COLUMN gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
])

test('relations that are not configured take values where the operator trusts them', () => {
  const trusting = { ...catalog, trustsUnlisted: true }
  for (const sql of [
    "INSERT INTO contacts (id, email) VALUES (1, 'x')",
    "INSERT INTO contacts VALUES (1, 'x')",
    "UPDATE contacts SET email = 'x' WHERE name = 'y'",
    "SELECT id FROM contacts c WHERE c.email = 'x' AND lower(name) = 'y'",
    'DELETE FROM other.contacts WHERE email = $1',
    'COPY contacts (id, email) FROM STDIN',
  ])
    assert.equal(analyzeSql(sql, trusting).kind, 'untouched', sql)
  for (const sql of [
    "SELECT id FROM users WHERE lower(email) = 'x'",
    'CREATE VIEW v AS SELECT email AS e FROM users',
    'INSERT INTO contacts (email) SELECT email FROM users',
  ])
    assert.equal(analyzeSql(sql, trusting).kind, 'refused', sql)
  const both = analyzeSql("INSERT INTO users (id, email) SELECT id, 'x' FROM contacts", trusting)
  assert.equal(both.kind, 'planned')
})
