import { allowed, refused } from './testing/tables.ts'

allowed([
  [
    "INSERT INTO users (id, email, name) VALUES (1, 'x', $1), (2, DEFAULT, NULL), (3, $2, '')",
    "users.email='x' users.name=$1 users.email=$2 users.name=''",
  ],
  ["insert into USERS (ID, \"email\") values (1, E'x\\'')", "users.email=E'x\\''"],
  ["INSERT INTO users VALUES (1, 'x', 'y', 'z')", "users.email='x' users.name='y'"],
  ["INSERT INTO users VALUES (1, 'x')", "users.email='x'"],
  ["INSERT INTO users AS u (email) VALUES ('x')", "users.email='x'"],
  ["INSERT INTO public.users (email) VALUES ('x')", "users.email='x'"],
  ["INSERT INTO archive.users (email) VALUES ('x')", 'untouched'],
  ["INSERT INTO plain (id, email) VALUES (1, 'x')", 'untouched'],
  [
    "INSERT INTO users (email) OVERRIDING SYSTEM VALUE VALUES ('x') RETURNING id, email AS mail, *",
    "users.email='x' (other email other email name other)",
  ],
  ['INSERT INTO users DEFAULT VALUES', 'untouched'],
  [
    "INSERT INTO users (email) VALUES (('x')), ('x'::bytea), (bytea 'x'), (CAST($1 AS bytea)), ($2::pg_catalog.bytea)",
    "users.email='x' users.email='x' users.email='x' users.email=$1 users.email=$2",
  ],
  [
    "INSERT INTO users (email) VALUES ($$x$$), (U&'\\0061'), (U&'!0061' UESCAPE '!'), (5), (0x1F), (1_0), (1.50)",
    "users.email=$$x$$ users.email=U&'\\0061' users.email=U&'!0061' UESCAPE '!' users.email=5 users.email=0x1F users.email=1_0 users.email=1.50",
  ],
  ["INSERT INTO users (email) VALUES ('a'\n  'b')", "users.email='a'\n  'b'"],
  ["INSERT INTO users (id, email) VALUES ((SELECT max(id) FROM users), 'x')", "users.email='x'"],
  ["INSERT INTO users (id, nick) SELECT 1, 'x'", 'untouched'],
  ['INSERT INTO users SELECT 1', 'untouched'],
  ["INSERT INTO users (email) VALUES ('x') ON CONFLICT DO NOTHING", "users.email='x'"],
  [
    "INSERT INTO users (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = 'y', nick = EXCLUDED.nick WHERE users.nick = 'z'",
    "users.email='x' users.email='y'",
  ],
  [
    "INSERT INTO users (id, email, name) VALUES (1, 'x', 'y') ON CONFLICT ON CONSTRAINT users_pkey DO UPDATE SET (email, name) = (EXCLUDED.email, EXCLUDED.name)",
    "users.email='x' users.name='y'",
  ],
  [
    "INSERT INTO users (id, email) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET (email, nick) = ROW($1, 'n')",
    'users.email=$1',
  ],
  [
    "INSERT INTO users (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = users.email, name = DEFAULT",
    "users.email='x'",
  ],
  ["INSERT INTO loose (id, secret) VALUES (1, 'x')", "loose.secret='x'"],
  ['INSERT INTO loose DEFAULT VALUES', 'untouched'],
  ["WITH users AS (SELECT 1) INSERT INTO users (email) VALUES ('x')", "users.email='x'"],
  [
    "WITH w AS (INSERT INTO users (email) VALUES ('x') RETURNING id) INSERT INTO staff (id, email) VALUES ((SELECT id FROM w), 'y')",
    "users.email='x' staff.email='y'",
  ],
  ["/* 'c' */ INSERT -- 'd'\n INTO users (email) VALUES ('x') /* $$ */", "users.email='x'"],
  [
    ";;INSERT INTO users (email) VALUES ('x');; SELECT nick, email FROM users; SELECT 1;",
    "users.email='x' (other email)",
  ],
  ['INSERT INTO "users" (id, U&"em\\0061il") VALUES (50, \'x\')', "users.email='x'"],
])

allowed([
  ["INSERT INTO users (email) VALUES ('x'::text)", "users.email='x'"],
  ['INSERT INTO users (email) VALUES ($1::varchar)', 'users.email=$1'],
  ['INSERT INTO users (email) VALUES (- (5))', 'users.email=-5'],
  ["INSERT INTO users (email) VALUES (CAST(('x') AS pg_catalog.text))", "users.email='x'"],
  [
    "INSERT INTO users (email) VALUES (text('x')), (pg_catalog.text($1))",
    "users.email='x' users.email=$1",
  ],
  ["INSERT INTO users (email) VALUES (bytea('x'))", "users.email='x'"],
  [
    "INSERT INTO users (email) VALUES (N'x'), (n'it''s')",
    "users.email='x' users.email='it''s' exact",
  ],
  [
    `INSERT INTO users (email) VALUES ('x' COLLATE "C"), ($1 COLLATE pg_catalog."C"), ('y'::text COLLATE "POSIX")`,
    "users.email='x' users.email=$1 users.email='y'",
  ],
  ["INSERT INTO users (email) VALUES ('x'::varchar(3))", "users.email='x' exact"],
])

refused([
  [
    "INSERT INTO users (email) VALUES (N'x ')",
    'INSERT INTO users cannot protect the value of users.email: the value has a cast',
  ],
  [
    "INSERT INTO users (email) VALUES (text('x'::bytea))",
    'INSERT INTO users cannot protect the value of users.email: the value is computed by the database',
  ],
  [
    "INSERT INTO users (email) VALUES (jsonb('1'))",
    'INSERT INTO users cannot protect the value of users.email: the value has a cast',
  ],
  [
    `INSERT INTO users (email) VALUES ('x' COLLATE mine)`,
    'INSERT INTO users cannot protect the value of users.email: the value is computed by the database',
  ],
  [
    "INSERT INTO users (email) VALUES ('long'::varchar(3))",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    'INSERT INTO users (email) VALUES ($1::varchar(3))',
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES ('x'::char(3))",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES (X'61')",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES ('x'::bytea::text)",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES (md5('x'))",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES ('x' || now())",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    'INSERT INTO users (email) VALUES (true)',
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES (B'01')",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    'INSERT INTO users (email) VALUES (1e5)',
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES ((SELECT 'x'))",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES (ARRAY['x'])",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email[1]) VALUES ('x')",
    'INSERT INTO users cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (id, nick, email) VALUES (('(1,n)'::pair).*, 'x')",
    'INSERT INTO users has a * among the values, so that it is not known which of them goes to users.email',
  ],
  [
    "INSERT INTO users VALUES (1, 'x', 'y', 'z', 'more')",
    'INSERT INTO users has more values than columns are known',
  ],
  [
    "INSERT INTO loose VALUES (1, 'x')",
    'INSERT INTO loose has no list of columns, and the encryptor config does not list the columns of the table',
  ],
  [
    "INSERT INTO loose SELECT 1, 'x'",
    'INSERT INTO loose has no list of columns, and the encryptor config does not list the columns of the table',
  ],
  ['INSERT INTO users TABLE plain', 'INSERT ... SELECT cannot protect the values of users.email'],
  [
    'INSERT INTO plain (email) SELECT email FROM users',
    'INSERT INTO plain ... SELECT would store users.email in another table',
  ],
  [
    'INSERT INTO plain (email) VALUES ((SELECT email FROM users))',
    'INSERT INTO plain would store users.email in email, which is not protected',
  ],
  [
    'INSERT INTO plain SELECT * FROM users',
    'INSERT INTO plain ... SELECT would store users.email in another table',
  ],
  [
    'INSERT INTO unknown_table TABLE users',
    'INSERT INTO unknown_table ... SELECT would store users.email in another table',
  ],
  [
    'INSERT INTO users (email) VALUES ($1), ($1) RETURNING $1',
    'the parameter $1 is given to users.email and is used elsewhere in the statement',
  ],
  [
    'INSERT INTO users (email, nick) VALUES ($1, $1)',
    'the parameter $1 is given to users.email and is used elsewhere in the statement',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (email) DO NOTHING",
    'ON CONFLICT cannot use users.email in the conflict target',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (lower(email)) DO NOTHING",
    'ON CONFLICT cannot use users.email in the function lower',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (id) WHERE email = 'y' DO NOTHING",
    'ON CONFLICT cannot use users.email in a comparison',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (id) DO UPDATE SET email = md5('y')",
    'ON CONFLICT DO UPDATE SET cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.email",
    'ON CONFLICT DO UPDATE SET cannot protect the value of users.name',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (id) DO UPDATE SET nick = EXCLUDED.email",
    'ON CONFLICT DO UPDATE SET would store users.email in nick, which is not protected',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (id) DO UPDATE SET nick = 'n' WHERE EXCLUDED.email = 'y'",
    'ON CONFLICT DO UPDATE WHERE cannot use users.email in a comparison',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (id) DO UPDATE SET (email, name) = (SELECT 'a', 'b')",
    'ON CONFLICT DO UPDATE SET cannot protect the value of users.email',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') RETURNING email = 'x'",
    'RETURNING cannot use users.email in a comparison',
  ],
  [
    "INSERT INTO users (email) VALUES ('x') RETURNING row_to_json(users)",
    'RETURNING cannot use users.email in the function row_to_json',
  ],
])
