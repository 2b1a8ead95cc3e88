import { allowed, refused } from './testing/tables.ts'

allowed([
  ["SELECT json_array(SELECT id FROM users), json_object('a': nick) FROM users", 'untouched'],
  [
    "SELECT email, nick AS email, name AS n, 'x' FROM users WHERE id = 1",
    '(email other name other)',
  ],
  ['SELECT * FROM users', '(other email name other)'],
  ['SELECT u.*, 1 AS one FROM public.users u', '(other email name other other)'],
  [
    'SELECT * FROM generate_series(1, 2) g, users, pg_catalog.generate_subscripts(ARRAY[1], 1)',
    '(other other email name other other)',
  ],
  [
    'SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS r (a), users',
    '(other other other email name other)',
  ],
  ['SELECT * FROM unnest(ARRAY[1]) g, users', '(other other email name other)'],
  ['SELECT * FROM users, staff', '(other email name other other email name other)'],
  ['SELECT * FROM archive.users', 'untouched'],
  ['TABLE users', '(other email name other)'],
  ['SELECT users.email, public.users.name FROM users', '(email name)'],
  ['SELECT EMAIL, "email", U&"em\\0061il" FROM Users', '(email email email)'],
  ['SELECT x.a, x.b FROM users AS x (a, b)', '(other email)'],
  ['SELECT "select".email FROM users AS "select"', '(email)'],
  ["SELECT users.email FROM plain users WHERE users.email = 'x'", 'untouched'],
  ['SELECT staff.email FROM users AS staff', '(email)'],
  ['SELECT * FROM loose', '(star)'],
  ['SELECT id, secret FROM loose WHERE id = 1', '(other secret)'],
  ['SELECT s.secret FROM (SELECT * FROM loose) s', '(secret)'],
  ["SELECT nick FROM users WHERE nick = 'x' ORDER BY nick LIMIT 3", 'untouched'],
  ['SELECT id AS email FROM users ORDER BY email', 'untouched'],
  [
    'SELECT email FROM users ORDER BY id, nick DESC NULLS LAST FETCH FIRST 3 ROWS WITH TIES',
    '(email)',
  ],
  ['SELECT id, email FROM users ORDER BY 1', '(other email) exact'],
  [
    "SELECT email FROM users WHERE email IS NOT NULL AND NOT (name IS NULL OR nick = 'x')",
    '(email)',
  ],
  [
    'SELECT count(*), count(email), count(u) FILTER (WHERE name IS NULL), count(name) OVER (PARTITION BY nick) FROM users u GROUP BY id, email IS NULL',
    'untouched',
  ],
  [
    'SELECT u.id, u.email FROM users u JOIN staff s ON s.id = u.id GROUP BY u.id HAVING count(*) > 1',
    '(other email)',
  ],
  ['SELECT DISTINCT ON (nick) id, email FROM users', '(other email)'],
  ['SELECT DISTINCT id, nick FROM users', 'untouched'],
  ['SELECT email, row_number() OVER (PARTITION BY nick ORDER BY id) FROM users', '(email other)'],
  ['SELECT tableoid::regclass, ctid, xmin, email FROM ONLY users', '(other other other email)'],
  ['SELECT email FROM users FOR UPDATE OF users SKIP LOCKED', '(email)'],
  ['SELECT x.email FROM users x TABLESAMPLE bernoulli (10) REPEATABLE (5)', '(email)'],
  ['SELECT s.mail FROM (SELECT id, email AS mail FROM users) s WHERE s.id = 1', '(email)'],
  ['SELECT * FROM (SELECT * FROM (SELECT email e, nick FROM users) a) b', '(email other)'],
  ['SELECT y.x FROM users u, LATERAL (SELECT u.email AS x) y', '(email)'],
  ['SELECT * FROM staff JOIN users USING (id)', '(other email name other email name other)'],
  [
    "SELECT * FROM users u LEFT JOIN plain p ON u.id = p.id AND p.note = 'x'",
    '(other email name other other other other)',
  ],
  [
    'SELECT j.* FROM (users u CROSS JOIN plain p) AS j (a, b)',
    '(other email name other other other other)',
  ],
  ['SELECT k.id, u.email FROM users u JOIN staff s USING (id) AS k', '(other email)'],
  ['SELECT (SELECT email FROM users WHERE id = s.id) FROM staff s', '(email)'],
  [
    'SELECT id FROM users WHERE EXISTS (SELECT email FROM staff WHERE staff.id = users.id)',
    'untouched',
  ],
  ['SELECT id FROM users WHERE id IN (SELECT id FROM staff WHERE email IS NULL)', 'untouched'],
  [
    'WITH a (m) AS (SELECT email FROM users), b AS MATERIALIZED (SELECT m FROM a) SELECT m FROM b',
    '(email)',
  ],
  [
    'WITH RECURSIVE t AS (SELECT id, email FROM users UNION ALL SELECT t.id, t.email FROM t WHERE id < 3) SELECT * FROM t',
    '(other email)',
  ],
  [
    'WITH RECURSIVE a AS (SELECT e FROM b), b AS (SELECT email AS e FROM users) SELECT e FROM a',
    '(email)',
  ],
  [
    "WITH users AS (SELECT 1 AS id, 'x'::text AS email) SELECT email FROM users WHERE email = 'x'",
    'untouched',
  ],
  ['WITH users AS (SELECT 1 AS id) SELECT email FROM public.users', '(email)'],
  ['WITH gone AS (DELETE FROM users RETURNING *) SELECT email, nick FROM gone', '(email other)'],
  ["SELECT email FROM users UNION ALL SELECT email FROM users ORDER BY length('x')", '(email)'],
  ['SELECT email FROM users UNION ALL SELECT NULL UNION ALL SELECT NULL', '(email)'],
  ['SELECT id, nick FROM users UNION SELECT id, note FROM plain ORDER BY 2', 'exact'],
  ['VALUES (1, NULL), (2, (SELECT email FROM users))', '(other email)'],
  ['SELECT row_to_json(s) FROM (SELECT id, nick FROM users) s', 'untouched'],
  ['SELECT u.email FROM users u WHERE u.* IS NOT NULL', '(email)'],
  ["SELECT u.email FROM staff u, users WHERE 'x' = users.nick", '(email)'],
  ["SELECT jsonb_build_object('id', id, 'nick', nick) FROM users", 'untouched'],
  ['DECLARE c CURSOR FOR SELECT id, email FROM users', 'declare c (other email)'],
  ['DECLARE c BINARY INSENSITIVE SCROLL CURSOR WITH HOLD FOR SELECT 1', 'declare c'],
  ['FETCH FORWARD 5 FROM c', 'fetch c'],
  ['MOVE LAST IN "C"', 'fetch C'],
  ['SELECT 1; SELECT email FROM users', '(email)'],
])

refused([
  ["SELECT id FROM users WHERE email = 'x'", 'WHERE cannot use users.email in a comparison'],
  ["SELECT id FROM users WHERE 'x' = email", 'WHERE cannot use users.email in a comparison'],
  ['SELECT id FROM users WHERE $1 = email', 'WHERE cannot use users.email in a comparison'],
  ['SELECT id FROM users WHERE email = NULL', 'WHERE cannot use users.email in a comparison'],
  ["SELECT id FROM users WHERE email <> 'x'", 'WHERE cannot use users.email in a comparison'],
  ["SELECT id FROM users WHERE NOT email = 'x'", 'WHERE cannot use users.email in a comparison'],
  [
    "SELECT id FROM users WHERE email OPERATOR(pg_catalog.=) 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE email IN ('x', 'y')",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE 'x' IN (nick, email)",
    'WHERE cannot use users.email in an expression',
  ],
  [
    "SELECT id FROM users WHERE email = ANY ('{x}'::text[])",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE email <> ALL (ARRAY['x'])",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'SELECT id FROM users WHERE email IN (SELECT note FROM plain)',
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'SELECT id FROM users WHERE nick IN (SELECT email FROM staff)',
    'WHERE cannot use staff.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE email = (SELECT 'x')",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE (SELECT email) = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  ["SELECT id FROM users WHERE (id, email) = (1, 'x')", 'WHERE cannot use users.email in a row'],
  [
    "SELECT id FROM users WHERE ROW(email, nick) > ROW('x', 'y')",
    'WHERE cannot use users.email in a row',
  ],
  [
    "SELECT id FROM users WHERE ('a', 'b') = (SELECT id, email FROM staff)",
    'WHERE cannot use staff.email in a subquery',
  ],
  [
    "SELECT id FROM users WHERE email IS DISTINCT FROM 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE email BETWEEN 'x' AND 'y'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE email LIKE 'x%' ESCAPE '!'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE email SIMILAR TO 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  ["SELECT id FROM users WHERE email ~ 'x'", 'WHERE cannot use users.email in a comparison'],
  [
    'SELECT * FROM unnest(tags) g, users, unnest(tags) h',
    'the answer has users.email between two * of unknown width',
  ],
  [
    'DECLARE c CURSOR FOR SELECT a.*, u.email, b.* FROM contacts a, users u, contacts b',
    'the answer has users.email between two * of unknown width',
  ],
  [
    "SELECT id FROM users WHERE starts_with(email, 'x')",
    'WHERE cannot use users.email in the function starts_with',
  ],
  [
    "SELECT id FROM users WHERE lower(email) = lower('x')",
    'WHERE cannot use users.email in the function lower',
  ],
  ["SELECT id FROM users WHERE email::text = 'x'", 'WHERE cannot use users.email in a cast'],
  [`SELECT id FROM users WHERE email COLLATE "C" = 'x'`, 'WHERE cannot use users.email in COLLATE'],
  [
    "SELECT id FROM users WHERE position('x' in email) > 0",
    'WHERE cannot use users.email in the function position',
  ],
  [
    "SELECT id FROM users WHERE email = 'x' IS NOT FALSE",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE id = 1 AND (nick = 'x' OR (email = 'y' AND true))",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'SELECT id FROM users WHERE EXISTS (SELECT 1 FROM plain WHERE users.email = plain.email)',
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT id FROM users WHERE EXISTS (SELECT 1 FROM staff WHERE name = 'x')",
    'WHERE cannot use staff.name in a comparison',
  ],
  [
    'SELECT lower(email) FROM users',
    'the SELECT list cannot use users.email in the function lower',
  ],
  ["SELECT email || 'x' FROM users", 'the SELECT list cannot use users.email in an operator'],
  ['SELECT -email FROM users', 'the SELECT list cannot use users.email in an operator'],
  ['SELECT email::text FROM users', 'the SELECT list cannot use users.email in a cast'],
  [
    'SELECT CASE WHEN true THEN email ELSE nick END FROM users',
    'the SELECT list cannot use users.email in CASE',
  ],
  [
    "SELECT CASE email WHEN 'x' THEN 1 END FROM users",
    'the SELECT list cannot use users.email in CASE',
  ],
  [
    "SELECT COALESCE(email, nick, 'x') FROM users",
    'the SELECT list cannot use users.email in COALESCE',
  ],
  [
    'SELECT GREATEST(email, name) FROM users',
    'the SELECT list cannot use users.email in GREATEST or LEAST',
  ],
  [
    "SELECT 1 FROM (SELECT email AS k FROM users) q, plain p JOIN plain r ON q.k = 'x'",
    'JOIN ON uses a column k of a table that acra-server cannot tell',
  ],
  [
    "SELECT 1 FROM users u (a, b), (SELECT 1 FROM plain WHERE u.b = 'x') q",
    'WHERE uses a column b of a table that acra-server cannot tell',
  ],
  [
    "WITH w (m) AS (SELECT email FROM users) SELECT 1 FROM w AS v WHERE w.m = 'x'",
    'WHERE uses a column m of a table that acra-server cannot tell',
  ],
  [
    "SELECT NULLIF(email, 'x') FROM users",
    'the SELECT list cannot use users.email in a comparison',
  ],
  ['SELECT ARRAY[email] FROM users', 'the SELECT list cannot use users.email in an array'],
  ['SELECT ARRAY(SELECT email FROM users)', 'the SELECT list cannot use users.email in an array'],
  ['SELECT ROW(id, email) FROM users', 'the SELECT list cannot use users.email in a row'],
  ['SELECT (email, id) FROM users', 'the SELECT list cannot use users.email in a row'],
  ['SELECT email[1] FROM users', 'the SELECT list cannot use users.email in a part of a value'],
  ['SELECT (email).x FROM users', 'the SELECT list cannot use users.email in a part of a value'],
  ['SELECT max(email) FROM users', 'the SELECT list cannot use users.email in the function max'],
  [
    'SELECT array_agg(email ORDER BY id) FROM users',
    'the SELECT list cannot use users.email in the function array_agg',
  ],
  [
    "SELECT string_agg(nick, ',' ORDER BY email) FROM users",
    'the SELECT list cannot use users.email in an expression',
  ],
  [
    'SELECT count(DISTINCT email) FROM users',
    'the SELECT list cannot use users.email in the function count',
  ],
  [
    'SELECT count(email ORDER BY email) FROM users',
    'the SELECT list cannot use users.email in the function count',
  ],
  [
    "SELECT count(*) FILTER (WHERE email = 'x') FROM users",
    'FILTER cannot use users.email in a comparison',
  ],
  [
    'SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY email) FROM users',
    'the SELECT list cannot use users.email in an expression',
  ],
  [
    "SELECT jsonb_build_object('e', email) FROM users",
    'the SELECT list cannot use users.email in the function jsonb_build_object',
  ],
  [
    "SELECT json_object('e' VALUE email) FROM users",
    'the SELECT list cannot use users.email in an expression',
  ],
  [
    'SELECT json_array(email) FROM users',
    'the SELECT list cannot use users.email in an expression',
  ],
  [
    'SELECT json_array(SELECT email FROM users)',
    'the SELECT list cannot use users.email in an array',
  ],
  [
    'SELECT json_objectagg(id: email) FROM users',
    'the SELECT list cannot use users.email in an expression',
  ],
  [
    'SELECT json_arrayagg(nick ORDER BY email) FROM users',
    'the SELECT list cannot use users.email in an expression',
  ],
  [
    "SELECT json_value(email, '$.a') FROM users",
    'the SELECT list cannot use users.email in an expression',
  ],
  ['SELECT email IS JSON FROM users', 'the SELECT list cannot use users.email in an expression'],
  [
    'SELECT xmlelement(name x, email) FROM users',
    'the SELECT list cannot use users.email in an XML value',
  ],
  ['SELECT xmlforest(email) FROM users', 'the SELECT list cannot use users.email in an expression'],
  [
    'SELECT rank() OVER (ORDER BY email) FROM users',
    'OVER cannot use users.email in an expression',
  ],
  [
    'SELECT sum(id) OVER (PARTITION BY email) FROM users',
    'OVER cannot use users.email in an expression',
  ],
  [
    'SELECT sum(id) OVER w FROM users WINDOW w AS (ORDER BY email)',
    'WINDOW cannot use users.email in an expression',
  ],
  [
    'SELECT lag(email) OVER (ORDER BY id) FROM users',
    'the SELECT list cannot use users.email in the function lag',
  ],
  [
    'SELECT public.count(email) FROM users',
    'the SELECT list cannot use users.email in the function public.count',
  ],
  [
    'SELECT pg_typeof(email) FROM users',
    'the SELECT list cannot use users.email in the function pg_typeof',
  ],
  ['SELECT users FROM users', 'the SELECT list cannot use users.email in a whole row'],
  ['SELECT u FROM users u', 'the SELECT list cannot use users.email in a whole row'],
  ['SELECT u.*::text FROM users u', 'the SELECT list cannot use users.email in a cast'],
  ['SELECT (u).* FROM users u', 'the SELECT list cannot use users.email in a part of a value'],
  ['SELECT (u).email FROM users u', 'the SELECT list cannot use users.email in a part of a value'],
  [
    'SELECT (u.*).email FROM users u',
    'the SELECT list cannot use users.email in a part of a value',
  ],
  [
    'SELECT row_to_json(users) FROM users',
    'the SELECT list cannot use users.email in the function row_to_json',
  ],
  [
    'SELECT to_jsonb(u.*) FROM users u',
    'the SELECT list cannot use users.email in the function to_jsonb',
  ],
  ['SELECT email(u) FROM users u', 'the SELECT list cannot use users.email in the function email'],
  [
    "SELECT a FROM users AS u (a, b) WHERE u.email = 'x'",
    'WHERE uses u.email, and users.email has another name there',
  ],
  ['SELECT (SELECT u) FROM users u', 'the SELECT list cannot use users.email in a whole row'],
  [
    'SELECT s.u FROM (SELECT u FROM users u) s',
    'the SELECT list cannot use users.email in a whole row',
  ],
  [
    'SELECT json_agg(s) FROM (SELECT id, email FROM users) s',
    'the SELECT list cannot use users.email in the function json_agg',
  ],
  [
    "SELECT id FROM users u WHERE u = ROW(1, 'x', 'y', 'z')",
    'WHERE cannot use users.email in a comparison',
  ],
  ['SELECT loose FROM loose', 'the SELECT list cannot use loose.secret in a whole row'],
  [
    'SELECT e FROM loose AS l (i, e)',
    'the alias l renames columns of loose, and the encryptor config does not list all columns of that table',
  ],
  ["SELECT * FROM loose WHERE secret = 'x'", 'WHERE cannot use loose.secret in a comparison'],
  ['SELECT * FROM loose ORDER BY 2', 'ORDER BY cannot use loose.secret in the order of rows'],
  ['SELECT DISTINCT * FROM loose', 'DISTINCT cannot use loose.secret in a comparison of rows'],
  [
    'SELECT DISTINCT id, email FROM users',
    'DISTINCT cannot use users.email in a comparison of rows',
  ],
  [
    'SELECT DISTINCT ON (email) id FROM users',
    'DISTINCT ON cannot use users.email in the order of rows',
  ],
  [
    'SELECT DISTINCT ON (2) id, email FROM users',
    'DISTINCT ON cannot use users.email in the order of rows',
  ],
  ['SELECT id FROM users ORDER BY email', 'ORDER BY cannot use users.email in the order of rows'],
  [
    'SELECT id, email FROM users ORDER BY 2 DESC',
    'ORDER BY cannot use users.email in the order of rows',
  ],
  [
    'SELECT id, email AS m FROM users ORDER BY m',
    'ORDER BY cannot use users.email in the order of rows',
  ],
  [
    'SELECT nick AS email FROM users ORDER BY users.email',
    'ORDER BY cannot use users.email in the order of rows',
  ],
  [
    'SELECT nick AS email FROM users ORDER BY lower(email)',
    'ORDER BY cannot use users.email in the function lower',
  ],
  [
    'SELECT id, (SELECT email FROM staff) FROM users ORDER BY email',
    'ORDER BY cannot use staff.email in the order of rows',
  ],
  [
    'SELECT email FROM users GROUP BY email',
    'GROUP BY cannot use users.email in the groups of rows',
  ],
  [
    'SELECT email AS m FROM users GROUP BY m',
    'GROUP BY cannot use users.email in the groups of rows',
  ],
  [
    'SELECT id, email FROM users GROUP BY 2',
    'GROUP BY cannot use users.email in the groups of rows',
  ],
  [
    'SELECT 1 FROM users GROUP BY GROUPING SETS ((id), (nick, email))',
    'GROUP BY cannot use users.email in the groups of rows',
  ],
  [
    'SELECT 1 FROM users GROUP BY ROLLUP (nick, email)',
    'GROUP BY cannot use users.email in the groups of rows',
  ],
  [
    'SELECT grouping(email) FROM users GROUP BY id',
    'the SELECT list cannot use users.email in GROUPING',
  ],
  [
    "SELECT nick FROM users GROUP BY nick HAVING max(email) = 'x'",
    'HAVING cannot use users.email in the function max',
  ],
  [
    'SELECT nick FROM users LIMIT (SELECT email FROM users)',
    'LIMIT cannot use users.email in a number of rows',
  ],
  ['SELECT email FROM users UNION SELECT email FROM users', 'UNION compares rows by users.email'],
  [
    'SELECT email FROM users INTERSECT ALL SELECT email FROM users',
    'INTERSECT compares rows by users.email',
  ],
  [
    'SELECT id, email FROM users EXCEPT SELECT id, email FROM staff',
    'EXCEPT compares rows by users.email',
  ],
  [
    'SELECT email FROM users UNION ALL SELECT email FROM staff',
    'UNION puts users.email into one column of the answer with staff.email',
  ],
  [
    'SELECT note FROM plain UNION ALL SELECT email FROM users',
    'UNION puts users.email into one column of the answer with values that are not protected',
  ],
  [
    'SELECT email FROM users UNION ALL SELECT email FROM users ORDER BY 1',
    'ORDER BY cannot use users.email in the order of rows',
  ],
  [
    'SELECT * FROM loose UNION ALL SELECT * FROM loose',
    'UNION has a * whose columns are not known beside loose.secret',
  ],
  [
    'SELECT 1 FROM users u JOIN staff s ON s.email = u.email',
    'JOIN ON cannot use staff.email in a comparison',
  ],
  [
    'SELECT 1 FROM users JOIN staff USING (email)',
    'JOIN USING cannot use users.email in a comparison',
  ],
  ['SELECT 1 FROM users NATURAL JOIN staff', 'JOIN USING cannot use users.email in a comparison'],
  [
    'SELECT 1 FROM users NATURAL JOIN unknown_table',
    'JOIN USING cannot use users.email in a comparison',
  ],
  [
    'SELECT 1 FROM plain NATURAL JOIN loose JOIN loose l USING (secret)',
    'JOIN USING cannot use loose.secret in a comparison',
  ],
  [
    "SELECT 1 FROM users u JOIN LATERAL (VALUES ('x')) v (e) ON v.e = u.email",
    'JOIN ON cannot use users.email in a comparison',
  ],
  [
    "SELECT 1 FROM users u, LATERAL (SELECT u.email AS x) y WHERE x = 'z'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT 1 FROM (users u CROSS JOIN plain p) AS j WHERE j.name = 'x'",
    'WHERE cannot use users.name in a comparison',
  ],
  [
    "SELECT 1 FROM (users u CROSS JOIN plain p) AS j (a, b) WHERE j.b = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  ["SELECT 1 FROM users AS x (a, b) WHERE b = 'x'", 'WHERE cannot use users.email in a comparison'],
  ['SELECT 1 FROM users u, unnest(ARRAY[u.email]) e', 'FROM cannot use users.email in an array'],
  [
    'SELECT 1 FROM users u, generate_series(1, length(u.email)) g',
    'FROM cannot use users.email in the function length',
  ],
  [
    "SELECT 1 FROM users u, json_table(u.email, '$' COLUMNS (a text PATH '$')) j",
    'FROM cannot use users.email in an expression',
  ],
  [
    "SELECT 1 FROM users u, xmltable('/r' PASSING (u.email) COLUMNS a text PATH 'x') j",
    'FROM cannot use users.email in XMLTABLE',
  ],
  [
    'SELECT 1 FROM users TABLESAMPLE bernoulli ((SELECT email FROM users))',
    'FROM cannot use users.email in TABLESAMPLE',
  ],
  ["SELECT 1 FROM plain, users WHERE email = 'x'", 'WHERE cannot use users.email in a comparison'],
  [
    "SELECT 1 FROM unknown_table, users WHERE email = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "WITH x AS (SELECT email AS e FROM users) SELECT 1 FROM x WHERE e = 'y'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "WITH x (e) AS (SELECT email FROM users) SELECT 1 FROM x WHERE e = 'y'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT email AS e FROM users) SELECT 1 FROM a WHERE e = 'y'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "WITH RECURSIVE t (x) AS (SELECT NULL UNION ALL SELECT email FROM users) SELECT 1 FROM t WHERE x = 'y'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'WITH RECURSIVE t AS (SELECT id, email FROM users UNION SELECT id, email FROM t) SELECT * FROM t',
    'UNION compares rows by users.email',
  ],
  [
    'WITH RECURSIVE t AS (SELECT id, email FROM users UNION ALL SELECT id, email FROM t) SEARCH DEPTH FIRST BY email SET o SELECT 1 FROM t',
    'SEARCH cannot use users.email in a comparison',
  ],
  [
    'WITH RECURSIVE t AS (SELECT id, email FROM users UNION ALL SELECT id, email FROM t) CYCLE email SET c USING p SELECT 1 FROM t',
    'CYCLE cannot use users.email in a comparison',
  ],
  [
    'WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT 1 FROM a',
    'the common table a refers to itself in a way that acra-server does not follow',
  ],
  [
    "WITH gone AS (DELETE FROM users RETURNING *) SELECT 1 FROM gone WHERE email = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "WITH unused AS (SELECT 1 FROM users WHERE email = 'x') SELECT 1",
    'WHERE cannot use users.email in a comparison',
  ],
  ['SELECT email INTO copy FROM users', 'SELECT INTO would store users.email in another table'],
  [
    'SELECT NULL INTO copy UNION ALL SELECT email FROM users',
    'SELECT INTO would store users.email in another table',
  ],
  ['SELECT null::users', 'the SELECT list uses the row type of users, which has protected columns'],
  [
    "SELECT '(1,x)'::public.users",
    'the SELECT list uses the row type of users, which has protected columns',
  ],
  [
    "SELECT '{}'::users[]",
    'the SELECT list uses the row type of users, which has protected columns',
  ],
  [
    `SELECT * FROM jsonb_populate_record(null::users, '{"email":"x"}')`,
    'FROM uses the row type of users, which has protected columns',
  ],
  [
    "SELECT * FROM json_to_record('{}') AS r (u users)",
    'FROM uses the row type of users, which has protected columns',
  ],
  [
    "DECLARE c CURSOR FOR SELECT 1 FROM users WHERE email = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "SELECT 1; SELECT 1 FROM users WHERE email = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
])
