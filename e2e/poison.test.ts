/** Poison records are told in whatever form and place they are read, and no row with one passes before the reaction. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { type AcraServer, createKeys, type Keys, startAcraServer } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'

const CONTAINER_HEADER_SIZE = 12
const clientId = 'application'

let sandbox: Sandbox
let database: Postgres
let keys: Keys
before(async () => {
  sandbox = createSandbox('poison')
  database = await startPostgres({ auth: 'trust' })
  keys = await createKeys(sandbox.folder, [clientId])
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

function serve(...flags: readonly string[]): Promise<AcraServer> {
  const detects = ['--poison_detect_enable', ...flags]
  return startAcraServer(sandbox, { clientId, keys, database, flags: detects })
}

/** Does something with a client of acra-server, or of the database itself. */
async function withClient<T>(
  { host, port }: { readonly host: string; readonly port: number },
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

/** A new poison record, in its container. */
function record(type: 'acrastruct' | 'acrablock'): Buffer {
  const tool = join(root, 'packages/suite/bin/acra-poisonrecordmaker.js')
  const words = [tool, `--keys_dir=${keys.folder}`, `--type=${type}`]
  const env = { ...process.env, ...keys.environment }
  return Buffer.from(execFileSync(process.execPath, words, { env, encoding: 'utf8' }), 'base64')
}

const log = (server: AcraServer) => readFileSync(server.logFile, 'utf8')
const alarms = (server: AcraServer) => log(server).match(/code=587/g)?.length ?? 0

/** Waits for something that another process does. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (isSo()) return
    await sleep(20)
  }
  assert.fail(`${what} has not happened`)
}

/** Makes a table with one value in it, by the database itself. */
async function stored(table: string, type: string, value: Buffer | string): Promise<void> {
  await withClient(database, async (client) => {
    await client.query(`CREATE TABLE ${table} (id int, data ${type})`)
    await client.query(`INSERT INTO ${table} VALUES (1, $1)`, [value])
  })
}

test('the keys are made at start where there are none, once, with mode 0600', async () => {
  const folder = join(keys.folder, '.poison_key')
  assert.ok(!existsSync(folder))
  const off = await startAcraServer(sandbox, { clientId, keys, database })
  await off.stop()
  assert.ok(!existsSync(folder))
  const without = await serve('--poison_keys_on_start_enable=false')
  assert.match(log(without), /Skip poison record check due to a lack of poison keys" code=589/)
  await without.stop()
  assert.ok(!existsSync(folder))
  const first = await serve()
  const files = ['poison_key', 'poison_key_sym'].map((name) => join(folder, name))
  const made = files.map((file) => readFileSync(file, 'hex'))
  for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.match(log(first), /Turned on poison record detection" code=101/)
  await first.stop()
  await (await serve()).stop()
  assert.deepEqual(
    files.map((file) => readFileSync(file, 'hex')),
    made,
  )
  assert.ok(!existsSync(`${files[0]}.old`))
})

test('a record is told in every form: container, bare, among other bytes, in text and in binary rows', async () => {
  const server = await serve()
  for (const type of ['acrastruct', 'acrablock'] as const) {
    const whole = record(type)
    const bare = whole.subarray(CONTAINER_HEADER_SIZE)
    const values = {
      whole,
      bare,
      among: Buffer.concat([Buffer.from('%%% <'), bare, Buffer.from('>')]),
    }
    for (const [form, value] of Object.entries(values)) {
      const table = `${type}_${form}`
      await stored(table, 'bytea', value)
      await withClient(server, async (client) => {
        for (const binary of [false, true]) {
          const before = alarms(server)
          const query = { text: `SELECT id, data FROM ${table} WHERE id = $1`, values: [1], binary }
          const { rows } = await client.query(query)
          // The driver takes bytea in binary for text.
          if (!binary) assert.deepEqual(rows[0].data, value, `${table} is answered as it is`)
          assert.equal(alarms(server), before + 1, `${table}, binary ${binary}`)
        }
      })
    }
  }
  assert.match(
    log(server),
    /Recognized poison record" client_id=application code=587 envelope=acrastruct/,
  )
  await server.stop()
})

test('a record inside an encrypted value is told when that is decrypted', async () => {
  const config = join(sandbox.folder, 'encryptor-config.yaml')
  const columns =
    'schemas:\n  - table: letters\n    columns: [id, data]\n    encrypted:\n      - column: data\n'
  writeFileSync(config, columns)
  const server = await serve(`--encryptor_config_file=${config}`)
  await withClient(database, (client) => client.query('CREATE TABLE letters (id int, data bytea)'))
  const inside = Buffer.concat([Buffer.from('a letter, and in it: '), record('acrastruct')])
  await withClient(server, async (client) => {
    await client.query('INSERT INTO letters VALUES (1, $1)', [inside])
    assert.equal(alarms(server), 0)
    const { rows } = await client.query('SELECT data FROM letters')
    assert.deepEqual(rows[0].data, inside)
    assert.equal(alarms(server), 1)
  })
  await server.stop()
})

test('records are looked for where nothing is decrypted, and in columns that are', async () => {
  const server = await serve('--decrypt_unconfigured=false')
  await stored('undecrypted', 'bytea', record('acrablock'))
  await withClient(server, (client) => client.query('SELECT data FROM undecrypted'))
  assert.equal(alarms(server), 1)
  await server.stop()
})

test('what is no record raises no alarm', async () => {
  const server = await serve()
  await withClient(server, async (client) => {
    await client.query("SELECT repeat('%%%', 100), repeat('\"\"\"\"', 100), repeat('2', 4000)")
    await client.query("SELECT decode(repeat('22', 500), 'hex')")
  })
  assert.equal(alarms(server), 0)
  await server.stop()
})

test('a program is started, without arguments and without being waited for', async () => {
  const script = join(sandbox.folder, 'alarm.sh')
  const trace = join(sandbox.folder, 'alarm.trace')
  writeFileSync(
    script,
    `#!/bin/sh\necho "$# arguments" > ${trace}.new\nmv ${trace}.new ${trace}\nsleep 600\n`,
  )
  chmodSync(script, 0o755)
  const server = await serve(`--poison_run_script_file=${script}`)
  await stored('scripted', 'bytea', record('acrablock'))
  const { rows } = await withClient(server, (client) =>
    client.query('SELECT id FROM scripted, (SELECT data FROM scripted) s'),
  )
  assert.deepEqual(rows, [{ id: 1 }])
  assert.equal(alarms(server), 0)
  await withClient(server, (client) => client.query('SELECT data FROM scripted'))
  await until('the program', () => existsSync(trace))
  assert.equal(readFileSync(trace, 'utf8'), '0 arguments\n')
  await server.stop()
})

test('a program that cannot be started keeps the row back and ends the connection, and no other', async () => {
  const server = await serve('--poison_run_script_file=/no/such/program')
  await stored('unscripted', 'bytea', record('acrablock'))
  const seen: unknown[] = []
  const reading = withClient(server, async (client) => {
    const query = client.query(new pg.Query('SELECT data FROM unscripted'))
    query.on('row', (row) => seen.push(row))
    await new Promise<void>((resolve, reject) =>
      query.on('end', () => resolve()).on('error', reject),
    )
  })
  await assert.rejects(reading)
  assert.deepEqual(seen, [])
  assert.match(log(server), /code=583 file=\/no\/such\/program/)
  await withClient(server, (client) => client.query('SELECT 1'))
  await server.stop()
})

for (const workers of [1, 2])
  test(`shutdown with ${workers} workers: the row never leaves, the exit code is 1`, async () => {
    const server = await serve('--poison_shutdown_enable', `--workers=${workers}`)
    const table = `shutdown_${workers}`
    await stored(table, 'bytea', record('acrastruct'))
    const seen: unknown[] = []
    const reading = withClient(server, async (client) => {
      const query = client.query(new pg.Query(`SELECT id, data FROM ${table}`))
      query.on('row', (row) => seen.push(row))
      await new Promise<void>((resolve, reject) =>
        query.on('end', () => resolve()).on('error', reject),
      )
    })
    await assert.rejects(reading)
    assert.deepEqual(seen, [])
    assert.equal(await server.ended, 1)
    assert.match(log(server), /code=587/)
    assert.match(log(server), /level=warning msg="Detected poison record, exit".* code=101/)
  })

test('a row too large to be looked through does not pass', async () => {
  const server = await serve('--max_held_message=65536')
  const reading = withClient(server, (client) => client.query("SELECT repeat('x', 100000)"))
  await assert.rejects(reading)
  await server.stop()
})
