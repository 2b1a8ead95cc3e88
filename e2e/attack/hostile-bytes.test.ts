/** Whatever bytes come from one side, or cease to come, they end at most the connection that they came by. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKeys, startAcraServer } from '../../tools/programs.ts'
import { createSandbox, type Sandbox } from '../../tools/sandbox.ts'
import { message, startup } from '../frontend.ts'
import { directly, encryptorConfig } from '../people.ts'
import { clientId } from '../setup.ts'
import { type Arena, openArena, typesOf } from './arena.ts'
import { firstSeed, type Random, randomFrom, runsOf } from './random.ts'

const { query, parse, bind, describe, execute, sync, close, copyData, copyDone } = message
const text = (value: string) => ({ format: 0 as const, bytes: Buffer.from(value) })

let arena: Arena
let sandbox: Sandbox
before(async () => {
  arena = await openArena()
  sandbox = createSandbox('hostile')
})
after(async () => {
  await sandbox.remove()
  await arena.stop()
})

/** A conversation with something of everything. */
function conversation(): Buffer {
  const { user, database } = arena.lab.database
  return Buffer.concat([
    startup({ user, database }),
    query(
      "INSERT INTO people (id, email) VALUES (1, 'ann') ON CONFLICT DO NOTHING; SELECT email FROM people",
    ),
    parse('INSERT INTO people (id, email) VALUES ($1, $2) ON CONFLICT DO NOTHING', { name: 's' }),
    describe('S', 's'),
    bind([text('2'), text('bob')], { statement: 's' }),
    execute(),
    close('S', 's'),
    sync(),
    parse('SELECT email, photo FROM people'),
    bind([], { results: 1 }),
    describe('P'),
    execute({ maxRows: 1 }),
    sync(),
    query('COPY notes FROM STDIN'),
    copyData(Buffer.from('1\tx\n')),
    copyDone(),
    query('SELECT lower(email) FROM people'),
    query('TRUNCATE notes'),
  ])
}

test('a client may leave after any byte', async () => {
  const stream = conversation()
  const leave = async (length: number, abruptly: boolean) => {
    const socket = connect({ host: arena.front.host, port: arena.front.port, noDelay: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(stream.subarray(0, length))
    // Start-up packet first: what comes before the database is ready is a violation of its own.
    if (abruptly) socket.resetAndDestroy()
    else socket.end()
    socket.resume()
    if (!socket.destroyed) await once(socket, 'close')
  }
  for (let length = 0; length <= stream.length; length++) await leave(length, length % 2 === 0)
  await isWell()
})

test('a client may leave after any byte of what it says once it is logged in', async () => {
  const whole = conversation()
  const first = whole.readInt32BE(0)
  const stream = whole.subarray(first)
  for (let length = 0; length <= stream.length; length += 3) {
    const client = await arena.connect()
    client.send(stream.subarray(0, length))
    await client.leave(length % 2 === 0)
  }
  await isWell()
})

test('a client may say anything', async () => {
  const seed = firstSeed()
  const whole = conversation()
  const first = whole.readInt32BE(0)
  for (let run = 0; run < runsOf(150); run++) {
    const random = randomFrom(seed + run)
    const client = await arena.connect()
    client.send(damaged(whole.subarray(first), random))
    await client.leave(random.oneIn(2))
    if (run % 10 === 0) await isWell(`seed ${seed + run}`)
  }
  await isWell(`seeds from ${seed}`)
})

test('a first packet may be anything', async () => {
  const seed = firstSeed()
  for (let run = 0; run < runsOf(100); run++) {
    const random = randomFrom(seed + run)
    const socket = connect({ host: arena.front.host, port: arena.front.port })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.resume()
    socket.end(damaged(conversation().subarray(0, 100), random))
    if (!socket.destroyed) await once(socket, 'close')
  }
  await isWell(`seeds from ${seed}`)
})

test('a database may say anything', async () => {
  const seed = firstSeed()
  let run = 0
  const cells = Buffer.concat([message.copyData(Buffer.alloc(10))])
  const database = createServer((socket) => {
    const random = randomFrom(seed + run++)
    socket.on('error', () => {})
    socket.write(Buffer.concat([backend('R', int32(0)), backend('Z', Buffer.from('I'))]))
    socket.on('data', () => {
      socket.write(damaged(Buffer.concat([...answers(random), cells]), random))
    })
  })
  const port = await listening(database)
  const keys = await createKeys(sandbox.folder, [clientId])
  const config = join(sandbox.folder, 'config.yaml')
  await writeFile(config, encryptorConfig)
  const server = await startAcraServer(sandbox, {
    clientId,
    keys,
    database: { host: '127.0.0.1', port },
    encryptorConfig: config,
  })
  for (let count = 0; count < runsOf(150); count++) {
    const socket = connect({ host: server.host, port: server.port })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.resume()
    const { user } = arena.lab.database
    socket.write(startup({ user }))
    await sleep(1)
    socket.end(conversation().subarray(conversation().readInt32BE(0)))
    const timer = setTimeout(() => socket.destroy(), 20)
    if (!socket.destroyed) await once(socket, 'close')
    clearTimeout(timer)
  }
  const last = connect({ host: server.host, port: server.port })
  await once(last, 'connect')
  last.destroy()
  process.kill(server.pid, 0)
  await server.stop()
  database.close()
})

function answers(random: Random): Buffer[] {
  const field = Buffer.concat([
    Buffer.from('email\0'),
    int32(16384),
    Buffer.from([0, 2]),
    int32(17),
    Buffer.from([255, 255]),
    int32(-1),
    Buffer.from([0, random.int(2)]),
  ])
  const cell = Buffer.concat([Buffer.from('%%%'), Buffer.alloc(random.int(400), 0x22)])
  const row = backend('D', Buffer.from([0, 1]), int32(cell.length), cell)
  const all = [
    backend('T', Buffer.from([0, 1]), field),
    row,
    row,
    backend('C', Buffer.from('SELECT 2\0')),
    backend('1'),
    backend('2'),
    backend('t', Buffer.from([0, 0])),
    backend('s'),
    backend('G', Buffer.from([0, 0, 0])),
    backend('E', Buffer.from('SERROR\0C42601\0\0')),
    backend('S', Buffer.from('client_encoding\0SJIS\0')),
    backend('Z', Buffer.from('T')),
  ]
  return Array.from({ length: random.int(20) }, () => random.pick(all))
}

/** Some bytes changed, taken away, put in, or said twice. */
function damaged(stream: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(stream)
  for (let count = 1 + random.int(6); count > 0; count--) {
    const at = random.int(bytes.length + 1)
    const other = random.pick([0, 1, 0x7f, 0xff, 0x53, random.int(256)])
    const length = random.int(20)
    const kind = random.int(4)
    if (kind === 0 && at < bytes.length) bytes[at] = other
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    else if (kind === 2)
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(length, other),
        bytes.subarray(at),
      ])
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 50))])
  }
  return bytes
}

/** Another client is served, what is stored is sealed, and the connections of those who have left are gone. */
async function isWell(told = ''): Promise<void> {
  const client = await arena.connect()
  // Somebody who has left may still be served.
  assert.match(typesOf(await client.query('SELECT email FROM people')), /^TD*CZ$/, told)
  await client.close()
  await directly(arena.lab.database, async (direct) => {
    const deadline = Date.now() + 30_000
    for (;;) {
      const { rows } = await direct.query(
        "SELECT state, wait_event, query FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      )
      if (rows.length === 0) break
      assert.ok(Date.now() < deadline, `still there: ${JSON.stringify(rows)} ${told}`)
      await sleep(20)
    }
    const { rows } = await direct.query(
      "SELECT 1 FROM people WHERE position('%%%'::bytea IN email) <> 1",
    )
    assert.deepEqual(rows, [], told)
  })
}

function backend(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address !== 'string')
  return address.port
}
