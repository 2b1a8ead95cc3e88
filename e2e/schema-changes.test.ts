/** Schemas that change while statements go on: through acra-server, and past it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const encryptorConfig = `schemas:
  - table: people
    encrypted:
      - { column: email, data_type: str, searchable: true }
`
const schema = `
CREATE TABLE people (id integer, name text, email bytea) PARTITION BY LIST (id);
CREATE TABLE people_1 PARTITION OF people FOR VALUES IN (1);
CREATE TABLE notes (id integer, name text, email bytea);
`
const introspection = ['--schema_introspection', '--schema_introspection_user=reader']

let lab: Lab
before(async () => {
  lab = await startLab({ auth: 'trust' })
  await directly(lab.database, async (client) => {
    await client.query('CREATE ROLE reader LOGIN')
    for (const name of ['crowd', 'past', 'told', 'hangup', 'refusing'])
      await client.query(`CREATE DATABASE ${name}`)
  })
  for (const name of ['crowd', 'past', 'told', 'hangup', 'refusing'])
    await directly(lab.database, (client) => client.query(schema), name)
})
after(() => lab.stop())

async function connected(front: Pick<Front, 'host' | 'port'>, database: string) {
  const client = new pg.Client({
    host: front.host,
    port: front.port,
    user: 'postgres',
    database,
  })
  await client.connect()
  return client
}

function past(database: string, sql: string): Promise<unknown> {
  return directly(lab.database, (client) => client.query(sql), database)
}

/** What the column has in the database, as it is. */
async function stored(database: string, query: string): Promise<string> {
  const { rows } = await directly(lab.database, (client) => client.query(query), database)
  return rows.map((row) => Buffer.from(Object.values(row)[0] as Buffer).toString('latin1')).join()
}

test('connections that make and drop views again and again stop nobody, and fill no log', async () => {
  const front = await lab.front({ encryptorConfig, flags: introspection })
  const makers = await Promise.all([1, 2].map(() => connected(front, 'crowd')))
  const reader = await connected(front, 'crowd')
  let isDone = false
  const refusals: string[] = []
  const makes = makers.map(async (client, number) => {
    while (!isDone) {
      await client.query(`CREATE VIEW v_${number} AS SELECT id FROM people`)
      await client.query(`DROP VIEW v_${number}`)
    }
  })
  const endMs = performance.now() + 3000
  while (performance.now() < endMs)
    for (const text of ['SELECT 1', "SELECT id FROM people WHERE email = 'x'"])
      await reader.query(text).catch((error: pg.DatabaseError) => refusals.push(error.message))
  isDone = true
  await Promise.all(makes)
  assert.deepEqual(refusals, [])
  await reader.query("INSERT INTO people VALUES (1, 'Ann', 'ann@x.org')")
  for (const client of [...makers, reader]) await client.end()
  const lines = front.log().split('\n')
  const isOfSchema = (line: string) => /code=206[0-3]/.test(line)
  assert.ok(lines.filter(isOfSchema).length <= 12, lines.filter(isOfSchema).join('\n'))
  assert.doesNotMatch(await stored('crowd', 'SELECT email FROM people'), /ann@/)
})

test('what another session drops while it is read is not waited for', async () => {
  // Past acra-server nobody waits for anybody: views come and go under the reading.
  const front = await lab.front({ encryptorConfig, flags: introspection })
  const client = await connected(front, 'crowd')
  let isDone = false
  const others = [1, 2, 3].map((number) =>
    directly(
      lab.database,
      async (other) => {
        while (!isDone)
          await other.query(
            `CREATE VIEW w_${number} AS SELECT id, name FROM people; DROP VIEW w_${number}`,
          )
      },
      'crowd',
    ),
  )
  for (let round = 0; round < 20; round++) {
    await client.query(`CREATE TABLE t_${round} (email text)`)
    await client.query(`INSERT INTO t_${round} VALUES ('kim@x.org')`)
    await client.query(`DROP TABLE t_${round}`)
  }
  isDone = true
  await Promise.all(others)
  await client.end()
  assert.doesNotMatch(front.log(), /code=2061/)
})

test('after a change that cannot be learned only statements that it may be about are refused', async () => {
  const front = await lab.front({ encryptorConfig, flags: introspection })
  const client = await connected(front, 'refusing')
  await client.query('SELECT 1')
  const reader = (may: string) => past('refusing', `ALTER ROLE reader ${may}`)
  const ended = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1'
  await reader('NOLOGIN')
  await directly(lab.database, (other) => other.query(ended, ['reader']))
  await client.query('ALTER TABLE people ADD COLUMN more text')
  for (const text of ['SELECT id FROM people', 'SELECT id FROM people_1'])
    await assert.rejects(client.query(text), { code: '55000' })
  await client.query('SELECT 1')
  await client.query("INSERT INTO notes (id, name) VALUES (1, 'x')")
  const other = await connected(front, 'refusing')
  await other.query('SELECT id FROM notes')
  await assert.rejects(other.query('SELECT id FROM people'), { code: '55000' })
  assert.equal(front.log().split('code=2061').length - 1, 1)
  await reader('LOGIN')
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await other.query('SELECT id, more FROM people')
  await client.query("INSERT INTO people VALUES (1, 'Ann', 'ann@x.org', 'more')")
  await client.end()
  await other.end()
  assert.doesNotMatch(await stored('refusing', 'SELECT email FROM people'), /ann@/)
})

/** Three tables, known to protect nothing, that others turn into what people are. */
const traps = `
CREATE TABLE part (id integer, name text, email bytea);
CREATE TABLE shown (id integer, name text, email bytea);
CREATE TABLE ruled (id integer, name text, email bytea);
`
const sprung = `
ALTER TABLE people ATTACH PARTITION part FOR VALUES IN (2);
DROP TABLE shown;
CREATE VIEW shown AS SELECT id, name, email FROM people;
CREATE RULE away AS ON INSERT TO ruled DO INSTEAD INSERT INTO people VALUES (NEW.id, NEW.name, NEW.email);
`

/** Statements that list their columns, each prepared before. */
const writes = ['part', 'shown', 'ruled'].map((table) => ({
  name: table,
  text: `INSERT INTO ${table} (id, email) VALUES ($1, $2)`,
  values: [table === 'part' ? 2 : 1, 'eve@x.org'],
}))

async function writesAreProtected(client: pg.Client, database: string): Promise<void> {
  // Their values would go to other columns by now.
  for (const write of writes)
    await assert.rejects(client.query(write), { code: '0A000' }, write.name)
  const [part, shown, ruled] = writes.map(({ text, values }) => ({ text, values }))
  for (const write of [part, shown]) await client.query(write as pg.QueryConfig)
  await assert.rejects(client.query(ruled as pg.QueryConfig), { code: '0A000', message: /rules/ })
  await client.query("UPDATE shown SET email = 'fay@x.org' WHERE id = 2")
  const { rows } = await client.query("SELECT email FROM people WHERE email = 'fay@x.org'")
  assert.deepEqual(rows, [{ email: 'fay@x.org' }])
  assert.doesNotMatch(await stored(database, 'SELECT email FROM people'), /@x\.org/)
}

async function trapped(front: Front, database: string): Promise<pg.Client> {
  await past(database, traps)
  const client = await connected(front, database)
  for (const write of writes) await client.query(write)
  return client
}

test('a statement that gives values is not decided by what was known long ago', async () => {
  const front = await lab.front({
    encryptorConfig,
    flags: [
      ...introspection,
      '--schema_introspection_interval=0',
      '--schema_introspection_max_age=1',
    ],
  })
  const client = await trapped(front, 'past')
  await past('past', `DELETE FROM part; ${sprung}`)
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await writesAreProtected(client, 'past')
  await client.end()
})

test('SIGHUP recognises what others made of known tables', async () => {
  const front = await lab.front({
    encryptorConfig,
    flags: [
      ...introspection,
      '--schema_introspection_interval=0',
      '--schema_introspection_max_age=0',
    ],
  })
  const client = await trapped(front, 'hangup')
  await past('hangup', `DELETE FROM part; ${sprung}`)
  const learned = () => front.log().split('code=2060').length
  const before = learned()
  process.kill(front.pid, 'SIGHUP')
  while (learned() === before) await new Promise((resolve) => setTimeout(resolve, 20))
  await writesAreProtected(client, 'hangup')
  await client.end()
})
