/** What the connections of a soak do, and what becomes of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { AcraServer } from '../programs.ts'

const REFUSED = '42601'
const PROTECTED_IN_CONDITION = "SELECT id FROM people WHERE lower(email) = 'x'"
/** How long after a worker has ended its connections may find that out. */
const LOSS_WINDOW_MS = 5000
const RECONNECT_MS = 200
/** How many steps a busy connection lives, and how long an idle one: applications come and go. */
const BUSY_STEPS = 400
const IDLE_MS = 40_000

export interface Address {
  readonly server: AcraServer
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Counts of a run, and why things failed. */
export class Tally {
  done = 0
  connections = 0
  explained = 0
  readonly failures = new Map<string, number>()
  #harmed = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }

  /** A worker is being ended, which is done `withinMs` from now. */
  harmed(withinMs: number): void {
    const now = performance.now()
    this.#harmed = { from: now, to: now + withinMs + LOSS_WINDOW_MS }
  }

  /** The loss of a connection that is older than the end of a worker just before is explained by it; nothing else is. */
  failed(error: unknown, connectedAt: number): void {
    const reason = error instanceof Error ? error.message : String(error)
    const { from, to } = this.#harmed
    if (isLost(error) && connectedAt < from && performance.now() < to) this.explained++
    else this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1)
  }
}

/** Works through the mix until `signal` ends it, with a new connection now and then and where the old one is lost. */
export async function beBusy(
  address: Address,
  number: number,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const connectedAt = performance.now()
    try {
      await withClient(address, async (client) => {
        tally.connections++
        for (let step = 0; step < BUSY_STEPS && !signal.aborted; step++) {
          await mix[step % mix.length]!(client, number, step)
          tally.done++
        }
      })
    } catch (error) {
      tally.failed(error, connectedAt)
      await sleep(RECONNECT_MS)
    }
  }
}

/** Is connected for a while and then asks whether it still is, again and again until `signal` ends it. */
export async function beIdle(address: Address, tally: Tally, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const connectedAt = performance.now()
    try {
      await withClient(address, async (client) => {
        tally.connections++
        await idle(client, signal)
        await client.query('SELECT 1')
        tally.done++
      })
    } catch (error) {
      tally.failed(error, connectedAt)
      await sleep(RECONNECT_MS)
    }
  }
}

/** Resolves after some time, or at the end of the soak; rejects at the end of the connection. */
async function idle(client: pg.Client, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  const until = AbortSignal.any([signal, done.signal])
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject)
      client.once('end', () => reject(new Error('Connection terminated unexpectedly')))
      // Not all at once.
      sleep(IDLE_MS * (0.5 + Math.random()), undefined, { signal: until }).then(resolve, () =>
        resolve(),
      )
    })
  } finally {
    done.abort()
  }
}

async function withClient(
  { server, user, password, database }: Address,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ host: server.host, port: server.port, user, password, database })
  let lost: Error | null = null
  client.on('error', (error) => {
    lost = error
  })
  await client.connect()
  try {
    await work(client)
  } finally {
    if (lost === null) await client.end()
  }
}

type Step = (client: pg.Client, number: number, round: number) => Promise<void>

const mix: readonly Step[] = [
  async (client, number, round) => {
    const email = `person-${number}-${round}@example.org`
    await client.query(
      `INSERT INTO people (id, name, email) VALUES (${number}, 'n', '${email}') ` +
        `ON CONFLICT (id) DO UPDATE SET email = '${email}'`,
    )
    await expectEmail(client, number, email)
  },
  async (client, number, round) => {
    const email = `prepared-${number}-${round}@example.org`
    const text = 'UPDATE people SET email = $1, photo = $2 WHERE id = $3'
    await client.query({ name: 'update', text, values: [email, Buffer.alloc(2000, round), number] })
    await expectEmail(client, number, email)
  },
  async (client, number) => {
    await client.query('BEGIN')
    await client.query('UPDATE people SET email = $1 WHERE id = $2', ['rolled back', number])
    await client.query('ROLLBACK')
    const { rows } = await client.query<{ email: string }>('SELECT email FROM people LIMIT 50')
    if (rows.some(({ email }) => email === 'rolled back')) throw new Error('a rollback was lost')
  },
  async (client) => {
    await expectError(client, PROTECTED_IN_CONDITION, null)
    await expectError(client, 'SELEC 1', REFUSED)
  },
  async (client) => {
    const { rows } = await client.query<{ n: number }>('SELECT n FROM generate_series(1, 500) n')
    if (rows.length !== 500) throw new Error('rows were lost')
  },
]

async function expectEmail(client: pg.Client, id: number, email: string): Promise<void> {
  const text = 'SELECT email FROM people WHERE id = $1'
  const { rows } = await client.query<{ email: string }>({ name: 'email', text, values: [id] })
  if (rows[0]?.email !== email) throw new Error('another value came back than was written')
}

async function expectError(client: pg.Client, sql: string, code: string | null): Promise<void> {
  try {
    await client.query(sql)
  } catch (error) {
    if (isLost(error)) throw error
    if (code === null || (error as { code?: string }).code === code) return
    throw error
  }
  throw new Error('a statement passed that must be refused')
}

function isLost(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return (
    ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', '57P01', '08006'].includes(code) ||
    /terminated|not queryable|closed/i.test(message)
  )
}
