import { allowed, refused } from './testing/tables.ts'

allowed([
  ["UPDATE users SET email = 'x', nick = 'y' WHERE id = 1", "users.email='x'"],
  [
    'UPDATE ONLY users AS u SET email = $1 WHERE u.id = $2 RETURNING u.id, u.email AS "e-mail", old.name, new.name',
    'users.email=$1 (other email name name)',
  ],
  ['UPDATE users SET email = NULL, name = DEFAULT', 'untouched'],
  ["UPDATE users SET (email, nick) = ('x', 'y'), name = $1", "users.email='x' users.name=$1"],
  ["UPDATE users SET (email, name) = ROW('x', DEFAULT)", "users.email='x'"],
  ["UPDATE users SET (nick) = (SELECT 'x')", 'untouched'],
  ['UPDATE users SET email = email, name = users.name', 'untouched'],
  [
    "UPDATE users SET email = 'x' FROM staff s WHERE s.id = users.id RETURNING s.*, users.*",
    "users.email='x' (other email name other other email name other)",
  ],
  ['UPDATE users SET nick = s.grade FROM staff s WHERE s.email IS NULL', 'untouched'],
  [`UPDATE docs SET tags[1] = 'x', meta['k'] = '"v"', body = 'z'`, "docs.body='z'"],
  ["UPDATE users SET nick = 'x' WHERE CURRENT OF c", 'untouched'],
  [
    "WITH w AS (SELECT id FROM users WHERE nick = 'b') UPDATE users SET email = 'x' FROM w WHERE users.id = w.id",
    "users.email='x'",
  ],
  ['DELETE FROM users WHERE id = 1 RETURNING *', '(other email name other)'],
  [
    'DELETE FROM ONLY users USING staff s WHERE s.id = users.id AND users.email IS NOT NULL',
    'untouched',
  ],
  ['MERGE INTO users u USING plain p ON u.id = p.id WHEN MATCHED THEN DELETE', 'untouched'],
  [
    "MERGE INTO users u USING plain p ON u.id = p.id WHEN MATCHED THEN UPDATE SET email = 'x'",
    "users.email='x'",
  ],
  [
    "MERGE INTO users u USING plain p ON u.id = p.id WHEN NOT MATCHED THEN INSERT VALUES (1, 'x')",
    "users.email='x'",
  ],
  [
    "MERGE INTO users u USING plain p ON u.id = p.id WHEN NOT MATCHED THEN INSERT (id, nick) VALUES (1, 'x') RETURNING u.email, merge_action()",
    '(email other)',
  ],
  [
    "MERGE INTO plain p USING users u ON u.id = p.id WHEN MATCHED THEN UPDATE SET note = u.nick || 'x' RETURNING *",
    '(other email name other other other other)',
  ],
])

refused([
  ["UPDATE users SET email = md5('x')", 'UPDATE users SET cannot protect the value of users.email'],
  ['UPDATE users SET email = nick', 'UPDATE users SET cannot protect the value of users.email'],
  ['UPDATE users SET email = name', 'UPDATE users SET cannot protect the value of users.email'],
  [
    "UPDATE users SET email = email || 'x'",
    'UPDATE users SET cannot protect the value of users.email',
  ],
  [
    "UPDATE users SET email = (SELECT 'x')",
    'UPDATE users SET cannot protect the value of users.email',
  ],
  ["UPDATE users SET email[1] = 'x'", 'UPDATE users SET cannot protect the value of users.email'],
  [
    "UPDATE users SET (email, name) = (SELECT 'x', 'y')",
    'UPDATE users SET cannot protect the value of users.email',
  ],
  [
    "UPDATE users SET (id, email) = ROW(v.*) FROM (VALUES (1, 'x')) v",
    'UPDATE users SET cannot protect the value of users.email',
  ],
  [
    'UPDATE users SET nick = email',
    'UPDATE users SET would store users.email in nick, which is not protected',
  ],
  [
    'UPDATE users SET (nick, id) = (SELECT email, 1 FROM users)',
    'UPDATE users SET would store users.email in another table',
  ],
  [
    'UPDATE users SET nick = (SELECT email FROM users)',
    'UPDATE users SET would store users.email in nick, which is not protected',
  ],
  [
    'UPDATE plain SET email = u.email FROM users u',
    'UPDATE plain SET would store users.email in email, which is not protected',
  ],
  [
    'UPDATE users SET email = $1, nick = $1',
    'the parameter $1 is given to users.email and is used elsewhere in the statement',
  ],
  [
    'UPDATE users SET email = $1 WHERE id = $1',
    'the parameter $1 is given to users.email and is used elsewhere in the statement',
  ],
  [
    "UPDATE users SET email = 'x' WHERE email = 'y'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "UPDATE users SET nick = 'x' WHERE name LIKE 'y'",
    'WHERE cannot use users.name in a comparison',
  ],
  [
    "UPDATE users SET nick = 'x' FROM staff s WHERE s.email = users.email",
    'WHERE cannot use staff.email in a comparison',
  ],
  ["DELETE FROM users WHERE email IN ('x')", 'WHERE cannot use users.email in a comparison'],
  [
    'DELETE FROM plain USING users u WHERE u.email = plain.email',
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'DELETE FROM users WHERE id = 1 RETURNING email::text',
    'RETURNING cannot use users.email in a cast',
  ],
  [
    'MERGE INTO users u USING plain p ON u.email = p.email WHEN MATCHED THEN DELETE',
    'MERGE ON cannot use users.email in a comparison',
  ],
  [
    "MERGE INTO users u USING plain p ON u.id = p.id WHEN MATCHED AND u.name = 'x' THEN DELETE",
    'MERGE WHEN cannot use users.name in a comparison',
  ],
  [
    'MERGE INTO users u USING plain p ON u.id = p.id WHEN NOT MATCHED THEN INSERT (id, email) VALUES (1, p.email)',
    'MERGE INTO users cannot protect the value of users.email',
  ],
  [
    'MERGE INTO plain p USING users u ON u.id = p.id WHEN MATCHED THEN UPDATE SET note = u.email',
    'MERGE INTO plain would store users.email in note, which is not protected',
  ],
  [
    "MERGE INTO loose l USING plain p ON l.id = p.id WHEN NOT MATCHED THEN INSERT VALUES (1, 'x')",
    'MERGE INTO loose inserts into loose.secret without a list of columns',
  ],
])
