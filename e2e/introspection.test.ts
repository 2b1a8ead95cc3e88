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
    // At most one look in a second.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await client.query("INSERT INTO people_2 VALUES (2, 'Cid', 'cid@x.org')")
    const { rows } = await client.query('SELECT email FROM people_2')
    assert.deepEqual(rows, [{ email: 'cid@x.org' }])
  })
  assert.doesNotMatch(await stored('one', 'SELECT email FROM people_2'), /cid@/)
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
