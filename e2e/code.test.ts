/** Functions, procedures, rules and DO that clients define where the schema is learned: those that have nothing to do with protected columns run. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { addressOf, directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const encryptorConfig = `schemas:
  - table: people
    schema: hr
    encrypted:
      - { column: email, data_type: str }
`
const SECRET = 'kestrel4471@example.org'

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab({ auth: 'trust' })
  await directly(lab.database, (client) =>
    client.query(`
      CREATE SCHEMA hr;
      CREATE TABLE hr.people (id integer, email bytea);
      CREATE VIEW contacts AS SELECT id, email AS address FROM hr.people;
      CREATE TABLE notes (id integer, note text);
      CREATE TABLE log (note text);`),
  )
  const flags = ['--schema_introspection', '--schema_introspection_user=postgres']
  front = await lab.front({ encryptorConfig, flags })
})
after(() => lab.stop())

async function through<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(addressOf(lab.database, front))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test('code that names nothing protected is defined and runs', async () => {
  await through(async (client) => {
    for (const definition of [
      'CREATE FUNCTION twice(a integer) RETURNS integer LANGUAGE sql AS $$ SELECT 2 * a $$',
      'CREATE FUNCTION thrice(a integer) RETURNS integer RETURN 3 * a',
      `CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$
         DECLARE said text := upper(NEW.note);
         BEGIN
           IF TG_OP = 'INSERT' THEN INSERT INTO log VALUES (said); END IF;
           RETURN NEW;
         END $$`,
      'CREATE TRIGGER noted BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION noted()',
      'CREATE RULE kept AS ON DELETE TO notes DO ALSO INSERT INTO log VALUES (old.note)',
      `CREATE PROCEDURE clear() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log; COMMIT; END $$`,
      `DO $$ BEGIN FOR i IN 1..2 LOOP INSERT INTO notes VALUES (i, 'note ' || i); END LOOP; END $$`,
    ])
      await client.query(definition)
    await client.query('DELETE FROM notes WHERE id = 2')
    const said = await client.query('SELECT note FROM log ORDER BY note COLLATE "C"')
    assert.deepEqual(
      said.rows.map(({ note }) => note),
      ['NOTE 1', 'NOTE 2', 'note 2'],
    )
    const { rows } = await client.query('SELECT twice(id) AS two, thrice(id) AS three FROM notes')
    assert.deepEqual(rows, [{ two: 2, three: 3 }])
    await client.query('CALL clear()')
    assert.equal((await client.query('TABLE log')).rowCount, 0)
    await assert.rejects(client.query('SELECT twice(1)'), { code: '0A000' })
    await assert.rejects(client.query('SELECT twice($1)', [1]), { code: '0A000' })
  })
})

const isRefusal = (error: Error) =>
  ['0A000', '42601'].includes((error as pg.DatabaseError).code ?? '')

test('code that names a protected table, a view of one, or may under another search path, is not defined', async () => {
  front.tap.take()
  await through(async (client) => {
    for (const insert of [
      `INSERT INTO hr.people (id, email) VALUES (1, '${SECRET}')`,
      `INSERT INTO people (id, email) VALUES (1, '${SECRET}')`,
      `INSERT INTO contacts (id, address) VALUES (1, '${SECRET}')`,
      `INSERT INTO unknown (id, email) VALUES (1, '${SECRET}')`,
      `PERFORM set_config('search_path', 'hr', false)`,
      `EXECUTE 'INSERT INTO hr.people VALUES (1, ''${SECRET}'')'`,
    ]) {
      for (const definition of [
        `CREATE FUNCTION bad() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${insert}; END $$`,
        `CREATE FUNCTION bad() RETURNS void LANGUAGE sql AS $$ ${insert.replace('PERFORM', 'SELECT')} $$`,
        `DO $$ BEGIN ${insert}; END $$`,
        ...(insert.startsWith('INSERT')
          ? [
              `CREATE PROCEDURE bad() BEGIN ATOMIC ${insert}; END`,
              `CREATE RULE bad AS ON INSERT TO notes DO ALSO ${insert}`,
            ]
          : []),
      ])
        await assert.rejects(client.query(definition), isRefusal, definition)
    }
  })
  assert.ok(!front.tap.take().toDatabase.includes('kestrel4471'))
  const made = await directly(lab.database, (client) =>
    client.query("SELECT proname FROM pg_proc WHERE proname = 'bad'"),
  )
  assert.deepEqual(made.rows, [])
  const stored = await directly(lab.database, (client) => client.query('TABLE hr.people'))
  assert.deepEqual(stored.rows, [])
})
