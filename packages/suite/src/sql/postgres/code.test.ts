import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBody } from './plpgsql.ts'
import { analyzeSql, catalogOf, verdict } from './testing/index.ts'
import { allowed, catalog as incomplete, refused } from './testing/tables.ts'

/** As of a database that has been asked for all of its relations. */
const spec = {
  tables: {
    'public.users': { columns: ['id', 'email', 'name', 'nick'], protect: ['email', 'name'] },
    'public.plain': { columns: ['id', 'email', 'note'] },
    'public.log': { columns: ['id', 'note'] },
  },
  trusted: ['trusted'],
  isComplete: true,
}
const catalog = catalogOf(spec)

const sql = (body: string, more = '') =>
  `CREATE FUNCTION f(a integer, b text) RETURNS integer LANGUAGE sql ${more} AS $body$ ${body} $body$`
const plpgsql = (body: string, declarations = '') =>
  `CREATE FUNCTION f(a integer, b text) RETURNS integer LANGUAGE plpgsql AS $body$ DECLARE ${declarations} BEGIN ${body} END $body$`
const trigger = (body: string) =>
  `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN ${body} RETURN NEW; END $body$`
const run = (body: string) => `DO $body$ BEGIN ${body} END $body$`

for (const statement of [
  sql('SELECT a + 1'),
  sql("INSERT INTO plain (id, email) VALUES ($1, b), (f.a, 'x') RETURNING id"),
  sql(
    'SELECT 1; SELECT a',
    'STABLE STRICT SECURITY DEFINER SET search_path = app SET work_mem = 1',
  ),
  sql('SELECT trusted(a)'),
  'CREATE FUNCTION f(a integer, b text = $$x$$) RETURNS integer RETURN a + 1',
  'CREATE PROCEDURE f(a integer) BEGIN ATOMIC INSERT INTO plain (id) VALUES (a); SELECT a; END',
  'CREATE OR REPLACE FUNCTION f(plain) RETURNS SETOF plain LANGUAGE sql AS $$ SELECT $1 $$',
  "CREATE FUNCTION f(x plain.email%TYPE) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
  plpgsql(
    'x := a + 1; y[1] := x; r.email := b; RETURN x;',
    'x integer = a; y integer[]; r record; q plain%ROWTYPE; z plain.note%TYPE; w x%TYPE;',
  ),
  plpgsql(
    "SELECT note INTO x FROM plain WHERE id = a; INSERT INTO plain (id, email) VALUES (a, 'x');",
    'x text;',
  ),
  plpgsql('name := b; INSERT INTO log (note) VALUES (name);', 'name text;'),
  plpgsql(
    'FOR r IN SELECT * FROM plain LOOP PERFORM r.email; RAISE NOTICE $$%$$, r.email; END LOOP;',
    'r record;',
  ),
  plpgsql('CREATE TABLE log_2 (id integer); DROP TABLE log_2; COMMIT;'),
  plpgsql(
    'OPEN c(1); FETCH c INTO a; CLOSE c;',
    'c CURSOR (k integer) FOR SELECT id FROM plain WHERE id = k;',
  ),
  plpgsql('BEGIN GET DIAGNOSTICS a = ROW_COUNT; EXCEPTION WHEN others THEN a := 1; END;'),
  trigger(
    'NEW.email := OLD.email; INSERT INTO log SELECT NEW.id, NEW.email; INSERT INTO plain VALUES (NEW.*);',
  ),
  run('PERFORM 1; UPDATE plain SET email = $$x$$;'),
  'CREATE RULE r AS ON INSERT TO plain WHERE new.id > 1 DO ALSO (INSERT INTO log VALUES (new.id, new.email); NOTIFY x)',
  'CREATE RULE r AS ON UPDATE TO plain DO INSTEAD NOTHING',
]) {
  test(`code passes: ${statement}`, () => {
    assert.equal(verdict(statement, catalog), 'exact')
    assert.match(verdict(statement, incomplete), /^refused: .*(does not read code|kind \(Rule\))/)
  })
}

/** Each part of PL/pgSQL that has an expression or a statement. */
for (const body of [
  'a := #;',
  'a = #;',
  'a := 1 + (#);',
  'y[#] := 1;',
  'PERFORM #;',
  'IF # THEN NULL; END IF;',
  'IF true THEN a := #; END IF;',
  'IF true THEN NULL; ELSIF # THEN NULL; END IF;',
  'IF true THEN NULL; ELSIF true THEN PERFORM #; END IF;',
  'IF true THEN NULL; ELSE PERFORM #; END IF;',
  'CASE # WHEN 1 THEN NULL; END CASE;',
  'CASE a WHEN # THEN NULL; END CASE;',
  'CASE a WHEN 1 THEN PERFORM #; END CASE;',
  'CASE a WHEN 1 THEN NULL; ELSE PERFORM #; END CASE;',
  'CASE WHEN # THEN NULL; END CASE;',
  'LOOP PERFORM #; END LOOP;',
  'WHILE # LOOP END LOOP;',
  'WHILE true LOOP PERFORM #; END LOOP;',
  'FOR i IN #..2 LOOP END LOOP;',
  'FOR i IN 1..# LOOP END LOOP;',
  'FOR i IN 1..2 BY # LOOP END LOOP;',
  'FOR i IN 1..2 LOOP PERFORM #; END LOOP;',
  'FOR r IN SELECT # LOOP END LOOP;',
  'FOR r IN SELECT 1 LOOP PERFORM #; END LOOP;',
  'FOR r IN c(#) LOOP END LOOP;',
  'FOR r IN c(1) LOOP PERFORM #; END LOOP;',
  'FOREACH a IN ARRAY # LOOP END LOOP;',
  'FOREACH a IN ARRAY y LOOP PERFORM #; END LOOP;',
  'LOOP EXIT WHEN #; END LOOP;',
  'LOOP CONTINUE WHEN #; END LOOP;',
  'RAISE NOTICE $$%$$, #;',
  'RAISE EXCEPTION USING MESSAGE = #;',
  'ASSERT #;',
  'ASSERT true, #;',
  'OPEN c(#);',
  'OPEN d FOR SELECT #;',
  'FETCH RELATIVE # FROM c INTO a;',
  'MOVE RELATIVE # FROM c;',
  'CALL trusted(#);',
  'CALL #;',
  'SELECT # INTO a;',
  'INSERT INTO plain (id) VALUES (#);',
  'BEGIN a := #; END;',
  'BEGIN NULL; EXCEPTION WHEN others THEN PERFORM #; END;',
  'DECLARE z integer := #; BEGIN NULL; END;',
  'DECLARE z CURSOR FOR SELECT #; BEGIN NULL; END;',
  'RETURN #;',
]) {
  const declarations =
    'y integer[]; r record; d refcursor; c CURSOR (k integer) FOR SELECT id FROM plain WHERE id = k;'
  const calling = (what: string) => plpgsql(body.replace('#', what), declarations)
  test(`in a body: ${body}`, () => {
    if (body !== 'CALL #;')
      assert.equal(verdict(calling('(SELECT 1 FROM plain)'), catalog), 'exact')
    assert.match(verdict(calling("unknown('x')"), catalog), /^refused: .* function unknown/)
    assert.match(verdict(calling('unknown(b)'), catalog), /^refused: .* function unknown/)
    if (body !== 'CALL #;')
      assert.match(verdict(calling('(SELECT 1 FROM users)'), catalog), /body names users/)
  })
}

const dynamic = [
  'EXECUTE b;',
  'EXECUTE b INTO a USING a;',
  'FOR r IN EXECUTE b LOOP END LOOP;',
  'OPEN d FOR EXECUTE b;',
]
for (const body of dynamic) {
  test(`in a body EXECUTE is not read: ${body}`, () => {
    const statement = plpgsql(body, 'r record; d refcursor;')
    assert.match(verdict(statement, catalog), /^refused: CREATE FUNCTION: EXECUTE in a body/)
  })
}

for (const [statement, why] of [
  [sql('SELECT email FROM users'), /its body names users/],
  [sql('SELECT email FROM archive.users'), /^exact$/],
  [sql('INSERT INTO users (id, email) VALUES (a, b)'), /its body names users/],
  [sql("INSERT INTO contacts (id, email) VALUES (a, 'x')"), /contacts/],
  [sql('INSERT INTO contacts (id, email) VALUES (a, b)'), /contacts/],
  [sql('INSERT INTO contacts (id, email) VALUES ($1, $2)'), /contacts/],
  [sql("SELECT g('x')"), /value to the function g/],
  [sql('SELECT g(a), g($1), g(f.b)'), /value to the function g/],
  [sql('SELECT g()'), /^exact$/],
  [sql("SELECT query_to_xml('select', true, true, '')"), /calls query_to_xml/],
  [sql('SELECT 1', 'SET standard_conforming_strings = off'), /option set/],
  [sql('SELECT 1', "SET client_encoding = 'LATIN1'"), /option set/],
  [sql('SELECT 1', 'SET role = x'), /option set/],
  [sql("SELECT set_config('search_path', 'x', false)"), /how later statements are read/],
  [sql('SELECT set_config(b, b, false)'), /set_config under a computed name/],
  [sql('SELECT set_config($2, $2, false)'), /how later statements are read/],
  [sql("SELECT 'a\\'"), /backslash before a quote/],
  [sql('SELECT 1 AS é'), /beyond ASCII/],
  [sql("EXECUTE q('x')"), /executes a statement by its name/],
  [sql('EXECUTE q'), /executes a statement by its name/],
  [sql('PREPARE q AS SELECT 1'), /executes a statement by its name/],
  [sql('EXPLAIN EXECUTE q(1)'), /executes a statement by its name/],
  [sql('SELEC 1'), /cannot parse/],
  [plpgsql('SET standard_conforming_strings = off;'), /how later statements are read/],
  [plpgsql('SET client_encoding = LATIN1;'), /how later statements are read/],
  [plpgsql('RESET ALL;'), /how later statements are read/],
  [plpgsql('foo bar;'), /cannot parse/],
  [plpgsql('NULL;', 'x users%ROWTYPE;'), /body names users/],
  [plpgsql('NULL;', 'x public.users.email%TYPE;'), /body names users/],
  [plpgsql('NULL;', 'x "users"%ROWTYPE;'), /body names users/],
  [plpgsql('NULL;', 'x users[];'), /row type of users|body names users/],
  [plpgsql('INSERT INTO contacts (email) VALUES (x);', "x text := 'secret';"), /contacts/],
  [plpgsql('CREATE VIEW v AS SELECT * FROM users;'), /body names users/],
  [plpgsql('ALTER TABLE users RENAME TO others;'), /body names users|RENAME/],
  [
    plpgsql('CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS $$ SELECT 1 FROM users $$;'),
    /body names users/,
  ],
  [
    plpgsql('CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS $$ SELECT 1 FROM plain $$;'),
    /^exact$/,
  ],
  [trigger('INSERT INTO users (email) VALUES (NEW.note);'), /body names users/],
  [trigger('INSERT INTO contacts (email) VALUES (NEW.note);'), /contacts/],
  [trigger('INSERT INTO contacts SELECT NEW.*;'), /^exact$/],
  ['CREATE FUNCTION f(users) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$', /row type of users/],
  ['CREATE FUNCTION f() RETURNS SETOF users LANGUAGE sql AS $$ SELECT 1 $$', /row type of users/],
  [
    'CREATE FUNCTION f(users.email%TYPE) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
    /row type of users/,
  ],
  [
    "CREATE FUNCTION f(a text = g('x')) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$",
    /function g/,
  ],
  ['CREATE FUNCTION f() RETURNS integer RETURN (SELECT 1 FROM users)', /body names users/],
  [
    "CREATE PROCEDURE f() BEGIN ATOMIC INSERT INTO users (email) VALUES ('x'); END",
    /body names users/,
  ],
  ["CREATE FUNCTION f() RETURNS integer LANGUAGE c AS 'x'", /language c/],
  ["CREATE FUNCTION f() RETURNS integer LANGUAGE internal AS 'x'", /language internal/],
  ["CREATE FUNCTION f() RETURNS integer LANGUAGE plpython3u AS 'x'", /language plpython3u/],
  [run('INSERT INTO users (email) VALUES ($$x$$);'), /body names users/],
  [run("INSERT INTO contacts (email) VALUES ('x');"), /contacts/],
  [run("EXECUTE 'x';"), /EXECUTE in a body/],
  ["DO LANGUAGE plpython3u 'x'", /language plpython3u/],
  ['ALTER FUNCTION f() SET search_path = app', /ALTER FUNCTION/],
  ["SELECT f('x')", /gives a value to the function f/],
  ['CREATE RULE r AS ON INSERT TO users DO INSTEAD NOTHING', /CREATE RULE on a column of users/],
  [
    'CREATE RULE r AS ON INSERT TO plain DO INSTEAD INSERT INTO users (email) VALUES (new.email)',
    /body names users/,
  ],
  [
    'CREATE RULE r AS ON INSERT TO plain DO INSTEAD INSERT INTO contacts (email) VALUES (new.email)',
    /contacts/,
  ],
  [
    'CREATE RULE "_RETURN" AS ON SELECT TO plain DO INSTEAD SELECT * FROM users',
    /body names users/,
  ],
  ['CREATE RULE r AS ON INSERT TO plain DO ALSO SELECT g(new.email)', /value to the function g/],
  [
    'CREATE RULE r AS ON INSERT TO plain WHERE EXISTS (SELECT 1 FROM users) DO INSTEAD NOTHING',
    /body names users/,
  ],
  ["CREATE AGGREGATE a (integer) (sfunc = int4pl, stype = integer, initcond = '0')", /^exact$/],
  ["CREATE AGGREGATE a (integer) (sfunc = g, stype = integer, initcond = '0')", /kind \(Define\)/],
  ['CREATE AGGREGATE a (integer) (sfunc = g, stype = integer)', /^untouched$/],
  ['CREATE AGGREGATE max (mine) (sfunc = g, stype = mine)', /kind \(Define\)/],
  ['CREATE OPERATOR === (leftarg = text, rightarg = text, function = texteq)', /^untouched$/],
  ['CREATE OPERATOR === (leftarg = text, rightarg = text, function = g)', /kind \(Define\)/],
  [
    'CREATE OPERATOR === (leftarg = text, rightarg = text, function = texteq, restrict = g)',
    /kind \(Define\)/,
  ],
  ['CREATE OPERATOR === (leftarg = text, rightarg = text)', /^untouched$/],
  ["CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", /^exact$/],
  [
    "CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    /kind \(CreateConversion\)/,
  ],
  ['ALTER OPERATOR === (text, text) SET (RESTRICT = NONE, JOIN = eqjoinsel)', /^untouched$/],
  ['ALTER OPERATOR === (text, text) SET (RESTRICT = g)', /kind \(AlterOperator\)/],
  ['CREATE ACCESS METHOD h TYPE TABLE HANDLER heap_tableam_handler', /^untouched$/],
  ['CREATE ACCESS METHOD h TYPE TABLE HANDLER g', /kind \(CreateAm\)/],
  [
    'CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))',
    /^untouched$/,
  ],
  [
    'CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION g(internal))',
    /kind \(CreateTransform\)/,
  ],
  ['CREATE CAST (a AS b) WITHOUT FUNCTION', /^untouched$/],
  ['CREATE CAST (a AS b) WITH INOUT', /^untouched$/],
  ['CREATE CAST (a AS b) WITH FUNCTION lower(text)', /^untouched$/],
  ['CREATE CAST (a AS b) WITH FUNCTION g(a)', /kind \(CreateCast\)/],
  ['CREATE CAST (users AS b) WITHOUT FUNCTION', /row type of users/],
  [
    'CREATE OPERATOR CLASS c FOR TYPE integer USING btree AS OPERATOR 1 <, FUNCTION 1 g(integer, integer)',
    /^(untouched|exact)$/,
  ],
] as const) {
  test(`code is looked at: ${statement}`, () => {
    assert.match(verdict(statement, catalog), why)
  })
}

test('a table of a body may be that of any search path', () => {
  const [known] = [catalogOf({ ...spec, tables: { 'app.users': { protect: ['email'] } } })]
  const users = known.table('app', 'users')
  const anywhere = {
    ...known,
    unqualified: (name: string, paths: readonly (readonly string[] | null)[]) => {
      const isAny = paths.some((path) => path === null || path.includes('app'))
      return { table: name === 'users' && isAny ? users : null, doubt: [], readsPath: true }
    },
  }
  assert.match(verdict(sql('INSERT INTO users (id) VALUES (1)'), anywhere), /body names users/)
})

test('a tree without exactly one body, or with what is not known, is not read', () => {
  const body = { PLpgSQL_function: { datums: [], action: { PLpgSQL_stmt_block: {} } } }
  assert.equal(readBody({ plpgsql_funcs: [body] }).unread, null)
  assert.equal(readBody({ plpgsql_funcs: [] }).unread, 'all')
  assert.equal(readBody({ plpgsql_funcs: [{ PLpgSQL_function: { datums: [] } }] }).unread, 'all')
  assert.equal(readBody({ plpgsql_funcs: [body, body] }).unread, 'all')
  const later = {
    PLpgSQL_function: { action: { PLpgSQL_stmt_block: { body: [{ PLpgSQL_stmt_new: {} }] } } },
  }
  assert.equal(readBody({ plpgsql_funcs: [later] }).unread, 'stmt_new')
})

test('the hint of a refused body says each thing once', () => {
  const hintOf = (text: string) => {
    const analysis = analyzeSql(text, catalog)
    return analysis.kind === 'refused' ? (analysis.refusal.hint ?? '') : assert.fail()
  }
  assert.equal(hintOf(run("EXECUTE 'x';")), 'Run it on the database without acra-server.')
  assert.match(hintOf(sql('SELECT 1 FROM users')), /^Let the application .* trusted_functions/)
  for (const statement of [sql('SELECT 1 FROM users'), sql("SELECT g('x')"), plpgsql('EXECUTE b;')])
    assert.equal(hintOf(statement).split('without acra-server').length, 2, statement)
})

test('DO changes the schema where its body does', () => {
  assert.equal(analyzeSql(run('PERFORM 1;'), catalog).schemaChange, undefined)
  const change = analyzeSql(run('CREATE TABLE x (id integer);'), catalog).schemaChange
  assert.equal(change?.isCertain, true)
  assert.equal(analyzeSql(sql('SELECT 1'), catalog).schemaChange, undefined)
})

allowed([
  ['ALTER FUNCTION trusted() SET search_path = app', 'untouched'],
  ['ALTER FUNCTION f(integer) STABLE STRICT COST 10', 'exact'],
])
refused([
  [
    'CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE FUNCTION: acra-server does not read code',
  ],
  ['ALTER FUNCTION f() SET work_mem = 1', 'ALTER FUNCTION: acra-server does not read code'],
  ['DO $$ BEGIN END $$', 'DO: acra-server does not read code'],
])

for (const body of [
  "NEW.email := 'secret';",
  "NEW.email = 'secret';",
  'NEW . "email" := \'secret\';',
  "IF NEW.id > 1 THEN NEW.email = lower('Secret'); END IF;",
  "SELECT 1, 'secret' INTO NEW.id, NEW.email;",
  "SELECT 'secret' INTO STRICT NEW.email;",
  "OLD.name := 'secret'; RETURN OLD;",
  "NEW.email := OLD.email || 'secret';",
  'NEW.email := NEW.nick;',
  'NEW."email" := NEW."nick";',
  "NEW := ROW(1, 'secret');",
  "SELECT 1, 'secret' INTO NEW;",
  "RETURN ROW(1, 'secret');",
]) {
  test(`a trigger that may give a protected column a value is refused: ${body}`, () => {
    const { kind } = analyzeSql(trigger(body), catalog)
    assert.equal(kind, 'refused')
  })
}

for (const body of [
  "NEW.note := 'x'; NEW.nick = 'y';",
  'IF NEW.email = OLD.email THEN RETURN NULL; END IF;',
  'NEW.email := OLD.email;',
]) {
  test(`a trigger that leaves protected columns as they are is defined: ${body}`, () => {
    assert.notEqual(analyzeSql(trigger(body), catalog).kind, 'refused')
  })
}
