import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type pg from 'pg'
import { AcraError } from '../../../foundation/index.ts'
import { type DatabaseDialSettings, dialDatabase } from '../../../proxy/postgres/index.ts'
import type { SchemaQueries } from '../introspection/index.ts'

/** How long one query of an account may take, in milliseconds. */
const QUERY_MS = 30_000
/** How long a database may take to let go, in milliseconds. */
const LEAVE_MS = 1000
/** What the account is called in the database's own views. */
const NAME = 'acra-server schema introspection'

/** An account of the database's that the server itself uses. */
export interface Account {
  readonly user: string
  /** Empty where the database asks for none. */
  readonly password: string
  readonly dial: DatabaseDialSettings
}

/** The database does not let the account in, or does not answer it. The message is the database's own where it has one. */
export class AccountError extends AcraError {
  /** SQLSTATE; null where the database did not get as far as to say one. */
  readonly sqlState: string | null

  constructor(message: string, sqlState: string | null, options?: ErrorOptions) {
    super('schema-account-failed', message, options)
    this.sqlState = sqlState
  }
}

/** The account in a database. Nothing can be written. */
export interface AccountSession {
  readonly queries: SchemaQueries
  /** Nothing more can be asked: the database has ended it, or does not answer. */
  readonly isBroken: boolean
  /** It hears what is told on its channel. */
  readonly isListening: boolean
  close(): void
}

/** Logs in to a database. `told` is called for each notification on `channel`. Throws AccountError, and what dialling throws: DialError, TlsError. */
export async function openSession(
  { user, password, dial }: Account,
  database: string,
  channel?: string,
  onTold: () => void = () => {},
): Promise<AccountSession> {
  // Loaded by the first who asks, so that a server without introspection starts sooner.
  const { Client } = await import('pg')
  // With the mode auto there is no client here whose habit could be followed.
  const socket = await dialDatabase(dial, null, true)
  const client = new Client({
    user,
    database,
    // A function: nothing is taken from the environment, and it does not stand in the object.
    password: () => password,
    application_name: NAME,
    connectionTimeoutMillis: dial.timeoutMs,
    query_timeout: QUERY_MS,
    // TLS is there already where it is asked for.
    ssl: false,
    stream: () => connected(socket),
  })
  let isBroken = false
  let isListening = false
  const close = () => {
    isBroken = true
    void client.end().catch(() => {})
    // The leave is on its way, or nobody is there to take it.
    socket.end()
    setTimeout(() => socket.destroy(), LEAVE_MS).unref()
  }
  // What breaks the connection is also what the query that waits is told.
  client.on('error', () => {
    isBroken = true
  })
  client.on('end', () => {
    isBroken = true
  })
  client.on('notification', onTold)
  try {
    await told(client.connect())
    await told(client.query(`SET statement_timeout = ${QUERY_MS}`))
    await told(client.query('SET default_transaction_read_only = on'))
    isListening = channel !== undefined && (await listens(client, channel))
  } catch (error) {
    close()
    throw error
  }
  return {
    queries: {
      query: async (text, values = []) => (await told(client.query(asked(text, values)))).rows,
    },
    get isBroken() {
      return isBroken
    },
    isListening,
    close,
  }
}

/** A database that is a standby refuses it: there nothing is told. */
async function listens(client: pg.Client, channel: string): Promise<boolean> {
  try {
    await told(client.query(`LISTEN ${channel}`))
    return true
  } catch (error) {
    if (error instanceof AccountError && error.sqlState !== null) return false
    throw error
  }
}

/** What is asked again and again is parsed once. */
function asked(text: string, values: readonly unknown[]): pg.QueryConfig {
  return values.length === 0
    ? { text }
    : {
        text,
        values: [...values],
        name: createHash('sha256').update(text).digest('hex').slice(0, 32),
      }
}

/** Logs in to a database, lets `use` ask, and leaves. Throws what `use` throws, and what `openSession` throws. */
export async function withAccount<T>(
  account: Account,
  database: string,
  use: (queries: SchemaQueries) => Promise<T>,
): Promise<T> {
  const session = await openSession(account, database)
  try {
    return await use(session.queries)
  } finally {
    session.close()
  }
}

/** The library connects what it is given: this one is connected. It waits for the end of both halves: one ends with the other. */
function connected(socket: Socket): Socket {
  socket.once('end', () => socket.end())
  socket.connect = () => {
    setImmediate(() => socket.emit('connect'))
    return socket
  }
  return socket
}

async function told<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    const { message, code } = cause as { readonly message: string; readonly code?: unknown }
    const sqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null
    // What the database says is all that its error says.
    throw new AccountError(message, sqlState, sqlState === null ? { cause } : undefined)
  }
}
