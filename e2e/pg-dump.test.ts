/** pg_dump and pg_restore through acra-server: plain values of its client id, in every format; and past it, what is stored. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { directly, encryptorConfig, schema } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const run = promisify(execFile)

const people = [
  { id: 1, name: 'Ann', email: 'ann@example.org' },
  { id: 2, name: 'Bob', email: 'tab\tand \\ and\nline' },
]
/** The database that dumps are restored into. */
const target = 'restored'

let lab: Lab
let front: Front
let stranger: Front
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acra-dump-'))
  // It dumps no database that is newer than itself.
  const version = /\d+/.exec(execFileSync('pg_dump', ['--version'], { encoding: 'utf8' }))?.[0]
  lab = await startLab({ version: version ?? '', auth: 'trust' })
  await directly(lab.database, async (client) => {
    await client.query(schema)
    await client.query(`CREATE DATABASE ${target}`)
    await client.query('CREATE VIEW names AS SELECT id, name FROM people')
    await client.query('CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$')
  })
  front = await lab.front({ encryptorConfig })
  stranger = await lab.front({ encryptorConfig, clientId: 'stranger' })
  const { host, port } = front
  await directly({ ...lab.database, url: () => url(host, port, 'postgres') }, async (client) => {
    for (const { id, name, email } of people)
      await client.query('INSERT INTO people (id, name, email) VALUES ($1, $2, $3)', [
        id,
        name,
        email,
      ])
    await client.query("INSERT INTO notes VALUES (1, 'a note')")
  })
})
after(async () => {
  await lab.stop()
  await rm(folder, { recursive: true })
})

function url(host: string, port: number, database: string): string {
  return `postgresql://postgres@${host}:${port}/${database}`
}

async function command(
  program: 'pg_dump' | 'pg_restore' | 'psql',
  { host, port }: { readonly host: string; readonly port: number },
  database: string,
  ...args: string[]
): Promise<string> {
  const { stdout } = await run(program, ['-d', url(host, port, database), ...args])
  return stdout
}

/** Empties the database that dumps are restored into. */
async function empty(): Promise<void> {
  await directly(
    lab.database,
    (client) => client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'),
    target,
  )
}

async function restored(where: Front): Promise<unknown[]> {
  const { host, port } = where
  const reached = { ...lab.database, url: () => url(host, port, target) }
  const { rows } = await directly(reached, (client) =>
    client.query('SELECT id, name, email FROM people ORDER BY id'),
  )
  return rows
}

function storedIn(database: string): Promise<string[]> {
  return directly(
    lab.database,
    async (client) => {
      const { rows } = await client.query<{ email: string }>(
        'SELECT email::text AS email FROM people ORDER BY id',
      )
      return rows.map(({ email }) => email)
    },
    database,
  )
}

test('a plain dump has the plain values, by COPY and by INSERT', async () => {
  assert.match(await command('pg_dump', front, 'postgres'), /^1\tAnn\tann@example\.org\t/m)
  const inserts = await command('pg_dump', front, 'postgres', '--inserts')
  assert.match(inserts, /VALUES \(1, 'Ann', 'ann@example\.org', NULL\)/)
})

test('a client id without the keys dumps what is stored', async () => {
  const dump = await command('pg_dump', stranger, 'postgres')
  assert.match(dump, /^1\tAnn\t\\\\x252525[0-9a-f]+\t/m)
  assert.doesNotMatch(dump, /ann@/)
})

for (const format of ['c', 'd'] as const) {
  test(`a dump of format ${format} is restored through acra-server, and protected anew`, async () => {
    const file = join(folder, `dump-${format}`)
    await command('pg_dump', front, 'postgres', `-F${format}`, '-f', file)
    await empty()
    await command('pg_restore', lab.database, target, '-s', file)
    await command('pg_restore', front, target, '-a', '-e', file)
    assert.deepEqual(await restored(front), people)
    for (const email of await storedIn(target)) assert.match(email, /^\\x252525/)
  })
}

test('a plain dump is restored by psql through acra-server', async () => {
  const file = join(folder, 'dump.sql')
  await command('pg_dump', front, 'postgres', '-a', '-f', file)
  await empty()
  const structure = join(folder, 'structure.sql')
  await command('pg_dump', lab.database, 'postgres', '-s', '-f', structure)
  await command('psql', lab.database, target, '-qf', structure)
  await command('psql', front, target, '-qv', 'ON_ERROR_STOP=1', '-f', file)
  assert.match(await readFile(file, 'utf8'), /ann@/)
  assert.deepEqual(await restored(front), people)
})

test('a dump that is taken and restored past acra-server keeps what is stored', async () => {
  const file = join(folder, 'ciphertext')
  await command('pg_dump', lab.database, 'postgres', '-Fc', '-f', file)
  await empty()
  await command('pg_restore', lab.database, target, file)
  assert.deepEqual(await storedIn(target), await storedIn('postgres'))
  assert.deepEqual(await restored(front), people)
})
