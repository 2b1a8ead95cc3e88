/**
 * Records conversations of clients with a real PostgreSQL into packages/suite/test/conversations, anew: `npm run lab -- record`. What identifies
 * the connection (process id, key for cancelling, salts) is not part of it: a recording begins behind the login.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../postgres.ts'
import { root } from '../repository.ts'
import { clients, schema } from './clients.ts'
import { startRecorder, type Turn } from './recorder.ts'

const folder = join(root, 'packages/suite/test/conversations')
const BACKEND_KEY_DATA = 0x4b
const READY_FOR_QUERY = 0x5a

const database = await startPostgres({ auth: 'trust' })
const recorder = await startRecorder(database)
try {
  const owner = new pg.Client({ connectionString: database.url() })
  await owner.connect()
  await owner.query(schema)
  await owner.end()
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) await rm(join(folder, name))
  const { user, database: name } = database
  for (const [client, work] of Object.entries(clients)) {
    await work({ host: recorder.host, port: recorder.port, user, database: name })
    await save(client, await recorder.take())
  }
} finally {
  recorder.stop()
  await database.stop()
}

/** The connection that says most is the one that is meant. */
async function save(name: string, connections: readonly Turn[][]): Promise<void> {
  const conversations = connections.map(withoutLogin).filter((turns) => turns.length > 1)
  const size = (turns: readonly Turn[]) => turns.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const [longest] = conversations.sort((a, b) => size(b) - size(a))
  if (longest === undefined) throw new Error(`${name} has said nothing`)
  const lines = longest.map(
    ({ from, bytes }) => `${from === 'client' ? 'C' : 'D'} ${bytes.toString('base64')}\n`,
  )
  await writeFile(join(folder, `${name}.txt`), lines.join(''))
  console.log(`${name}: ${longest.length} turns, ${size(longest)} bytes`)
}

/** What is said behind the first ReadyForQuery, and before it what the database tells of its settings. */
function withoutLogin(turns: readonly Turn[]): Turn[] {
  const greeting: Buffer[] = []
  for (const [index, { from, bytes }] of turns.entries()) {
    if (from === 'client') continue
    for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
      const end = at + 1 + bytes.readInt32BE(at + 1)
      if (bytes[at] !== BACKEND_KEY_DATA) greeting.push(bytes.subarray(at, end))
      if (bytes[at] !== READY_FOR_QUERY) continue
      const rest = bytes.subarray(end)
      const first = { from, bytes: Buffer.concat([...greeting, rest]) }
      return [first, ...turns.slice(index + 1)]
    }
  }
  return []
}
