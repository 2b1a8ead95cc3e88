/** Schemas that acra-server learns from the database by an account of its own, over TLS, and learns anew when they change. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { createAuthority } from '#testing/certificates'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const SECRET = 'the password of the account'
const PLAIN = 'ann@example.com'
const folder = mkdtempSync(join(tmpdir(), 'acra-introspection-'))
const authority = createAuthority(folder, 'authority')
const certificate = authority.server('database')
const passwordFile = join(folder, 'password')
const wrongPasswordFile = join(folder, 'wrong-password')

/** No columns are listed: the database says which there are. */
const encryptorConfig = `schemas:
  - table: people
    encrypted:
      - { column: email, data_type: str, searchable: true }
`

const schema = `
CREATE TABLE people (id integer, name text, email bytea) PARTITION BY LIST (id);
CREATE TABLE people_1 PARTITION OF people FOR VALUES IN (1);
CREATE TABLE notes (id integer, text text);
`

const toDatabase = [
  '--tls_database_mode=verify-full',
  `--tls_database_ca=${authority.certFile}`,
  '--tls_database_sni=localhost',
]
const introspection = [
  ...toDatabase,
  '--schema_introspection',
  '--schema_introspection_user=reader',
  `--schema_introspection_password_file=${passwordFile}`,
]

let lab: Lab
before(async () => {
  writeFileSync(passwordFile, `${SECRET}\n`, { mode: 0o600 })
  writeFileSync(wrongPasswordFile, `not ${SECRET}\n`, { mode: 0o600 })
  lab = await startLab({
    tls: certificate,
    access: [
      'hostssl all reader 127.0.0.1/32 scram-sha-256',
      'host all reader 127.0.0.1/32 reject',
      'host all all 127.0.0.1/32 trust',
    ],
  })
  await directly(lab.database, async (client) => {
    await client.query(`CREATE ROLE reader LOGIN PASSWORD '${SECRET}'`)
    for (const name of ['one', 'other', 'closed', 'workers', 'wrong'])
      await client.query(`CREATE DATABASE ${name}`)
    await client.query('REVOKE CONNECT ON DATABASE closed FROM PUBLIC')
  })
  for (const name of ['one', 'workers'])
    await directly(lab.database, (client) => client.query(schema), name)
  await directly(
    lab.database,
    (client) => client.query('CREATE TABLE people (email bytea, note text)'),
    'other',
  )
  await directly(
    lab.database,
    (client) => client.query('CREATE TABLE people (mail bytea)'),
    'wrong',
  )
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

const fronts = new Map<string, Promise<Front>>()
function frontOf(...flags: readonly string[]): Promise<Front> {
  const key = flags.join(' ')
  const front =
    fronts.get(key) ?? lab.front({ encryptorConfig, flags: [...introspection, ...flags] })
  fronts.set(key, front)
  return front
}

/** Works with a connection through acra-server. */
async function through<T>(
  front: Front,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port } = front
  const client = new pg.Client({ host, port, user: 'postgres', database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** What the database has in the column, and whether the value can be read in it. */
async function stored(database: string, query: string): Promise<string> {
  const { rows } = await directly(lab.database, (client) => client.query(query), database)
  return rows.map((row) => Buffer.from(Object.values(row)[0] as Buffer).toString('latin1')).join()
}

test('a partition that the config does not name is protected, by a value without the name of its column', async () => {
  const front = await frontOf()
  await through(front, 'one', async (client) => {
    await client.query('INSERT INTO people_1 VALUES (1, $1, $2)', ['Ann', PLAIN])
    const { rows } = await client.query('SELECT * FROM people_1 WHERE email = $1', [PLAIN])
    assert.deepEqual(rows, [{ id: 1, name: 'Ann', email: PLAIN }])
  })
  assert.doesNotMatch(await stored('one', 'SELECT email FROM people_1'), /ann@/)
})

test('a change of the schema holds in the statement behind it, also in the same pipeline', async () => {
  const front = await frontOf()
  await through(front, 'one', async (client) => {
    await client.query('CREATE TABLE letters (id integer)')
    await client.query('ALTER TABLE people ADD COLUMN city text')
    await client.query('INSERT INTO people VALUES (1, $1, $2, $3)', ['Bob', 'bob@x.org', 'Rome'])
    const { rows } = await client.query("SELECT * FROM people WHERE city = 'Rome'")
    assert.deepEqual(rows, [{ id: 1, name: 'Bob', email: 'bob@x.org', city: 'Rome' }])
  })
  assert.doesNotMatch(await stored('one', 'SELECT email FROM people'), /bob@/)
})

test('what others make past acra-server is known when it is first named', async () => {
  const front = await frontOf()
  await through(front, 'one', async (client) => {
    await client.query('SELECT 1 FROM people')
    await directly(
      lab.database,
      (other) => other.query('CREATE TABLE people_2 PARTITION OF people FOR VALUES IN (2)'),
      'one',
    )
    await client.query("INSERT INTO people_2 VALUES (2, 'Cid', 'cid@x.org')")
    const { rows } = await client.query('SELECT email FROM people_2')
    assert.deepEqual(rows, [{ email: 'cid@x.org' }])
  })
  assert.doesNotMatch(await stored('one', 'SELECT email FROM people_2'), /cid@/)
})

test('a view that others make shows plain values of their type, and is searched and written through', async () => {
  const front = await frontOf()
  await through(front, 'one', async (client) => {
    await directly(
      lab.database,
      (other) =>
        other.query('CREATE VIEW contacts AS SELECT id AS number, email AS address FROM people'),
      'one',
    )
    await client.query('INSERT INTO contacts VALUES (1, $1)', ['kim@x.org'])
    const { rows } = await client.query('SELECT * FROM contacts WHERE address = $1', ['kim@x.org'])
    assert.deepEqual(rows, [{ number: 1, address: 'kim@x.org' }])
  })
  assert.doesNotMatch(await stored('one', 'SELECT email FROM people_1'), /kim@/)
})

test('each database has its own schema', async () => {
  const front = await frontOf()
  await through(front, 'other', async (client) => {
    await client.query("INSERT INTO people VALUES ('dan@x.org', 'n')")
    assert.deepEqual((await client.query('SELECT * FROM people')).rows, [
      { email: 'dan@x.org', note: 'n' },
    ])
  })
  assert.doesNotMatch(await stored('other', 'SELECT email FROM people'), /dan@/)
  await assert.rejects(
    through(front, 'nowhere', async () => {}),
    { code: '3D000', message: 'database "nowhere" does not exist' },
  )
})

test("a temporary table is its session's own, and no reason to learn anything", async () => {
  const front = await frontOf()
  await through(front, 'other', async (client) => {
    const learned = () => front.log().match(/code=2060.*database=other/g)?.length
    const before = learned()
    await client.query('CREATE TEMP TABLE basket (id integer, mail text)')
    for (const id of [1, 2]) await client.query("INSERT INTO basket VALUES ($1, 'x')", [id])
    assert.equal((await client.query('SELECT * FROM basket')).rowCount, 2)
    assert.equal(learned(), before)
  })
})

test('a transaction sees what it has changed, without the columns being believed before it ends', async () => {
  const front = await frontOf()
  await through(front, 'other', async (client) => {
    await client.query('BEGIN')
    await client.query('ALTER TABLE people ADD COLUMN born date')
    await client.query("INSERT INTO people (email, born) VALUES ('eve@x.org', '2000-01-01')")
    await assert.rejects(client.query("INSERT INTO people VALUES ('eve@x.org', 'n', NULL)"), {
      code: '0A000',
    })
    await client.query('ROLLBACK')
    await client.query("INSERT INTO people VALUES ('fay@x.org', 'n')")
    const { rows } = await client.query("SELECT email FROM people WHERE email = 'fay@x.org'")
    assert.deepEqual(rows, [{ email: 'fay@x.org' }])
  })
})

test('a statement prepared before a change of the schema goes on, on every connection', async () => {
  const front = await frontOf()
  await through(front, 'one', async (client) => {
    const insert = { name: 'insert', text: 'INSERT INTO people (id, email) VALUES (1, $1)' }
    await client.query({ ...insert, values: ['gus@x.org'] })
    await through(front, 'one', (other) => other.query('ALTER TABLE people ADD COLUMN age integer'))
    await client.query({ ...insert, values: ['hal@x.org'] })
  })
  assert.doesNotMatch(await stored('one', 'SELECT email FROM people_1'), /@x\.org/)
})

test('after a change that cannot be learned statements that it may be about are refused until it can', async () => {
  const front = await frontOf()
  const reader = (may: 'LOGIN' | 'NOLOGIN') =>
    directly(lab.database, (client) => client.query(`ALTER ROLE reader ${may}`))
  await through(front, 'one', async (client) => {
    await through(front, 'one', async (other) => {
      await client.query('SELECT 1 FROM people')
      await reader('NOLOGIN')
      await directly(lab.database, (admin) =>
        admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'",
        ),
      )
      await other.query('ALTER TABLE people ADD COLUMN more text')
      await assert.rejects(client.query('SELECT 1 FROM people'), { code: '55000' })
      await through(front, 'one', async (third) => {
        await assert.rejects(third.query('SELECT 1 FROM people_1'), { code: '55000' })
        await third.query('SELECT 1 FROM notes')
      })
      await reader('LOGIN')
      await new Promise((resolve) => setTimeout(resolve, 1100))
      await client.query('SELECT 1 FROM people')
    })
  })
  assert.match(front.log(), /code=2061.*is not permitted to log in.*refuses=true/)
})

test('all workers learn what a connection of one of them changes, before it hears that it is done', async () => {
  const front = await frontOf('--workers=2')
  while (!front.log().includes('Worker 2 is ready'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  const { host, port } = front
  const clients = [1, 2, 3].map(
    () => new pg.Client({ host, port, user: 'postgres', database: 'workers' }),
  )
  await Promise.all(clients.map((client) => client.connect()))
  for (const [number, client] of clients.entries()) {
    await client.query(`ALTER TABLE people ADD COLUMN column_${number} text`)
    for (const [index, other] of clients.entries()) {
      const values = ['NULL, '.repeat(number + 1), `'${index}@x.org'`]
      const columns = [...Array(number + 1).keys()].map((n) => `column_${n}`).join(', ')
      await other.query(`INSERT INTO people (id, ${columns}, email) VALUES (1, ${values.join('')})`)
      const { rows } = await other.query(`SELECT * FROM people WHERE email = '${index}@x.org'`)
      assert.equal(rows.length, number + 1)
      assert.equal(Object.keys(rows[0] ?? {}).length, 4 + number)
      // Without a list of columns, the values stand in the order that the database has.
      await other.query(
        `INSERT INTO people VALUES (1, 'x', 'all@x.org'${', NULL'.repeat(number + 1)})`,
      )
    }
  }
  await Promise.all(clients.map((client) => client.end()))
  assert.doesNotMatch(await stored('workers', 'SELECT email FROM people'), /@x\.org/)
  for (const worker of [1, 2]) assert.match(front.log(), new RegExp(`session_id=${worker}-`))
})

test('a database that does not let the account in is refused, and the log says why', async () => {
  const front = await frontOf()
  await assert.rejects(
    through(front, 'closed', async () => {}),
    { code: '57P03', message: /could not learn the schema of the database "closed"/ },
  )
  assert.match(front.log(), /code=2061.*permission denied for database/)
  const wrong = await lab.front({
    encryptorConfig,
    flags: [
      ...introspection.slice(0, -1),
      `--schema_introspection_password_file=${wrongPasswordFile}`,
    ],
  })
  await assert.rejects(
    through(wrong, 'one', async () => {}),
    { code: '57P03' },
  )
  assert.match(wrong.log(), /password authentication failed for user \\"reader/)
  for (const { log } of [front, wrong]) assert.ok(!log().includes(SECRET), 'the password is logged')
})

test('an encryptor config that contradicts the database stops the start, with its place', async () => {
  await assert.rejects(
    lab.front({
      encryptorConfig,
      flags: [...introspection, '--schema_introspection_databases=one,wrong'],
    }),
    /encryptor-config-\d+\.yaml:4:\d+: .*email/s,
  )
})

test('without the databases at start, the connections to the one that is contradicted are refused', async () => {
  const front = await frontOf()
  await assert.rejects(
    through(front, 'wrong', async () => {}),
    { code: '57P03', message: /contradicts the database "wrong"/ },
  )
  assert.match(front.log(), /code=2062.*encryptor-config-\d+\.yaml:4:\d+: /s)
})

test('SIGHUP looks at the database again, also for open connections', async () => {
  const front = await frontOf()
  await through(front, 'other', async (client) => {
    await client.query('SELECT 1 FROM people')
    await directly(
      lab.database,
      (other) => other.query('ALTER TABLE people DROP COLUMN email, ADD COLUMN email bytea'),
      'other',
    )
    const learned = () => front.log().split('code=2060').length
    const before = learned()
    process.kill(front.pid, 'SIGHUP')
    while (learned() === before) await new Promise((resolve) => setTimeout(resolve, 20))
    await client.query("INSERT INTO people VALUES ('n', 'ida@x.org')")
    assert.deepEqual((await client.query("SELECT * FROM people WHERE email = 'ida@x.org'")).rows, [
      { note: 'n', email: 'ida@x.org' },
    ])
  })
})

test('a database that is down at start is learned at its first connection', async () => {
  await lab.database.halt('fast')
  const front = await lab.front({
    encryptorConfig,
    flags: [...introspection, '--schema_introspection_databases=one'],
  })
  await assert.rejects(through(front, 'one', async () => {}))
  assert.match(front.log(), /code=2061/)
  await lab.database.start()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await through(front, 'one', (client) =>
    client.query("INSERT INTO people_1 VALUES (1, 'Joe', 'joe@x.org')"),
  )
  assert.doesNotMatch(await stored('one', 'SELECT email FROM people_1'), /joe@/)
})
