import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Keystore } from '../../../keystore/index.ts'
import { events, type Logger } from '../../../observe/index.ts'
import { Throttle } from '../../throttle/index.ts'
import {
  type ArrivalSettings,
  arrive,
  Newcomers,
  NothingSaidError,
  wrapFields,
} from '../../transport/index.ts'
import { remoteOf } from '../listening.ts'
import { type ApiAnswer, answerTo, badRequest, tooLarge } from './commands.ts'
import type { ConsoleSettings } from './console.ts'

/** For a connection from its first byte to its last: it has one request (acra-server.md §5.1). */
const PATIENCE_MS = 60_000
/** No command has a body that is read. */
const BODY_SIZE_MAX = 65_536
const HEADERS_SIZE_MAX = 16_384
/** Of one process. Commands are rare. */
const CONNECTIONS_MAX = 64
const LIMIT = 'connections of the HTTP API'
const TELL_MS = 1000

/** What the commands work with, at this moment. */
export interface ApiSettings {
  readonly arrival: ArrivalSettings
  /** Who asks where the transport does not say it; null where nobody is named. */
  readonly clientId: string | null
  readonly keystore: Keystore
  /** Whether there are zones: their command is there only then. */
  readonly hasZones: boolean
  /** Whether whoever comes by TLS has shown a certificate that was verified. */
  readonly verifiesTls: boolean
  readonly console: ConsoleSettings
}

export interface ApiContext {
  readonly log: Logger
  /** Asked for each connection: a reload changes it. */
  readonly settings: () => ApiSettings
  /** Forgets all keys in memory, of all processes; false where one of them has not answered. */
  readonly resetKeys: () => Promise<boolean>
  /** Counts a connection; what it gives is called at its end. */
  readonly connected: () => () => void
  /** For a connection from its first byte to its last; 60 s where it is absent. */
  readonly patienceMs?: number
}

/** What a connection that has come through its transport is about. */
interface Caller {
  readonly accepted: Socket
  /** Whether the transport has shown who it is. */
  readonly isShown: boolean
  readonly settings: ApiSettings
  readonly log: Logger
}

/** Serves the connections that it is given, one request on each. It listens nowhere. */
export class Api {
  readonly #context: ApiContext
  readonly #server = createServer({ maxHeaderSize: HEADERS_SIZE_MAX })
  readonly #open = new Set<Socket>()
  readonly #callers = new WeakMap<Duplex, Caller>()
  readonly #turnedAway: Throttle
  /** Connections without a whole request, which give way to others. */
  readonly #newcomers: Newcomers<Socket>

  constructor(context: ApiContext) {
    this.#context = context
    this.#turnedAway = new Throttle(TELL_MS, (count) => {
      const fields = { limit: LIMIT, count }
      context.log.event(events.limitExceeded, fields, 'Too many connections')
    })
    this.#newcomers = new Newcomers((socket) => socket.destroy(), context.log)
    this.#server.on('request', (request, response) => this.#request(request, response))
    this.#server.on('clientError', (_, socket) => {
      if (socket.writable) socket.end(badRequest)
      else socket.destroy()
    })
  }

  /** Serves an accepted connection that nobody reads; `onClose` is called at its end. */
  serve(socket: Socket, onClose: () => void = () => {}): void {
    socket.once('close', onClose)
    socket.on('error', () => socket.destroy())
    if (this.#open.size >= CONNECTIONS_MAX && !this.#newcomers.giveWay(LIMIT)) {
      this.#turnedAway.happened(performance.now())
      socket.destroy()
      return
    }
    const { log, connected } = this.#context
    const count = connected()
    this.#open.add(socket)
    this.#newcomers.add(socket)
    log.info(`Got new connection to HTTP API: ${remoteOf(socket)}`)
    const timer = setTimeout(() => socket.destroy(), this.#context.patienceMs ?? PATIENCE_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#open.delete(socket)
      this.#newcomers.remove(socket)
      count()
    })
    void this.#arrive(socket)
  }

  /** Breaks off what is there. */
  close(): void {
    for (const socket of this.#open) socket.destroy()
  }

  async #arrive(accepted: Socket): Promise<void> {
    const settings = this.#context.settings()
    try {
      const { socket, first, clientId, transport } = await arrive(accepted, settings.arrival)
      const caller = clientId ?? settings.clientId
      const { log } = this.#context
      const named = caller === null ? log : log.with({ client_id: caller })
      const isShown =
        transport !== 'raw' && (clientId !== null || (transport === 'tls' && settings.verifiesTls))
      this.#callers.set(socket, { accepted, isShown, settings, log: named })
      socket.on('error', () => socket.destroy())
      if (first.length > 0) socket.unshift(first)
      this.#server.emit('connection', socket)
      socket.resume()
    } catch (error) {
      accepted.destroy()
      if (error instanceof NothingSaidError) {
        this.#context.log.debug('Nothing was said', { error })
        return
      }
      const text = "Can't wrap connection to HTTP API"
      this.#context.log.event(events.cannotWrapConnection, wrapFields(error), text)
    }
  }

  /** A body is read to its end and not looked at. */
  #request(request: IncomingMessage, response: ServerResponse): void {
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= BODY_SIZE_MAX || response.headersSent) return
      send(response, tooLarge)
      request.destroy()
    })
    request.on('error', () => response.destroy())
    request.once('end', () => void this.#answer(request, response))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = this.#callers.get(request.socket)
    if (caller === undefined) throw new TypeError('a request over a connection of nobody')
    this.#newcomers.remove(caller.accepted)
    const { settings, log, isShown } = caller
    const path = request.url?.split('?')[0] ?? ''
    send(
      response,
      await answerTo(request.method ?? '', path, {
        ...settings,
        isShown,
        log,
        resetKeys: this.#context.resetKeys,
      }),
    )
  }
}

/** Each connection has one request, as in 0.90, whose callers read to the end of the connection. */
function send(response: ServerResponse, { status, type, body, allow }: ApiAnswer): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...(allow === undefined ? {} : { Allow: allow }),
  })
  response.end(body)
}
