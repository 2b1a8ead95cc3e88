import type { Socket } from 'node:net'
import pg from 'pg'
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

/**
 * Logs in to a database, lets `use` ask, and leaves. Nothing can be written. Throws what `use` throws, AccountError, and what dialling throws:
 * DialError, TlsError.
 */
export async function withAccount<T>(
  { user, password, dial }: Account,
  database: string,
  use: (queries: SchemaQueries) => Promise<T>,
): Promise<T> {
  // With the mode auto there is no client here whose habit could be followed.
  const socket = await dialDatabase(dial, null, true)
  const client = new pg.Client({
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
  // What breaks the connection is also what the query that waits is told.
  client.on('error', () => {})
  try {
    await told(client.connect())
    await told(client.query(`SET statement_timeout = ${QUERY_MS}`))
    await told(client.query('SET default_transaction_read_only = on'))
    return await use({
      query: async (text, values = []) => (await told(client.query(text, [...values]))).rows,
    })
  } finally {
    void client.end().catch(() => {})
    // The leave is on its way, or nobody is there to take it.
    socket.end()
    setTimeout(() => socket.destroy(), LEAVE_MS).unref()
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
