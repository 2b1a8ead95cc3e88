/** A conversation over TLS, cut off behind every byte in each direction: the server goes on, and nothing of it stays behind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { createAuthority } from '#testing/certificates'
import { message, startup } from './frontend.ts'
import { psql } from './libpq.ts'
import { createTables, encryptorConfig } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-tls-cuts-'))
const authority = createAuthority(folder, 'authority')
const certificate = authority.server('front')
const AT_ONCE = 16
/** ReadyForQuery. */
const READY = 'Z\0\0\0\x05I'

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab({ auth: 'trust' })
  await createTables(lab.database)
  const files = [
    `--tls_client_cert=${certificate.certFile}`,
    `--tls_client_key=${certificate.keyFile}`,
  ]
  const open = ['--tls_client_auth=0', '--tls_client_id_from_cert=false']
  const flags = [...files, ...open, '--tls_database_mode=disable', '--v']
  front = await lab.front({ encryptorConfig, flags })
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

/** How many bytes may pass before the connection is broken off, in each direction. */
interface Cut {
  readonly fromClient: number
  readonly fromServer: number
}
const uncut: Cut = { fromClient: Infinity, fromServer: Infinity }

/** One conversation over TLS, through a wire that breaks; resolves to how much has passed, and the last answer. */
async function talk(cut: Cut): Promise<Cut & { readonly answer: string }> {
  const passed = { fromClient: 0, fromServer: 0 }
  const wire = createServer((client) => {
    wire.close()
    const server = connect(front.port, front.host)
    const carry = (from: Socket, to: Socket, direction: keyof Cut) => {
      from.on('error', () => {})
      from.on('close', () => to.destroy())
      from.on('end', () => to.end())
      from.on('data', (chunk) => {
        const piece = chunk.subarray(0, cut[direction] - passed[direction])
        passed[direction] += piece.length
        to.write(piece, () => {
          if (passed[direction] >= cut[direction]) to.destroy()
        })
      })
    }
    carry(client, server, 'fromClient')
    carry(server, client, 'fromServer')
  })
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  const raw = connect((wire.address() as AddressInfo).port, '127.0.0.1')
  const answer = await converse(raw)
  raw.destroy()
  return { ...passed, answer }
}

/** The client's part; resolves at the end of the connection, however it comes. */
function converse(raw: Socket): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const end = () => resolve(answer)
    raw.on('error', end)
    raw.on('close', end)
    raw.write(Buffer.from('0000000804d2162f', 'hex'))
    raw.once('data', () => {
      const secured = connectTls({ socket: raw, ca: [authority.cert], servername: 'localhost' })
      secured.on('error', end)
      secured.on('close', end)
      const statements = [
        message.query("INSERT INTO people VALUES (1, 'n', 'canary', NULL) ON CONFLICT DO NOTHING"),
        message.query('SELECT name, email FROM people'),
        message.terminate(),
      ]
      secured.on('data', (chunk) => {
        answer += chunk.toString('latin1')
        if (answer.endsWith(READY)) secured.write(statements.shift() ?? '')
      })
      secured.write(startup({ user: 'postgres', database: 'postgres' }))
    })
  })
}

test('over TLS a conversation may break off behind any byte, in each direction', async (t) => {
  const whole = await talk(uncut)
  assert.match(whole.answer, /canary/)
  const cuts: Cut[] = []
  for (const direction of ['fromClient', 'fromServer'] as const) {
    for (let size = 0; size < whole[direction]; size++) cuts.push({ ...uncut, [direction]: size })
  }
  const work = cuts[Symbol.iterator]()
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const cut of work) await talk(cut)
  })
  await Promise.all(workers)
  t.diagnostic(`${cuts.length} cuts`)

  assert.match((await talk(uncut)).answer, /canary/)
  const options = { host: front.host, port: front.port, user: 'postgres', dbname: 'postgres' }
  const others =
    "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
  let left = ''
  for (let attempt = 0; attempt < 100 && left !== '0'; attempt++) {
    left = (await psql({ ...options, sslmode: 'disable' }, others)).output
  }
  assert.equal(left, '0', 'connections to the database that nobody uses any more')
  assert.doesNotMatch(front.log(), /internal error|canary/)
})
