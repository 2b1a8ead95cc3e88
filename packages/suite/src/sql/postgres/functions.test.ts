import { allowed, refused } from './testing/tables.ts'

allowed([
  [
    "SELECT lower('x'), pg_catalog.upper($1), now(), extract(year from now()), substring('x' from 1 for 2), current_date, 'x' AT TIME ZONE 'UTC'",
    'untouched',
  ],
  ['SELECT my_function(), my_function(id), public.my_function(nick) FROM users', 'untouched'],
  ["SELECT trusted('x'), app.anything($1) FROM users", 'untouched'],
  ["SELECT my_aggregate(id) FILTER (WHERE nick = 'x') FROM users", 'untouched'],
  [
    "SELECT 'a' OPERATOR(pg_catalog.=) 'b', '(1,2)'::point <-> point '(0,0)', nick % 'x' FROM users",
    'untouched',
  ],
  ["SELECT 'users'::regclass, 'x'::my_type, CAST('5' AS numeric(10, 2))", 'untouched'],
  ["SELECT set_config('app.tenant', 'x', false), current_setting('app.tenant')", 'exact'],
  ["SELECT set_config('standard_conforming_strings', 'on', false)", 'exact'],
  ['SELECT set_config($1, $2, true), set_config($3, $1, false)', 'setting $1=$2 setting $3=$1'],
  ["SELECT set_config($1, lower('x'), true)", 'setting $1=?'],
  ["SELECT set_config('client_encoding', $1, false)", 'setting client_encoding=$1 exact'],
  ["SELECT set_config('app.tenant', $1, false)", 'exact'],
  [
    "SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'",
    'exact',
  ],
  ["UPDATE pg_settings SET setting = '5' WHERE name = 'work_mem'", 'exact'],
  ["UPDATE pg_catalog.pg_settings SET setting = $1 WHERE name = 'work_mem'", 'exact'],
  [
    "UPDATE pg_settings SET setting = $1 WHERE name = 'client_encoding'",
    'setting client_encoding=$1 exact',
  ],
  [
    "UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'",
    'escapes exact',
  ],
  ["SELECT set_config('standard_conforming_strings', 'off', false)", 'escapes exact'],
  [
    "SELECT set_config('Standard_Conforming_Strings', $1, false)",
    'setting Standard_Conforming_Strings=$1 exact',
  ],
  ["SELECT set_config('search_path', $1, false)", 'exact'],
  ['SET standard_conforming_strings = off', 'escapes exact'],
  [`SET "Standard_Conforming_Strings" TO 'false'`, 'escapes exact'],
  ['SET LOCAL standard_conforming_strings = 0', 'escapes exact'],
  ['ALTER ROLE bob SET standard_conforming_strings = off', 'exact'],
  ['ALTER DATABASE d SET standard_conforming_strings = off', 'exact'],
  ["SELECT nextval('users_id_seq'), pg_notify('ch', 'x'), pg_advisory_lock(42)", 'untouched'],
  [
    "SELECT uuid('x'), jsonb('1'), regrole('x'), pg_catalog.tsquery('a'), xid8($1), _int4('{1}'), int4range('[1,2)')",
    'untouched',
  ],
  ["SELECT * FROM jsonb_array_elements(jsonb('[1]')), tsquery('a')", 'untouched'],
  ['SELECT information_schema._pg_expandarray(ARRAY[1, 2])', 'untouched'],
  ['SET standard_conforming_strings = on', 'exact'],
  ['SET standard_conforming_strings TO DEFAULT', 'exact'],
  ['RESET standard_conforming_strings', 'exact'],
  ["SET client_encoding = 'LATIN1'", 'exact'],
  [`SET search_path = '', "public"`, 'untouched'],
  ["SET TIME ZONE 'UTC'", 'untouched'],
  ['SET extra_float_digits = 3', 'untouched'],
  ["SET LOCAL statement_timeout TO '5s'", 'untouched'],
  ['SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'untouched'],
  ["ALTER ROLE bob SET search_path = 'x'", 'exact'],
  ["CALL app.proc('x')", 'untouched'],
  ['CALL proc()', 'untouched'],
])

refused([
  ["SELECT uuid('x', 'y')", 'the SELECT list gives a value to the function uuid'],
  ["SELECT app.uuid('x')", 'the SELECT list gives a value to the function app.uuid'],
  ["SELECT uuid(DISTINCT 'x')", 'the SELECT list gives a value to the function uuid'],
  ["SELECT record('x')", 'the SELECT list gives a value to the function record'],
  ["SELECT users('x')", 'the SELECT list gives a value to the function users'],
  [
    "SELECT my_function('x')",
    'the SELECT list gives a value to the function my_function, and acra-server does not know what is done with it',
  ],
  [
    'SELECT my_function($1)',
    'the SELECT list gives a value to the function my_function, and acra-server does not know what is done with it',
  ],
  [
    "SELECT my_function(nick || 'x') FROM users",
    'the SELECT list gives a value to the function my_function, and acra-server does not know what is done with it',
  ],
  [
    "SELECT my_function(v.x) FROM (VALUES ('x')) v (x)",
    'the SELECT list gives a value to the function my_function, and acra-server does not know what is done with it',
  ],
  [
    "SELECT public.lower('x')",
    'the SELECT list gives a value to the function public.lower, and acra-server does not know what is done with it',
  ],
  [
    "SELECT my_aggregate(nick, 'x') FROM users",
    'the SELECT list gives a value to the function my_aggregate, and acra-server does not know what is done with it',
  ],
  [
    "SELECT my_function(id) OVER (PARTITION BY my_function('x')) FROM users",
    'OVER gives a value to the function my_function, and acra-server does not know what is done with it',
  ],
  [
    "SELECT * FROM my_function('x')",
    'FROM gives a value to the function my_function, and acra-server does not know what is done with it',
  ],
  [
    "SELECT * FROM ROWS FROM (generate_series(1, 2), my_function('x'))",
    'FROM gives a value to the function my_function, and acra-server does not know what is done with it',
  ],
  [
    "SELECT 'a' OPERATOR(public.===) 'b'",
    'the SELECT list gives a value to the operator public.===, and acra-server does not know what is done with it',
  ],
  [
    "SELECT query_to_xml('select 1', true, true, '')",
    'the SELECT list calls query_to_xml, which runs SQL from a text or reaches tables or files by their names',
  ],
  [
    "SELECT pg_catalog.query_to_xml(nick, true, true, '') FROM users",
    'the SELECT list calls pg_catalog.query_to_xml, which runs SQL from a text or reaches tables or files by their names',
  ],
  [
    "SELECT table_to_xml('users', true, true, '')",
    'the SELECT list calls table_to_xml, which runs SQL from a text or reaches tables or files by their names',
  ],
  [
    "SELECT ts_stat('select email from users')",
    'the SELECT list calls ts_stat, which runs SQL from a text or reaches tables or files by their names',
  ],
  [
    "SELECT pg_read_file('x')",
    'the SELECT list calls pg_read_file, which runs SQL from a text or reaches tables or files by their names',
  ],
  [
    "SELECT lo_import('/etc/passwd')",
    'the SELECT list calls lo_import, which runs SQL from a text or reaches tables or files by their names',
  ],
  [
    "SELECT dblink('host=x', 'select 1')",
    'the SELECT list gives a value to the function dblink, and acra-server does not know what is done with it',
  ],
  [
    "SELECT set_config('client_encoding', 'SJIS', false)",
    'client_encoding is set to an encoding in which a part of a character may look like a quote',
  ],
  [
    "SELECT set_config('client_encoding', 'U' || 'TF8', false)",
    'client_encoding is set to an encoding in which a part of a character may look like a quote',
  ],
  [
    "SELECT set_config(name, 'x', false) FROM pg_settings",
    'the SELECT list gives a value to set_config under a computed name',
  ],
  [
    "SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'a' OR name = 'client_encoding'",
    'the SELECT list gives a value to set_config under a computed name',
  ],
  [
    "SELECT set_config(name, 'x', false) FROM pg_settings s (a, b, name) WHERE name = 'a'",
    'the SELECT list gives a value to set_config under a computed name',
  ],
  [
    "SELECT (SELECT set_config(name, 'x', false) FROM (VALUES ('client_encoding')) v (name)) FROM pg_settings WHERE name = 'a'",
    'the SELECT list gives a value to set_config under a computed name',
  ],
  [
    "SELECT set_config(name, 'SJIS', false) FROM pg_settings WHERE name = 'client_encoding'",
    'client_encoding is set to an encoding in which a part of a character may look like a quote',
  ],
  [
    "UPDATE pg_settings SET setting = 'SJIS' WHERE name = 'client_encoding'",
    'client_encoding is set to an encoding in which a part of a character may look like a quote',
  ],
  [
    "UPDATE pg_settings SET setting = 'x'",
    'a statement writes pg_settings, which belongs to the system catalogs',
  ],
  [
    "UPDATE pg_settings SET setting = 'x' WHERE name = 'a' OR true",
    'a statement writes pg_settings, which belongs to the system catalogs',
  ],
  [
    "UPDATE pg_settings SET setting = 'x' WHERE name <> 'a'",
    'a statement writes pg_settings, which belongs to the system catalogs',
  ],
  [
    "UPDATE pg_settings SET setting = 'off' WHERE name OPERATOR(public.=) 'standard_conforming_string_'",
    'a statement writes pg_settings, which belongs to the system catalogs',
  ],
  [
    "UPDATE pg_settings SET setting = 'x', unit = 'y' WHERE name = 'a'",
    'a statement writes pg_settings, which belongs to the system catalogs',
  ],
  [
    "UPDATE pg_settings SET setting = s.v FROM (VALUES ('a', 'b')) s (name, v) WHERE name = 'a'",
    'a statement writes pg_settings, which belongs to the system catalogs',
  ],
  [
    "INSERT INTO pg_catalog.pg_class (relname) VALUES ('x')",
    'a statement writes pg_class, which belongs to the system catalogs',
  ],
  ['DELETE FROM pg_rewrite', 'a statement writes pg_rewrite, which belongs to the system catalogs'],
  [
    'COPY pg_attribute (attname) FROM STDIN',
    'a statement writes pg_attribute, which belongs to the system catalogs',
  ],
  [
    "PREPARE s AS SELECT set_config('standard_conforming_strings', 'off', false)",
    'PREPARE of a statement that sets something by a parameter',
  ],
  [
    "PREPARE s AS SELECT set_config('client_encoding', $1, false)",
    'PREPARE of a statement that sets something by a parameter',
  ],
  [
    'PREPARE s AS SELECT set_config($1, $2, false)',
    'PREPARE of a statement that sets something by a parameter',
  ],
  [
    "SELECT set_config('a' || 'b', 'x', false)",
    'the SELECT list gives a value to set_config under a computed name, and acra-server does not know what is done with it',
  ],
  [
    'ALTER SYSTEM SET standard_conforming_strings = off',
    'ALTER SYSTEM sets standard_conforming_strings to something else than on',
  ],
  [
    "SET client_encoding = 'SJIS'",
    'client_encoding is set to an encoding in which a part of a character may look like a quote',
  ],
  [
    "SET NAMES 'GB18030'",
    'client_encoding is set to an encoding in which a part of a character may look like a quote',
  ],
  ["CALL other.proc('x')", 'CALL gives a value to the function other.proc'],
  ["DO 'begin end'", 'DO'],
  ['DO $$ BEGIN PERFORM 1; END $$', 'DO'],
])
