/** HTTP/2 for the HTTP interface: the same requests, on many streams of one connection. RFC 9113 */
import {
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Duplex } from 'node:stream'
import { events, type Logger } from '../../observe/index.ts'
import { tellRefusal } from './http-refusals.ts'

/** Requests of one connection at once; the others wait at the client. */
const STREAMS_MAX = 100
/** Bytes of a request's headers, uncompressed, as of HTTP/1.1. */
const HEADERS_SIZE_MAX = 16_384
/** Frames without sense that are passed over until the connection ends. */
const INVALID_FRAMES_MAX = 16

export interface Http2Settings {
  /** Until the first request must have begun. */
  readonly headTimeoutMs: number
  /** For all of a request to come. */
  readonly requestTimeoutMs: number
  /** How long a connection may have no request. */
  readonly idleTimeoutMs: number
  readonly log: Logger
}

/** Requests of either version of HTTP have this in common. */
export type Http2Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void

/** Serves connections whose client speaks HTTP/2. */
export class Http2Connections {
  readonly #settings: Http2Settings
  readonly #server: ReturnType<typeof createServer>
  readonly #connections = new WeakMap<Http2Session, Duplex>()
  readonly #open = new Set<ServerHttp2Session>()
  /** The connection that is being handed over: its session is made before that call returns. */
  #next: { readonly connection: Duplex; readonly begun: () => void } | null = null

  constructor(listener: Http2Listener, settings: Http2Settings) {
    this.#settings = settings
    this.#server = createServer(
      {
        settings: { maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: HEADERS_SIZE_MAX },
        maxSessionInvalidFrames: INVALID_FRAMES_MAX,
      },
      listener,
    )
    this.#server.on('session', (session) => this.#opened(session))
    this.#server.on('stream', (stream) => this.#watch(stream))
    this.#server.on('sessionError', (error) => {
      settings.log.event(events.httpRequestRefused, { error }, BROKEN)
    })
  }

  /** Serves a connection that is ready to be read; `begun` is called with its first request. */
  accept(connection: Duplex, begun: () => void): void {
    this.#next = { connection, begun }
    this.#server.emit('connection', connection)
    this.#next = null
  }

  /** The connection by which a request has come. */
  connectionOf({ stream }: Http2ServerRequest): Duplex | undefined {
    return stream.session === undefined ? undefined : this.#connections.get(stream.session)
  }

  /** Requests at work end, and no more begin. */
  close(): void {
    for (const session of this.#open) session.close()
  }

  #opened(session: ServerHttp2Session): void {
    if (this.#next === null) throw new Error('a session of no connection')
    const { connection, begun } = this.#next
    const { headTimeoutMs, idleTimeoutMs } = this.#settings
    this.#connections.set(session, connection)
    this.#open.add(session)
    const timer = setTimeout(() => session.destroy(), headTimeoutMs)
    session.once('stream', () => {
      clearTimeout(timer)
      begun()
      session.setTimeout(idleTimeoutMs, () => session.close())
    })
    session.once('close', () => {
      clearTimeout(timer)
      this.#open.delete(session)
    })
  }

  /** A request that does not come to its end in time ends, and no other one with it. */
  #watch(stream: ServerHttp2Stream): void {
    const { requestTimeoutMs, log } = this.#settings
    const timer = setTimeout(() => {
      tellRefusal(log, 408, 'the request did not come to its end in time')
      if (!stream.headersSent && !stream.destroyed) {
        stream.respond({ ':status': 408 }, { endStream: true })
      }
      stream.close()
    }, requestTimeoutMs)
    stream.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
  }
}

const BROKEN = 'A connection of HTTP/2 has broken its protocol'
