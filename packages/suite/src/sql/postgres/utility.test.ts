import { allowed, refused } from './testing/tables.ts'

allowed([
  ['DEALLOCATE q', 'deallocate q'],
  ['DEALLOCATE ALL', 'untouched'],
  ['CREATE TABLE copy AS EXECUTE q', 'execute q'],
  ['BEGIN', 'untouched'],
  ['START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE', 'untouched'],
  ['SAVEPOINT a', 'untouched'],
  ['ROLLBACK TO SAVEPOINT a', 'untouched'],
  ["COMMIT PREPARED 'x'", 'untouched'],
  ['SHOW ALL', 'untouched'],
  ['LISTEN ch', 'untouched'],
  ["NOTIFY ch, 'x'", 'untouched'],
  ['UNLISTEN *', 'untouched'],
  ['DISCARD ALL', 'untouched'],
  ['DEALLOCATE ALL', 'untouched'],
  ['CLOSE c', 'untouched'],
  ['CHECKPOINT', 'untouched'],
  ['VACUUM (ANALYZE) users (email)', 'untouched'],
  ['ANALYZE users', 'untouched'],
  ['REINDEX TABLE users', 'untouched'],
  ['LOCK TABLE users IN SHARE MODE', 'untouched'],
  ['TRUNCATE users, staff', 'untouched'],
  ['GRANT SELECT (email) ON users TO bob', 'untouched'],
  ["COMMENT ON COLUMN users.email IS 'x'", 'untouched'],
  ["SECURITY LABEL ON TABLE users IS 'x'", 'untouched'],
  ["CREATE ROLE bob PASSWORD 'x'", 'untouched'],
  ["ALTER ROLE bob PASSWORD 'x'", 'untouched'],
  ['DROP TABLE users', 'untouched'],
  ['CREATE EXTENSION pg_trgm', 'untouched'],
  ["CREATE TYPE mood AS ENUM ('x', 'y')", 'untouched'],
  ['PREPARE q AS SELECT email FROM users', 'prepare q (email)'],
  ['PREPARE q (int) AS SELECT nick FROM users WHERE id = $1', 'prepare q'],
  ['EXECUTE q', 'execute q'],
  ["EXECUTE q ('x', -5, NULL, $1)", 'execute q'],
  ['PREPARE q AS INSERT INTO users (email) VALUES ($1)', 'users.email=$1 prepare q'],
  ['PREPARE q (varchar(9)) AS UPDATE users SET email = $1', 'users.email=$1 prepare q'],
  ["EXPLAIN SELECT email FROM users WHERE nick = 'x'", 'untouched'],
  ["EXPLAIN (ANALYZE, COSTS OFF) UPDATE users SET email = 'x'", "users.email='x'"],
  ['COPY users TO STDOUT', 'copy out text (other email name other) exact'],
  [
    "COPY users (id, email) TO STDOUT WITH (FORMAT csv, DELIMITER ';')",
    'copy out csv (other email) exact',
  ],
  ["COPY (SELECT email FROM users WHERE nick = 'x') TO STDOUT", 'copy out text (email) exact'],
  [
    "COPY (INSERT INTO users (email) VALUES ('x') RETURNING email) TO STDOUT",
    "users.email='x' copy out text (email) exact",
  ],
  ['COPY users FROM STDIN', 'copy in text (other email name other) exact'],
  ['COPY users (email) FROM STDIN (FORMAT binary)', 'copy in binary (email) exact'],
  ['COPY users (id, nick) FROM STDIN', 'untouched'],
  ["COPY plain FROM STDIN WHERE email <> 'x'", 'untouched'],
  [
    "CREATE TABLE new_table (id int PRIMARY KEY, email text DEFAULT 'x', price numeric(10, 2) CHECK (price > 0))",
    'untouched',
  ],
  [
    "CREATE TABLE users (id int, email bytea UNIQUE, name bytea DEFAULT NULL, nick text DEFAULT 'x')",
    'untouched',
  ],
  ['CREATE TABLE copy (LIKE users INCLUDING ALL)', 'untouched'],
  ['CREATE TABLE copy AS SELECT id, nick FROM users', 'untouched'],
  ["CREATE SCHEMA s CREATE TABLE t (a text DEFAULT 'x')", 'untouched'],
  ["CREATE VIEW v AS SELECT id, nick FROM users WHERE nick = 'x'", 'untouched'],
  ["CREATE INDEX i ON users (nick, lower(nick)) WHERE nick <> 'x'", 'untouched'],
  [
    "CREATE TRIGGER t BEFORE UPDATE ON plain FOR EACH ROW WHEN (NEW.note = 'x') EXECUTE FUNCTION f('x')",
    'exact',
  ],
  ['CREATE POLICY p ON users USING (nick = current_user)', 'untouched'],
  ['CREATE STATISTICS s ON id, nick FROM users', 'untouched'],
  ['CREATE PUBLICATION p FOR TABLE users WHERE (id > 5)', 'untouched'],
  ["CREATE DOMAIN d AS text CHECK (VALUE <> 'x')", 'untouched'],
  ["CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'select 1'", 'exact'],
  ["ALTER TABLE users ADD COLUMN extra text DEFAULT 'x'", 'untouched'],
  ['ALTER TABLE users ALTER COLUMN nick TYPE varchar(5) USING left(nick, 5)', 'untouched'],
  [
    'ALTER TABLE users ALTER COLUMN email SET NOT NULL, ALTER COLUMN email DROP DEFAULT',
    'untouched',
  ],
  ["ALTER TABLE users ADD CONSTRAINT c CHECK (nick <> 'x'), DROP CONSTRAINT d", 'untouched'],
  ['ALTER TABLE plain RENAME COLUMN note TO remark', 'untouched'],
  ['ALTER TABLE plain DROP COLUMN note', 'untouched'],
  ['ALTER INDEX i RENAME TO j', 'untouched'],
])

refused([
  [
    'PREPARE q AS SELECT id FROM users WHERE email = $1',
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'PREPARE q (users) AS SELECT 1',
    'PREPARE uses the row type of users, which has protected columns',
  ],
  ['PREPARE q (uuid) AS INSERT INTO users (email) VALUES ($1)', 'PREPARE declares a type'],
  ["EXPLAIN SELECT 1 FROM users WHERE email = 'x'", 'WHERE cannot use users.email in a comparison'],
  [
    'EXPLAIN CREATE TABLE copy AS SELECT email FROM users',
    'CREATE TABLE AS would store users.email in another table',
  ],
  ["COPY users FROM '/file'", 'COPY FROM a file of the database server writes users.email'],
  ["COPY users FROM PROGRAM 'cat'", 'COPY FROM a file of the database server writes users.email'],
  ["COPY users FROM STDIN (ENCODING 'latin1')", 'COPY of users.email has an option'],
  ['COPY users FROM STDIN (FORMAT csv, FORCE_NULL (email))', 'COPY of users.email has an option'],
  ['COPY loose FROM STDIN', 'COPY FROM has no list of columns'],
  [
    "COPY users (id, nick) FROM STDIN WHERE email <> 'x'",
    'COPY WHERE cannot use users.email in a comparison',
  ],
  [
    'COPY (SELECT lower(email) FROM users) TO STDOUT',
    'the SELECT list cannot use users.email in the function lower',
  ],
  [
    "COPY (SELECT id FROM users WHERE email = 'x') TO PROGRAM 'cat'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    "CREATE TABLE users (id int, email bytea DEFAULT 'x')",
    'a default of users.email would be stored as it is',
  ],
  [
    "CREATE TABLE users (id int, email bytea CHECK (email <> 'x'))",
    'CHECK cannot use users.email in a comparison',
  ],
  [
    "CREATE TABLE users (id int, email bytea GENERATED ALWAYS AS (lower('x')::bytea) STORED)",
    'a default of users.email would be stored as it is',
  ],
  [
    'CREATE TABLE users (id int, email bytea, nick text GENERATED ALWAYS AS (email::text) STORED)',
    'DEFAULT cannot use users.email in a cast',
  ],
  [
    'CREATE TABLE users (id int, email bytea) PARTITION BY LIST (email)',
    'CREATE TABLE cannot use users.email in the partition key',
  ],
  [
    'CREATE TABLE users (id int, email bytea, EXCLUDE USING gist (email WITH =))',
    'EXCLUDE cannot use users.email in an index',
  ],
  [
    'CREATE TEMP TABLE users (id int, email text)',
    'CREATE TEMPORARY TABLE makes another relation with the name of users',
  ],
  [
    'CREATE TABLE child (extra text) INHERITS (users)',
    'CREATE TABLE of a partition or a child of users, which has protected columns',
  ],
  [
    "CREATE TABLE part PARTITION OF users FOR VALUES IN ('x')",
    'CREATE TABLE of a partition or a child of users, which has protected columns',
  ],
  [
    'CREATE TABLE copy (u users)',
    'CREATE TABLE uses the row type of users, which has protected columns',
  ],
  [
    'CREATE TABLE copy AS SELECT email FROM users',
    'CREATE TABLE AS would store users.email in another table',
  ],
  ['CREATE TABLE copy AS TABLE users', 'CREATE TABLE AS would store users.email in another table'],
  [
    'CREATE TEMP TABLE users AS SELECT 1',
    'CREATE TABLE AS makes another relation with the name of users',
  ],
  ['SELECT 1 INTO TEMP users', 'SELECT INTO makes another relation with the name of users'],
  [
    'CREATE TEMP VIEW users AS SELECT 1',
    'CREATE VIEW makes another relation with the name of users',
  ],
  ['CREATE TABLE users AS EXECUTE q', 'CREATE TABLE AS'],
  [
    "CREATE TABLE copy AS SELECT id FROM users WHERE email = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'CREATE MATERIALIZED VIEW copy AS SELECT email FROM users',
    'CREATE TABLE AS would store users.email in another table',
  ],
  [
    'CREATE VIEW v AS SELECT id, email AS e FROM users',
    'CREATE VIEW of users, which has protected columns',
  ],
  [
    "CREATE VIEW v AS SELECT id FROM users WHERE email = 'x'",
    'WHERE cannot use users.email in a comparison',
  ],
  [
    'CREATE VIEW v (a) AS SELECT * FROM loose',
    'the alias v renames columns of loose, and the encryptor config does not list all columns of that table',
  ],
  [
    'CREATE RULE r AS ON INSERT TO plain DO ALSO NOTHING',
    'a statement of this kind (Rule) may change what becomes of a value',
  ],
  [
    'CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()',
    'CREATE TRIGGER on a column of users, which has protected columns',
  ],
  [
    "CREATE TRIGGER t BEFORE INSERT ON contacts FOR EACH ROW WHEN (NEW.email = 'x') EXECUTE FUNCTION f()",
    'CREATE TRIGGER WHEN gives a value to contacts.email, and contacts is not in the encryptor config',
  ],
  [
    'CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()',
    'a statement of this kind (CreateEventTrig) may change what becomes of a value',
  ],
  ['CREATE INDEX i ON users (email)', 'CREATE INDEX cannot use users.email in an index'],
  [
    'CREATE INDEX i ON users (substr(email, 1, 33))',
    'CREATE INDEX cannot use users.email in the function substr',
  ],
  [
    "CREATE INDEX i ON users (id) WHERE email <> 'x'",
    'CREATE INDEX cannot use users.email in a comparison',
  ],
  [
    'CREATE INDEX i ON users (id) INCLUDE (email)',
    'CREATE INDEX cannot use users.email in an index',
  ],
  ["CREATE POLICY p ON users USING (email = 'x')", 'POLICY cannot use users.email in a comparison'],
  [
    'ALTER POLICY p ON users WITH CHECK (email = current_user::bytea)',
    'POLICY cannot use users.email in a comparison',
  ],
  [
    'CREATE STATISTICS s ON id, email FROM users',
    'CREATE STATISTICS cannot use users.email in statistics',
  ],
  [
    "CREATE PUBLICATION p FOR TABLE users WHERE (email = 'x')",
    'CREATE PUBLICATION cannot use users.email in a comparison',
  ],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'", 'CREATE FUNCTION'],
  [
    'CREATE OR REPLACE PROCEDURE p(a text) LANGUAGE sql AS $$ insert into users (email) values (a) $$',
    'CREATE PROCEDURE',
  ],
  ['ALTER FUNCTION f() SET standard_conforming_strings = off', 'ALTER FUNCTION'],
  [
    'CREATE AGGREGATE a (int) (sfunc = f, stype = int)',
    'a statement of this kind (Define) may change what becomes of a value',
  ],
  [
    'CREATE OPERATOR === (leftarg = text, rightarg = text, function = f)',
    'a statement of this kind (Define) may change what becomes of a value',
  ],
  [
    'CREATE CAST (text AS mood) WITH FUNCTION f(text)',
    'a statement of this kind (CreateCast) may change what becomes of a value',
  ],
  [
    'CREATE LANGUAGE plx HANDLER h',
    'a statement of this kind (CreatePLang) may change what becomes of a value',
  ],
  [
    "ALTER TABLE users ALTER COLUMN email SET DEFAULT 'x'",
    'a default of users.email would be stored as it is',
  ],
  [
    'ALTER TABLE users ALTER COLUMN email TYPE text',
    'ALTER COLUMN TYPE of users, which has protected columns',
  ],
  [
    'ALTER TABLE users ALTER COLUMN nick TYPE text USING email::text',
    'ALTER TABLE cannot use users.email in a cast',
  ],
  [
    "ALTER TABLE users ADD COLUMN email bytea DEFAULT 'x'",
    'a default of users.email would be stored as it is',
  ],
  [
    'ALTER TABLE users ADD COLUMN nick2 text GENERATED ALWAYS AS (email::text) STORED',
    'DEFAULT cannot use users.email in a cast',
  ],
  [
    "ALTER TABLE users ADD CONSTRAINT c CHECK (email <> 'x')",
    'CHECK cannot use users.email in a comparison',
  ],
  ['ALTER TABLE users DROP COLUMN email', 'DROP COLUMN of users, which has protected columns'],
  ['ALTER TABLE users DROP COLUMN nick', 'DROP COLUMN of users, which has protected columns'],
  ['ALTER TABLE users RENAME TO people', 'RENAME of users, which has protected columns'],
  ['ALTER TABLE users RENAME COLUMN email TO e', 'RENAME of users, which has protected columns'],
  ['ALTER TABLE users RENAME COLUMN nick TO n', 'RENAME of users, which has protected columns'],
  ['ALTER TABLE plain RENAME TO users', 'RENAME of users, which has protected columns'],
  ['ALTER TABLE users SET SCHEMA archive', 'SET SCHEMA of users, which has protected columns'],
  [
    'ALTER TABLE users ATTACH PARTITION plain DEFAULT',
    'a change of the partitions or children of users, which has protected columns',
  ],
  [
    'ALTER TABLE plain ATTACH PARTITION users DEFAULT',
    'a change of the partitions or children of users, which has protected columns',
  ],
  [
    'ALTER TABLE users DETACH PARTITION plain',
    'a change of the partitions or children of users, which has protected columns',
  ],
  [
    'ALTER TABLE plain INHERIT users',
    'a change of the partitions or children of users, which has protected columns',
  ],
  [
    'ALTER SCHEMA public RENAME TO private',
    'RENAME of a schema, by which the encryptor config may know protected tables',
  ],
  [
    "ALTER DOMAIN d ADD CHECK (public.f(VALUE, 'x'))",
    'CHECK gives a value to the function public.f, and acra-server does not know what is done with it',
  ],
  [
    'CREATE SCHEMA s CREATE VIEW v AS SELECT email FROM public.users',
    'CREATE VIEW of users, which has protected columns',
  ],
])
