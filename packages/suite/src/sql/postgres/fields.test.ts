/** Fields of rows and columns that the configuration does not list: what nobody protects is read. */
import { allowed, refused } from './testing/tables.ts'

allowed([
  ['SELECT u.nickname, u.email FROM users u', '(other email)'],
  ['SELECT users.nickname FROM users', 'untouched'],
  ["SELECT id FROM users u WHERE u.nickname = 'x' ORDER BY u.born", 'untouched'],
  ["UPDATE users u SET nick = u.nickname WHERE u.nickname IN ('x', $1)", 'untouched'],
  ["UPDATE users SET email = 'x' RETURNING users.nickname, old.nickname", "users.email='x'"],
  ["INSERT INTO users (id, nickname) VALUES (1, 'x') RETURNING users.nickname", 'untouched'],
  [
    "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET nickname = excluded.nickname WHERE users.nickname = 'x'",
    'untouched',
  ],
  ['SELECT s.nickname FROM (SELECT u.nickname, email FROM users u) s', 'untouched'],
  ['SELECT u.id FROM users u JOIN staff s ON s.nickname = u.nickname', 'untouched'],
  ['DELETE FROM users u USING staff s WHERE s.nickname = u.nickname', 'untouched'],
  ['SELECT u.row_to_json FROM users u', 'untouched'],
  ['SELECT (u).nick, (u).nickname, (u).id FROM users u', 'untouched'],
  ["SELECT 1 FROM users u WHERE (u).nick = 'x' AND ((u).tags)[1] = 'y'", 'untouched'],

  ["SELECT (row(1, 'x')::mytype).name", 'untouched'],
  ["SELECT ('(1,x)'::mytype).name, ($1::mytype).email", 'untouched'],
  ["SELECT 1 WHERE (row(1, 'x')::mytype).name = 'y'", 'untouched'],
  ["SELECT (row(1, row('x')::a)::b).name.email = 'y'", 'untouched'],
  ["SELECT (row(u.id, 'x')::mytype).name FROM users u", 'untouched'],
  ["SELECT (CAST(row($1, 'x') AS mytype)).name", 'untouched'],
  ["SELECT 1 FROM plain p WHERE (p.note).name = 'x' AND (p.meta::t).email = $1", 'untouched'],
  ['SELECT (c.person).name, (f()).name FROM contacts c', 'untouched'],
])

refused([
  [
    'SELECT (row(u.email)::mytype).name FROM users u',
    'the SELECT list cannot use users.email in a row',
  ],
  [
    "SELECT a FROM users AS u (a, b) WHERE u.email = 'x'",
    'WHERE uses u.email, and users.email has another name there',
  ],
  [
    "SELECT 1 FROM (SELECT email AS e FROM users) s WHERE s.email = 'x'",
    'WHERE uses s.email, and users.email has another name there',
  ],
  [
    "SELECT 1 FROM users u WHERE (u).email = 'x'",
    'WHERE cannot use users.email in a part of a value',
  ],
  [
    "SELECT v.app_code FROM (VALUES ('x')) AS v (a)",
    'the SELECT list gives a value to the function app_code',
  ],
  [
    "SELECT 1 FROM contacts c WHERE (c.person).name = 'x'",
    'WHERE gives a value to contacts.name, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM (SELECT person AS p FROM contacts) s WHERE (s.p).name = 'x'",
    'WHERE gives a value to contacts.name, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c WHERE (c).name = 'x'",
    'WHERE gives a value to contacts.name, and contacts is not in the encryptor config',
  ],
  [
    "SELECT 1 FROM contacts c WHERE (row(c.person)::mytype).person.name = 'x'",
    'WHERE gives a value to the field name of a row, and acra-server cannot tell which table the row is of',
  ],
  [
    "SELECT 1 WHERE (f()).name = 'x'",
    'WHERE gives a value to the field name of a row, and acra-server cannot tell which table the row is of',
  ],
  [
    "SELECT 1 WHERE ((SELECT c FROM contacts c LIMIT 1)).name = 'x'",
    'WHERE gives a value to contacts.name, and contacts is not in the encryptor config',
  ],
])
