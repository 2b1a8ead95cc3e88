import type { OnReadOpts, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { AcraError, type Soon } from '../foundation/index.ts'
import { readingInto } from '../net/index.ts'
import {
  type Accepted,
  asTlsFailure,
  peerCertificate,
  type TlsClientInfo,
} from '../net/tls/index.ts'
import type { Outlet } from '../wire/index.ts'
import type { Conversation, Side } from './conversation.ts'
import { SocketOutlet } from './socket-outlet.ts'
import type { Watch, Watched } from './watch.ts'

/** The size of the memory that a socket reads into. Only the pages that are used cost anything. */
const READ_SIZE = 65_536
/** How long a client may take to close its side after it was told all. */
const LINGER_MS = 5000

/** A time limit has passed. */
export class TimeoutError extends AcraError {
  constructor(message: string) {
    super('connection-timeout', message)
  }
}

/** The connection was closed from our side while something was being waited for. */
export class ClosedError extends AcraError {
  constructor() {
    super('connection-closed', 'the connection was closed meanwhile')
  }
}

/** The database has ended the connection without a word. */
export class DatabaseEndedError extends AcraError {
  constructor() {
    super('database-ended', 'the database has closed the connection')
  }
}

/** What a conversation can ask of the relay that carries it. */
export interface Link {
  readonly toClient: Outlet
  readonly toDatabase: Outlet
  /**
   * Goes on with the client in TLS, once; `first` are bytes of the handshake that were read already. What was put for the
   * client must have been flushed. Resolves when the client may go on; rejects with TlsError, and only after
   * `tls-client-refused` the client can be told anything.
   */
  secureClient(first: Buffer): Promise<TlsClientInfo>
  /**
   * Connects to the database, once. `toDatabase` may be flushed afterwards. Resolves to the certificate that the database has
   * shown, in DER; null where there is no TLS. Rejects with the dial's error: the conversation may answer the client itself
   * and `close`, or let it through to end the connection with its `lastWords`.
   */
  openDatabase(): Promise<Buffer | null>
  /** Flushes what both sides are still to be told and ends the connection. */
  close(): void
}

/** Time limits of a connection, in milliseconds. */
export interface RelayLimits {
  /** From the accept until the client is logged in. */
  readonly startUpMs: number
  /** Between two pieces of one message. It does not count while the other side takes nothing more. */
  readonly silenceMs: number
}

/** How a connection ended. */
export interface RelayEnd {
  /** Which side failed; null where both have closed in peace, or we have closed them. */
  readonly side: Side | null
  readonly error: Error | null
  readonly bytesFromClient: number
  readonly bytesFromDatabase: number
}

export interface RelayOptions {
  /**
   * Connects to the database. A socket that is not TLS shall read by `onread`, as `net`'s `dial` does: it is for speed.
   * `clientIsSecured` tells whether the client uses TLS.
   */
  readonly dial: (onread: OnReadOpts, clientIsSecured: boolean) => Promise<Socket>
  /** Begins TLS with the client on its socket, as `net`'s TlsServer does; null where that is not offered. */
  readonly accept: (socket: Socket, first: Buffer) => Accepted | null
  readonly converse: (link: Link) => Conversation
  /** What was read of the client already; absent where nothing was. */
  readonly first?: Buffer
  readonly limits: RelayLimits
  /** Whether the client's socket reads into memory that is kept, too: it costs less, and Node has no documented way. */
  readonly keepsClientBuffer: boolean
  readonly watch: Watch
  /** Called once, when both sockets are closed. */
  readonly onEnd: (end: RelayEnd) => void
}

/** One socket of the two, and how far we are with what it says. */
class End {
  readonly outlet = new SocketOutlet()
  /** The conversation is still at its last chunk. */
  isBusy = false
  /** It has said all it had to say. */
  hasEnded = false
  isClosed = false
  quietMs = 0
}

/**
 * Carries bytes between a client and its database, through a conversation. It owns both sockets: reads no more from one side
 * than the other takes, ends one side when the other has ended, and breaks both off when one fails. The client is read as soon
 * as the conversation has begun; the database is connected when the conversation asks for it.
 */
export class Relay implements Link, Watched {
  readonly #options: RelayOptions
  readonly #client = new End()
  readonly #database = new End()
  readonly #conversation: Conversation
  #isOver = false
  #clientIsSecured = false
  #startUpMs = 0
  #lingerMs: number | null = null
  #failure: { readonly side: Side; readonly error: Error } | null = null

  /** `client` must be connected, and nothing read of it but `first`; it may be half open (`allowHalfOpen`), as those of `net`'s `listen`. */
  constructor(client: Socket, options: RelayOptions) {
    this.#options = options
    this.#conversation = options.converse(this)
    const socket =
      (options.keepsClientBuffer ? readingInto(client, this.#keptBuffer('client')) : null) ?? client
    this.#attach('client', socket)
    socket.pause() // Until the conversation has begun.
    // A socket that reads by `onread` has no such events.
    socket.on('data', (chunk) => this.#read('client', chunk))
    options.watch.add(this)
    this.#begin()
  }

  get toClient(): Outlet {
    return this.#client.outlet
  }

  get toDatabase(): Outlet {
    return this.#database.outlet
  }

  async secureClient(first: Buffer): Promise<TlsClientInfo> {
    const plain = this.#client.outlet.socket
    plain?.removeAllListeners('data').pause()
    const accepted = plain === null ? null : this.#options.accept(plain, first)
    if (accepted === null) throw new Error('TLS where it is not offered')
    const { socket, client } = accepted
    this.#clientIsSecured = true
    this.#attach('client', socket)
    const info = await client
    if (this.#isOver) throw new ClosedError()
    socket.pause() // Until the conversation is done with what it has.
    socket.on('data', (chunk) => this.#read('client', chunk))
    return info
  }

  async openDatabase(): Promise<Buffer | null> {
    const socket = await this.#options.dial(this.#keptBuffer('database'), this.#clientIsSecured)
    if (this.#isOver) {
      socket.on('error', () => {}).destroy()
      throw new ClosedError()
    }
    this.#attach('database', socket)
    // A socket that reads by `onread` has no such events.
    socket.on('data', (chunk) => this.#read('database', chunk))
    socket.resume()
    return socket instanceof TLSSocket ? peerCertificate(socket) : null
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#endClient()
    if (this.#database.outlet.socket === null) return
    this.#database.outlet.flush()
    this.#database.outlet.socket.destroySoon()
  }

  /** Breaks both sides off at once. */
  destroy(): void {
    this.#isOver = true
    this.#breakOff('client')
    this.#breakOff('database')
  }

  /** Counts the time limits; called by the watch. */
  tick(elapsedMs: number): void {
    if (this.#lingerMs !== null) {
      this.#lingerMs += elapsedMs
      if (this.#lingerMs > LINGER_MS) this.destroy()
    }
    if (this.#isOver) return
    const { startUpMs, silenceMs } = this.#options.limits
    if (this.#conversation.isStarting) {
      this.#startUpMs += elapsedMs
      if (this.#startUpMs > startUpMs) {
        this.#fail('client', new TimeoutError('logging in took too long'))
      }
      return
    }
    for (const side of ['client', 'database'] as const) {
      const end = this.#end(side)
      const isSilent = this.#isReading(side) && this.#conversation.isInsideMessage(side)
      end.quietMs = isSilent ? end.quietMs + elapsedMs : 0
      if (end.quietMs > silenceMs) {
        this.#fail(side, new TimeoutError('a message was begun and not ended in time'))
        return
      }
    }
  }

  #end(side: Side): End {
    return side === 'client' ? this.#client : this.#database
  }

  /** Makes `socket` the side's; one that was it before, and carries it now, is heard no more. */
  #attach(side: Side, socket: Socket): void {
    const { outlet } = this.#end(side)
    outlet.socket = socket
    const on = (event: string, act: (error: Error) => void) => {
      socket.on(event, (error: Error) => {
        if (outlet.socket === socket) act(error)
      })
    }
    on('drain', () => this.#resume(otherSide(side)))
    on('end', () => this.#onEnd(side))
    on('error', (error) => this.#fail(side, asTlsFailure(error, tlsRoles[side])))
    on('close', () => this.#onClose(side))
  }

  /**
   * Reads into one piece of memory for as long as the other side's kernel buffer takes everything at once. Without it
   * Node allocates for every read, however small.
   */
  #keptBuffer(side: Side): OnReadOpts {
    let memory: Buffer = Buffer.allocUnsafeSlow(READ_SIZE)
    /** One that was still needed when the next was to be read: TLS takes its time. */
    let waiting: Buffer | null = null
    let spare: Buffer | null = null
    const [from, to] = [this.#end(side), this.#end(otherSide(side))]
    // By the conversation, or by a socket.
    const isNeeded = () => from.isBusy || to.outlet.isHolding
    return {
      buffer: () => memory,
      callback: (length) => {
        if (waiting !== null && !isNeeded()) {
          spare = waiting
          waiting = null
        }
        const goOn = this.#read(side, memory.subarray(0, length))
        if (isNeeded()) {
          waiting = memory
          memory = spare ?? Buffer.allocUnsafeSlow(READ_SIZE)
          spare = null
        }
        return goOn
      },
    }
  }

  /** Lets the conversation begin, and reads the client then. */
  #begin(): void {
    let late: Soon<void>
    try {
      late = this.#conversation.begin?.()
    } catch (error) {
      this.#fail('database', asError(error))
      return
    }
    if (!(late instanceof Promise)) {
      this.#readClient()
      return
    }
    this.#client.isBusy = true
    late.then(
      () => {
        this.#client.isBusy = false
        this.#readClient()
      },
      (error) => this.#fail('database', asError(error)),
    )
  }

  #readClient(): void {
    const { first } = this.#options
    if (first !== undefined && first.length > 0) this.#read('client', first)
    this.#resume('client')
  }

  /** Gives a chunk to the conversation; false where no more shall be read from that side for now. */
  #read(side: Side, chunk: Buffer): boolean {
    if (this.#isOver) return true
    const end = this.#end(side)
    end.quietMs = 0
    let late: Soon<void>
    try {
      late =
        side === 'client'
          ? this.#conversation.fromClient(chunk)
          : this.#conversation.fromDatabase(chunk)
    } catch (error) {
      this.#fail(side, asError(error))
      return true
    }
    if (late instanceof Promise) {
      end.isBusy = true
      late.then(
        () => {
          end.isBusy = false
          this.#resume(side)
        },
        (error) => this.#fail(side, asError(error)),
      )
    }
    if (this.#isReading(side)) return true
    end.outlet.socket?.pause()
    return false
  }

  /** Nothing keeps us from reading this side. */
  #isReading(side: Side): boolean {
    return !this.#end(side).isBusy && !this.#end(otherSide(side)).outlet.isFull
  }

  #resume(side: Side): void {
    const end = this.#end(side)
    if (this.#isOver || end.isBusy) return
    if (end.hasEnded) this.#passEnd(side)
    else if (this.#isReading(side)) end.outlet.socket?.resume()
  }

  #onEnd(side: Side): void {
    const end = this.#end(side)
    end.hasEnded = true
    if (!this.#isOver && !end.isBusy) this.#passEnd(side)
  }

  /** One side has said all: so have we, to the other. */
  #passEnd(side: Side): void {
    if (side === 'client' && this.#database.outlet.socket !== null) {
      this.#database.outlet.socket.end()
      return
    }
    if (
      side === 'database' &&
      !this.#client.hasEnded &&
      this.#conversation.mayDatabaseEnd === false
    ) {
      this.#fail('database', new DatabaseEndedError())
      return
    }
    // Without a database there is no more to come, and what a client says after the database has left is not heard.
    this.#isOver = true
    this.#endClient()
    this.#database.outlet.socket?.end()
  }

  #endClient(): void {
    const { socket } = this.#client.outlet
    if (socket === null || socket.destroyed) return
    this.#client.outlet.flush()
    // Closing with bytes unread would reset the connection and could lose the last of what we said.
    socket.resume()
    socket.end(() => {
      this.#lingerMs = 0
    })
  }

  #fail(side: Side, error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#failure = { side, error }
    this.#database.outlet.discard()
    const words = this.#client.outlet.socket?.destroyed
      ? null
      : this.#conversation.lastWords(error, side)
    if (words !== null) {
      this.#client.outlet.put(words)
      this.#endClient()
    } else {
      this.#breakOff('client')
    }
    this.#breakOff('database')
  }

  #breakOff(side: Side): void {
    this.#end(side).outlet.socket?.destroy()
  }

  #onClose(side: Side): void {
    this.#end(side).isClosed = true
    // A side that closes without an end has been broken off; a client without a database has nothing left to wait for.
    if (!this.#end(side).hasEnded && !this.#isOver) this.destroy()
    const database = this.#database
    if (!this.#client.isClosed || !(database.isClosed || database.outlet.socket === null)) return
    this.#isOver = true
    this.#options.watch.remove(this)
    this.#options.onEnd({
      side: this.#failure?.side ?? null,
      error: this.#failure?.error ?? null,
      bytesFromClient: this.#client.outlet.socket?.bytesRead ?? 0,
      bytesFromDatabase: database.outlet.socket?.bytesRead ?? 0,
    })
  }
}

/** What we are to each side where it uses TLS. */
const tlsRoles = { client: 'accept', database: 'connect' } as const

function otherSide(side: Side): Side {
  return side === 'client' ? 'database' : 'client'
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error('something that is no error was thrown', { cause: thrown })
}
