/**
 * A PostgreSQL client that says exactly what a test tells it and shows every message that comes back. It knows no
 * authentication: the servers that it talks to trust everybody.
 */
import { once } from 'node:events'
import { connect as dial, type Socket } from 'node:net'
import { ByteReader, message, startup } from './frontend.ts'

/** A message of the server: its type letter and what stands behind the length. */
export interface BackendMessage {
  readonly type: string
  readonly body: Buffer
}

/** Where to connect, and as whom. A host that begins with a slash is the folder of a unix socket. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

const patienceMs = 60_000

export class RawClient {
  /** Process id and secret of the server's side, as BackendKeyData gave them. */
  key: Buffer = Buffer.alloc(0)
  readonly #socket: Socket
  #pending: Buffer = Buffer.alloc(0)
  #closed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    // What went wrong shows in the next read, which finds the connection closed.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#closed = true
    })
  }

  /**
   * Connects, with further parameters in the start-up packet, and reads up to the first ReadyForQuery; throws with the server's
   * words where it refuses.
   */
  static async connect(
    { host, port, user, database }: Target,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<RawClient> {
    const path = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
    const socket = dial({ ...path, noDelay: true })
    await once(socket, 'connect')
    const client = new RawClient(socket)
    client.send(startup({ user, database, client_encoding: 'UTF8', ...parameters }))
    const greeting = await client.untilReady()
    const refusal = greeting.find(({ type }) => type === 'E')
    if (refusal) throw new Error(`connection refused: ${errorOf(refusal).message}`)
    client.key = greeting.find(({ type }) => type === 'K')?.body ?? client.key
    return client
  }

  /** Sends messages in one piece. */
  send(...messages: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(messages))
  }

  /** The next message; null where the server has closed the connection. */
  async next(): Promise<BackendMessage | null> {
    for (;;) {
      const frame = this.#cut()
      if (frame) return frame
      const chunk = this.#socket.read() as Buffer | null
      if (chunk) this.#pending = Buffer.concat([this.#pending, chunk])
      else if (this.#closed || this.#socket.readableEnded) return null
      else await this.#more()
    }
  }

  /** Messages up to and with the first of one of these types; all there are where the server closes the connection. */
  async untilAny(types: string): Promise<BackendMessage[]> {
    const messages: BackendMessage[] = []
    for (;;) {
      const message = await this.next()
      if (message === null) return messages
      messages.push(message)
      if (types.includes(message.type)) return messages
    }
  }

  /** Messages up to and with ReadyForQuery. */
  untilReady(): Promise<BackendMessage[]> {
    return this.untilAny('Z')
  }

  /** A simple query and all that it answers. */
  async query(sql: string): Promise<BackendMessage[]> {
    this.send(message.query(sql))
    return this.untilReady()
  }

  /** Takes leave and waits for the end of the connection. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#socket.end(message.terminate())
    this.#socket.resume()
    await once(this.#socket, 'close')
  }

  /** Leaves without a word, by an end of the stream or by a reset, and waits for the end of the connection. */
  async leave(abruptly: boolean): Promise<void> {
    if (this.#closed) return
    const closed = once(this.#socket, 'close')
    if (abruptly) this.#socket.resetAndDestroy()
    else this.#socket.end()
    this.#socket.resume()
    await closed
  }

  #cut(): BackendMessage | null {
    if (this.#pending.length < 5) return null
    const size = 1 + this.#pending.readInt32BE(1)
    if (this.#pending.length < size) return null
    const frame = this.#pending.subarray(0, size)
    this.#pending = this.#pending.subarray(size)
    return { type: String.fromCharCode(frame[0] ?? 0), body: frame.subarray(5) }
  }

  async #more(): Promise<void> {
    const patience = AbortSignal.timeout(patienceMs)
    const done = new AbortController()
    const signal = AbortSignal.any([patience, done.signal])
    try {
      await Promise.race(
        ['readable', 'end', 'close'].map((event) => once(this.#socket, event, { signal })),
      )
    } catch (cause) {
      throw new Error(`no answer within ${patienceMs} ms`, { cause })
    } finally {
      done.abort()
    }
  }
}

/** The fields of an ErrorResponse or NoticeResponse that tests look at. */
export interface ServerError {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Reads an ErrorResponse or a NoticeResponse. */
export function errorOf({ body }: BackendMessage): ServerError {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field) => [field[0], field.slice(1)]),
  )
  const field = (letter: string) => fields.get(letter) ?? ''
  return { severity: field('S'), code: field('C'), message: field('M'), hint: field('H') }
}

/** The cells of a DataRow, null for NULL. */
export function cellsOf({ body }: BackendMessage): (Buffer | null)[] {
  const reader = new ByteReader(body)
  const cells: (Buffer | null)[] = []
  for (let left = reader.int16(); left > 0; left--) {
    const size = reader.int32()
    cells.push(size < 0 ? null : reader.bytes(size))
  }
  return cells
}
