/** What clients are told when their database is down, goes, is slow or breaks off: it fails, and acra-server does not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import pg from 'pg'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { childrenOf } from '../tools/processes.ts'
import { type AcraServer, createKeys, type Keys, startAcraServer } from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { message } from './frontend.ts'
import { says } from './log.ts'
import { createTables, directly, encryptorConfig, stored } from './people.ts'
import { errorOf, RawClient } from './raw-client.ts'

/** What a client is told of a database that goes, that comes, and that is not there. */
const goneCodes = ['57P01', '57P02', '57P03', '08006']
const bigRow = "SELECT repeat('x', 60000000)"

let sandbox: Sandbox
let keys: Keys
let database: Postgres
let config: string
const servers: AcraServer[] = []
before(async () => {
  sandbox = createSandbox('database-faults')
  keys = await createKeys(sandbox.folder, ['application'])
  database = await startPostgres({ auth: 'trust' })
  await createTables(database)
  config = join(sandbox.folder, 'encryptor-config.yaml')
  await writeFile(config, encryptorConfig)
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

async function serve(
  { host, port }: { readonly host: string; readonly port: number },
  ...flags: string[]
): Promise<AcraServer> {
  const server = await startAcraServer(sandbox, {
    clientId: 'application',
    keys,
    database: { host, port },
    encryptorConfig: config,
    flags,
  })
  servers.push(server)
  return server
}

function connect({ host, port }: AcraServer): Promise<RawClient> {
  return RawClient.connect({ host, port, user: database.user, database: database.database })
}

async function lastError(client: RawClient): Promise<{ severity: string; code: string }> {
  const error = (await client.untilAny('')).find(({ type }) => type === 'E')
  assert.ok(error, 'the connection ends with an error')
  const { severity, code } = errorOf(error)
  return { severity, code }
}

async function isServed(client: RawClient): Promise<boolean> {
  const answer = await client.query('SELECT 1')
  return answer.map(({ type }) => type).join('') === 'TDCZ'
}

// A real PostgreSQL.

for (const mode of ['fast', 'immediate'] as const) {
  for (const workers of [1, 2]) {
    test(`a database that restarts (${mode}) under load is a clear error to everybody, and all go on behind it (${workers} workers)`, async () => {
      const server = await serve(database, `--workers=${workers}`)
      const stop = new AbortController()
      const tally: Tally = { written: 0, reasons: new Map() }
      const clients = Array.from({ length: 10 }, (_, at) =>
        keepWriting(server, 1000 * workers + at, tally, stop.signal),
      )
      await grows(tally)
      await database.halt(mode)
      await database.start()
      await grows(tally)
      stop.abort()
      await Promise.all(clients)
      const unclear = [...tally.reasons].filter(([code]) => !goneCodes.includes(code))
      assert.deepEqual(unclear, [])
      assert.ok(tally.reasons.size > 0, 'somebody has noticed')
      assert.match(await stored(database, 1000 * workers, 'email'), /^\\x252525/)
      assert.doesNotMatch(await says(server, ''), /level=fatal|code=2014/)
    })
  }
}

/** What clients of a restart have done, and the codes of the errors that they got, or what they say where there is none. */
interface Tally {
  written: number
  readonly reasons: Map<string, number>
}

/** Writes a protected value and reads it again, and connects again where the connection is lost. */
async function keepWriting(
  { host, port }: AcraServer,
  id: number,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const { user, database: name } = database
  while (!signal.aborted) {
    const client = new pg.Client({ host, port, user, database: name })
    let said: Error | null = null
    client.on('error', (error) => {
      said ??= error
    })
    try {
      await client.connect()
      while (!signal.aborted) {
        const email = `${id}-${tally.written}@example.org`
        const row = [id, email]
        await client.query(
          'INSERT INTO people (id, email) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET email = $2',
          row,
        )
        const { rows } = await client.query('SELECT id, email FROM people WHERE id = $1', [id])
        assert.deepEqual(rows, [{ id, email }])
        tally.written++
      }
      await client.end()
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      // Between two statements the driver tells it by an event.
      const { code, message } = (said ?? error) as pg.DatabaseError
      const reason = code ?? message
      tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1)
    }
  }
}

/** Waits until clients have written some more. */
async function grows(tally: Tally): Promise<void> {
  const enough = tally.written + 50
  while (tally.written < enough) await new Promise((resolve) => setImmediate(resolve))
}

test('acra-server starts while the database is away, and serves as soon as it is there', async (t) => {
  await database.halt('fast')
  const begin = performance.now()
  const server = await serve(database)
  t.diagnostic(`start to listening: ${(performance.now() - begin).toFixed(0)} ms`)
  await assert.rejects(connect(server), /acra-server has no connection to the database/)
  await says(server, 'code=540')
  await database.start()
  const client = await connect(server)
  assert.ok(await isServed(client))
  await client.close()
})

test('an idle client is told that the database goes', async () => {
  const server = await serve(database)
  const client = await connect(server)
  await database.halt('fast')
  assert.deepEqual(await lastError(client), { severity: 'FATAL', code: '57P01' })
  await database.start()
})

test('a database that hangs holds its clients up and no longer; who logs in meanwhile is told in time', async () => {
  const server = await serve(database, '--startup_timeout=1')
  const client = await connect(server)
  const processes = [database.pid, ...childrenOf(database.pid)]
  for (const pid of processes) process.kill(pid, 'SIGSTOP')
  try {
    client.send(message.query('SELECT 1'))
    await assert.rejects(connect(server), /logging in took too long/)
    await says(server, 'code=539')
  } finally {
    for (const pid of processes) process.kill(pid, 'SIGCONT')
  }
  assert.equal((await client.untilReady()).map(({ type }) => type).join(''), 'TDCZ')
  const next = await connect(server)
  assert.ok(await isServed(next))
  for (const each of [client, next]) await each.close()
})

/** A client that has asked for a row larger than all buffers and does not read it; the process of the database that is at it. */
async function inMiddleOfRow(server: AcraServer): Promise<{ client: RawClient; pid: number }> {
  const client = await connect(server)
  const pid = client.key.readInt32BE(0)
  client.send(message.query(bigRow))
  const blocked = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ClientWrite'"
  await directly(database, async (other) => {
    while ((await other.query(blocked, [pid])).rowCount === 0);
  })
  return { client, pid }
}

test('a database process that is ended in the middle of a row ends that connection, nothing false is said, and others go on', async () => {
  const server = await serve(database, '--max_held_message=65536')
  const other = await connect(server)
  const { client, pid } = await inMiddleOfRow(server)
  await directly(database, (owner) => owner.query('SELECT pg_terminate_backend($1)', [pid]))
  assert.deepEqual(
    (await client.untilAny('')).map(({ type }) => type),
    ['T'],
  )
  await says(server, 'level=error')
  assert.ok(await isServed(other))
  await other.close()
})

test('a database process that hangs in the middle of a row ends that connection in time, and others go on', async () => {
  const server = await serve(database, '--max_held_message=65536', '--message_timeout=1')
  const other = await connect(server)
  const { client, pid } = await inMiddleOfRow(server)
  process.kill(pid, 'SIGSTOP')
  try {
    assert.deepEqual(
      (await client.untilAny('')).map(({ type }) => type),
      ['T'],
    )
    await says(server, 'code=539')
    assert.ok(await isServed(other))
    await other.close()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('a database that kills all its processes because one has crashed is a clear error, and is used again', async () => {
  const server = await serve(database)
  const [victim, other] = [await connect(server), await connect(server)]
  process.kill(victim.key.readInt32BE(0), 'SIGKILL')
  assert.deepEqual(await lastError(victim), { severity: 'FATAL', code: '08006' })
  const codes = (await other.untilAny('')).filter(({ type }) => 'EN'.includes(type)).map(errorOf)
  assert.ok(codes.length > 0 && codes.every(({ code }) => goneCodes.includes(code)))
  let next: RawClient | null = null
  while (next === null) {
    next = await connect(server).catch((error: Error) => {
      assert.match(
        error.message,
        /recovery mode|starting up|not yet accepting|no connection to the database/,
      )
      return null
    })
  }
  assert.ok(await isServed(next))
  await next.close()
})

// What no real one does when a test wants it to.

test('a database that breaks off between messages is a clear error', async () => {
  const fake = await fakeDatabase((socket) => {
    answerLogin(socket)
    socket.on('data', (chunk) => {
      if (chunk.includes('SELECT')) socket.resetAndDestroy()
    })
  })
  const server = await serve({ host: '127.0.0.1', port: portOf(fake) })
  const client = await connect(server)
  client.send(message.query('SELECT 1'))
  assert.deepEqual(await lastError(client), { severity: 'FATAL', code: '08006' })
  fake.close()
})

for (const config of ['with protected columns', 'without']) {
  test(`who is told by the database why it goes is told so once, also if the connection then breaks (${config})`, async () => {
    const fake = await fakeDatabase((socket) => {
      answerLogin(socket)
      socket.on('data', (chunk) => {
        if (!chunk.includes('SELECT')) return
        const fields = ['SFATAL', 'VFATAL', 'C57P01', 'Mby an administrator', '']
        const body = Buffer.from(fields.map((field) => `${field}\0`).join(''))
        const header = Buffer.from([0x45, 0, 0, 0, body.length + 4])
        socket.write(Buffer.concat([header, body]), () => socket.resetAndDestroy())
      })
    })
    const flags = config === 'without' ? ['--encryptor_config_file='] : []
    const server = await serve({ host: '127.0.0.1', port: portOf(fake) }, ...flags)
    const client = await connect(server)
    client.send(message.query('SELECT 1'))
    const said = await client.untilAny('')
    assert.deepEqual(
      said.map((one) => [one.type, errorOf(one).code]),
      [['E', '57P01']],
    )
    fake.close()
  })
}

test('a database that ends between messages, without a word, is a clear error', async () => {
  const fake = await fakeDatabase((socket) => {
    answerLogin(socket)
    socket.on('data', (chunk) => {
      if (chunk.includes('SELECT')) socket.end()
    })
  })
  const server = await serve({ host: '127.0.0.1', port: portOf(fake) })
  const client = await connect(server)
  client.send(message.query('SELECT 1'))
  assert.deepEqual(await lastError(client), { severity: 'FATAL', code: '08006' })
  fake.close()
})

test('a database that breaks off in the middle of a row ends the connection, and nothing false is said', async () => {
  const fake = await fakeDatabase((socket) => {
    answerLogin(socket)
    socket.on('data', (chunk) => {
      if (!chunk.includes('SELECT')) return
      // A row of 100 bytes of which ten are there.
      socket.write(Buffer.from([0x44, 0, 0, 0, 100, 0, 1, 0, 0, 0, 90, 1, 2, 3, 4]), () =>
        socket.resetAndDestroy(),
      )
    })
  })
  const server = await serve({ host: '127.0.0.1', port: portOf(fake) })
  const client = await connect(server)
  client.send(message.query('SELECT 1'))
  assert.deepEqual(await client.untilAny('Z'), [])
  await says(server, 'level=error')
  fake.close()
})

/** A database that trusts everybody and has no data. */
async function fakeDatabase(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

/** AuthenticationOk, BackendKeyData, ReadyForQuery. */
function answerLogin(socket: Socket): void {
  const key = [0x4b, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2]
  socket.once('data', () =>
    socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, ...key, 0x5a, 0, 0, 0, 5, 0x49])),
  )
}
