/** A running acra-server between clients and databases of which either may say anything. */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { memoryOf } from '../tools/processes.ts'
import { type AcraServer, createKeys, startAcraServer } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { message, startup } from './frontend.ts'
import { createTables, encryptorConfig } from './people.ts'
import { cellsOf, RawClient } from './raw-client.ts'

/** The user to whom the database lies; to everybody else it is a PostgreSQL. */
const LIAR = 'liar'
const PLAIN = 'ann@example.org'
/** How long a connection may stay that says nothing any more, in seconds. */
const SILENCE = 1
const PATIENCE_MS = 20_000
/** ReadyForQuery. */
const READY = Buffer.from('5a0000000549', 'hex')
const AUTHENTICATION_OK = Buffer.from('520000000800000000', 'hex')

/** Random numbers from a seed, and messages made bad by them: the suite's own, which are for tests only. */
interface Tools {
  readonly Random: new (seed: number) => Random
  readonly mutate: (
    frames: readonly Buffer[],
    random: Random,
    others: readonly Buffer[],
  ) => Buffer[]
}

interface Random {
  below(bound: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
}

export interface Arena {
  /** Attacks by `count` clients and `count` databases at a time; resolves when acra-server has ended every one of them. */
  attack(seed: number, count: number): Promise<void>
  /** Throws where a client that behaves is not served as ever. */
  checkHealth(): Promise<void>
  /** Memory of the acra-server process, in MiB. */
  memory(): number
  log(): string
  stop(): Promise<void>
}

export async function openArena(): Promise<Arena> {
  const sandbox = createSandbox('bad-input')
  const tools = await loadTools()
  const recorded = readRecordings()
  const postgres = await startPostgres({ auth: 'trust' })
  const liar = await startLiar(postgres, recorded.database, tools)
  await createTables(postgres)
  const config = join(sandbox.folder, 'encryptor-config.yaml')
  await writeFile(config, encryptorConfig)
  const server = await startAcraServer(sandbox, {
    clientId: 'application',
    keys: await createKeys(sandbox.folder, ['application']),
    database: liar,
    encryptorConfig: config,
    flags: [`--message_timeout=${SILENCE}`, `--startup_timeout=${SILENCE}`],
  })
  return {
    async attack(seed, count) {
      const attacks = Array.from({ length: count }, (_, i) => {
        const random = new tools.Random(seed * 10_000 + i)
        return attackAsClient(server, random, recorded.client, tools)
      })
      const lies = Array.from({ length: count }, () => listenToLiar(server))
      await Promise.all([...attacks, ...lies])
    },
    checkHealth: () => checkHealth(server),
    memory: () => Math.round(memoryOf(server.pid)),
    log: () => readFileSync(server.logFile, 'utf8'),
    async stop() {
      await sandbox.remove()
      liar.server.close()
      await postgres.stop()
    },
  }
}

async function loadTools(): Promise<Tools> {
  const folder = join(root, 'packages/suite/dist/proxy/postgres/testing')
  const { mutate } = await import(join(folder, 'fuzz/mutate.js'))
  const { Random } = await import(join(folder, 'random.js'))
  return { Random, mutate }
}

/** The messages of each side, conversation by conversation. */
function readRecordings(): { client: Buffer[][]; database: Buffer[][] } {
  const folder = join(root, 'packages/suite/test/conversations')
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  const side = (letter: string) =>
    files.map((file) => {
      const lines = file.split('\n').filter((line) => line.startsWith(letter))
      return framesOf(Buffer.concat(lines.map((line) => Buffer.from(line.slice(2), 'base64'))))
    })
  return { client: side('C'), database: side('D') }
}

function framesOf(stream: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < stream.length; at += 1 + stream.readInt32BE(at + 1)) {
    frames.push(stream.subarray(at, at + 1 + stream.readInt32BE(at + 1)))
  }
  return frames
}

/** Says something bad, at the start or behind a good one, and waits for the end. */
async function attackAsClient(
  { host, port }: AcraServer,
  random: Random,
  recorded: readonly Buffer[][],
  { mutate }: Tools,
): Promise<void> {
  const socket = connect({ host, port })
  const greeting = startup({ user: 'postgres', database: 'postgres' })
  const frames = mutate(random.pick(recorded), random, recorded.flat())
  switch (random.below(6)) {
    case 0:
      socket.write(
        Buffer.from(greeting.map((byte) => (random.chance(0.1) ? random.below(256) : byte))),
      )
      break
    case 1:
      // A length and nothing behind it.
      socket.write(Buffer.of(random.below(128), random.below(256), 0, 8))
      break
    case 2:
      socket.write(
        Buffer.concat(Array.from({ length: 1000 }, () => Buffer.from('0000000804d2162f', 'hex'))),
      )
      break
    case 3:
      socket.write(greeting)
      // A message of two gigabytes, of which some comes.
      socket.write(Buffer.from('517fffffff', 'hex'))
      socket.write(Buffer.alloc(100_000))
      break
    default:
      socket.write(greeting)
      // A client that does not wait for its login is refused at once.
      if (random.chance(0.9)) await untilReady(socket)
      socket.write(Buffer.concat(frames))
      if (random.chance(0.2)) socket.end()
  }
  await untilClosed(socket)
}

/** Until the database is ready, or the connection has ended. */
async function untilReady(socket: Socket): Promise<void> {
  socket.on('error', () => socket.destroy())
  let said = Buffer.alloc(0)
  while (!said.includes(READY)) {
    const chunk = await Promise.race([once(socket, 'data'), once(socket, 'close')])
    if (!Buffer.isBuffer(chunk[0])) return
    said = Buffer.concat([said, chunk[0]])
  }
}

async function listenToLiar({ host, port }: AcraServer): Promise<void> {
  const socket = connect({ host, port })
  socket.write(startup({ user: LIAR, database: 'postgres' }))
  await untilReady(socket)
  socket.write(Buffer.concat([message.query('SELECT id, email FROM people'), message.sync()]))
  await untilClosed(socket)
}

async function untilClosed(socket: Socket): Promise<void> {
  socket.resume()
  socket.on('error', () => socket.destroy())
  if (socket.closed) return
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) })
  const idle = setTimeout(() => socket.end(message.terminate()), SILENCE * 3000)
  try {
    await closed
  } catch (cause) {
    throw new Error('acra-server keeps a bad connection', { cause })
  } finally {
    clearTimeout(idle)
    socket.destroy()
  }
}

interface LyingDatabase {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly server: Server
}

/** A PostgreSQL to all but one user. */
async function startLiar(
  postgres: Postgres,
  recorded: readonly Buffer[][],
  { Random, mutate }: Tools,
): Promise<LyingDatabase> {
  let count = 0
  const server = createServer((near) => {
    near.on('error', () => near.destroy())
    near.once('data', (first: Buffer) => {
      if (!first.includes(LIAR)) {
        const far = connect({ host: postgres.host, port: postgres.port })
        far.on('error', () => near.destroy())
        near.on('close', () => far.destroy())
        far.write(first)
        near.pipe(far).pipe(near)
        return
      }
      const random = new Random(++count)
      const isGreeting = random.chance(0.9)
      if (isGreeting) near.write(Buffer.concat([AUTHENTICATION_OK, READY]))
      const answer = Buffer.concat(mutate(random.pick(recorded), random, recorded.flat()))
      if (!isGreeting) near.write(answer)
      else near.once('data', () => near.write(answer))
      if (random.chance(0.3)) near.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the liar has no port')
  return { host: '127.0.0.1', port: address.port, server }
}

async function checkHealth({ host, port }: AcraServer): Promise<void> {
  const client = await RawClient.connect({ host, port, user: 'postgres', database: 'postgres' })
  await client.query('BEGIN')
  await client.query(`INSERT INTO people (id, email) VALUES (77, '${PLAIN}')`)
  const answer = await client.query('SELECT email FROM people WHERE id = 77')
  await client.query('ROLLBACK')
  await client.close()
  const row = answer.find(({ type }) => type === 'D')
  const said = answer.map(({ type }) => type).join('')
  const cell = row === undefined ? `no row, but ${said}` : cellsOf(row)[0]?.toString()
  if (cell !== PLAIN) throw new Error(`a client that behaves is not served: ${cell}`)
}
