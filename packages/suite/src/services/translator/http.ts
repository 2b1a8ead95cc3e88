import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Duplex } from 'node:stream'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Soon } from '../../foundation/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import type { Caller } from './caller.ts'
import {
  type AnswerContext,
  answerOf,
  done,
  INVALID,
  Refusal,
  tokenAnswerOf,
} from './http-answers.ts'
import { BodyBrokenError, BodyTooLargeError, readBody } from './http-body.ts'
import { bulkAnswerOf } from './http-bulk.ts'
import { describe, documentationPage, pageHeaders } from './http-documentation.ts'
import { answerBroken, tellRefusal } from './http-refusals.ts'
import { exactObjectIn, objectIn } from './http-schemas.ts'
import { Http2Connections } from './http2.ts'
import type { HttpVersion } from './http2-preface.ts'
import { operations } from './operations.ts'
import { tokenOperations } from './token-requests.ts'
import type { Values } from './values.ts'

/** How long a connection may have no request. */
const IDLE_MS = 60_000
/** The time between two looks at what takes too long. */
const CHECK_MS = 5000
const JSON_TYPE = 'application/json; charset=utf-8'

type App = OpenAPIHono<{ Bindings: HttpBindings }>
type Call = Context<{ Bindings: HttpBindings }>

export interface HttpSettings {
  readonly values: () => Values
  /** Who has sent a request over this connection. */
  readonly callerOf: (connection: Duplex, zoneId: string) => Caller
  readonly requestSizeMax: number
  /** For the head of a request, and for all of it. */
  readonly headTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly log: Logger
  /** Told of every operation: its name, and the seconds it took. */
  readonly onOperation: (operation: string, seconds: number) => void
}

type ConnectionOf = (request: IncomingMessage | Http2ServerRequest) => Duplex

interface FrontSettings extends HttpSettings {
  readonly connectionOf: ConnectionOf
}

/** The HTTP interface: connections come in by `accept`, ready to be read. spec: acra-translator §4 */
export class HttpFront {
  readonly #server: Server
  readonly #http2: Http2Connections
  /** Connections without a request, and what is to be called with the first. */
  readonly #waiting = new WeakMap<Duplex, () => void>()

  constructor(settings: HttpSettings) {
    const { requestTimeoutMs } = settings
    const headTimeoutMs = Math.min(settings.headTimeoutMs, requestTimeoutMs)
    const app = createApp(settings, (request) => this.#connectionOf(request))
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
    const limits = { headTimeoutMs, requestTimeoutMs, idleTimeoutMs: IDLE_MS }
    this.#http2 = new Http2Connections(listener, { ...limits, log: settings.log })
    this.#server = createServer(
      {
        requestTimeout: requestTimeoutMs,
        headersTimeout: headTimeoutMs,
        keepAliveTimeout: IDLE_MS,
        connectionsCheckingInterval: Math.min(CHECK_MS, headTimeoutMs / 2),
      },
      listener,
    )
    this.#server.prependListener('request', ({ socket }) => this.#begun(socket))
    this.#server.on('clientError', (error, socket) => answerBroken(error, socket, settings.log))
    // It never listens itself, and begins to watch its time limits as if it did.
    this.#server.emit('listening')
  }

  /** `begun` is called with its first request. */
  accept(connection: Duplex, version: HttpVersion, begun: () => void): void {
    if (version === 2) {
      this.#http2.accept(connection, begun)
      return
    }
    this.#waiting.set(connection, begun)
    this.#server.emit('connection', connection)
    connection.resume()
  }

  /** Who is asked for is known by the connection, of which HTTP/2 shows requests a shadow only. */
  #connectionOf(request: IncomingMessage | Http2ServerRequest): Duplex {
    if (!('stream' in request)) return request.socket
    const connection = this.#http2.connectionOf(request)
    if (connection === undefined) throw new BodyBrokenError()
    return connection
  }

  #begun(connection: Duplex): void {
    const begun = this.#waiting.get(connection)
    if (begun === undefined) return
    this.#waiting.delete(connection)
    begun()
  }

  /** Ends connections that have no request at work. */
  close(): void {
    this.#http2.close()
    this.#server.closeIdleConnections()
    this.#server.close()
  }
}

function createApp(settings: HttpSettings, connectionOf: ConnectionOf): App {
  const front = { ...settings, connectionOf }
  const app: App = new OpenAPIHono()
  for (const endpoint of endpoints) serveOperation(app, endpoint, front)
  serveBulk(app, front)
  serveBinary(app, front)
  describe(app)
  app.get('/v2/swagger/doc.json', (call) => call.json(openApi(app)))
  app.get('/v2/swagger/index.html', (call) => call.body(documentationPage, 200, pageHeaders))
  const paths = new Set(app.routes.map(({ path }) => path))
  for (const path of paths) {
    app.all(path, (call) => plainText(call, '405 method not allowed', 405))
  }
  app.notFound((call) => notFound(call, paths))
  app.onError((error, call) => {
    if (error instanceof BodyTooLargeError) return tooLarge(call, settings.log)
    if (error instanceof BodyBrokenError) {
      tellRefusal(settings.log, 400, error.message)
      return call.body(null, 400)
    }
    settings.log.event(events.cannotHandleHttpRequest, { error })
    return call.body(null, 500)
  })
  return app
}

/** One operation of v2: an object with a value in, one with another out. */
function serveOperation(app: App, endpoint: Endpoint, settings: FrontSettings): void {
  const { log, requestSizeMax, onOperation } = settings
  app.on(['GET', 'POST'], `/v2/${endpoint.name}`, async (call) => {
    const begin = performance.now()
    const body = await readBody(call.env.incoming, requestSizeMax)
    if (!isJson(call)) return otherType(call, log)
    if (call.req.method === 'GET') log.debug(DEPRECATED_GET)
    try {
      const answer = await endpoint.answer(body, contextOf(call, settings))
      return answered(call, answer, JSON_TYPE)
    } catch (error) {
      return refused(call, error, log)
    } finally {
      onOperation(endpoint.name, (performance.now() - begin) / 1000)
    }
  })
}

/** A path of v2: its answer to a body, in JSON. Throws Refusal. */
interface Endpoint {
  readonly name: string
  readonly answer: (body: Buffer, context: AnswerContext) => Soon<string>
}

const endpoints: readonly Endpoint[] = [
  ...operations.map((operation) => ({
    name: operation.name,
    answer: (body: Buffer, context: AnswerContext) => answerOf(operation, objectIn(body), context),
  })),
  ...tokenOperations.map((operation) => ({
    name: operation.name,
    answer: (body: Buffer, context: AnswerContext) =>
      tokenAnswerOf(operation, exactObjectIn(body), context),
  })),
]

function contextOf(
  call: Call,
  { callerOf, connectionOf, values, log }: FrontSettings,
): AnswerContext {
  const connection = connectionOf(call.env.incoming)
  return { callerOf: (zoneId) => callerOf(connection, zoneId), values: values(), log }
}

const DEPRECATED_GET = 'Deprecated HTTP GET method was used. Please use HTTP POST method instead.'

/** Many operations in one request; each has its own answer or error. */
function serveBulk(app: App, settings: FrontSettings): void {
  app.on(['GET', 'POST'], '/v2/bulkProcessing', async (call) => {
    const body = await readBody(call.env.incoming, settings.requestSizeMax)
    if (!isJson(call)) return otherType(call, settings.log)
    try {
      const answer = await bulkAnswerOf(body, contextOf(call, settings))
      return answered(call, answer, JSON_TYPE)
    } catch (error) {
      return refused(call, error, settings.log)
    }
  })
}

/** v1: bytes in, bytes out, AcraStructs alone. spec: acra-translator §4.2 */
function serveBinary(app: App, settings: FrontSettings): void {
  const { values, callerOf, connectionOf, log, requestSizeMax, onOperation } = settings
  const byName = new Map(operations.map((operation) => [operation.name, operation]))
  for (const [name, failure] of [
    ['encrypt', "Can't encrypt data"],
    ['decrypt', "Can't decrypt AcraStruct"],
  ] as const) {
    app.post(`/v1/${name}`, async (call) => {
      const begin = performance.now()
      const body = await readBody(call.env.incoming, requestSizeMax)
      const caller = callerOf(connectionOf(call.env.incoming), call.req.query('zone_id') ?? '')
      try {
        const operation = byName.get(name)!
        const answer = await done({ name, failure }, caller, log, () =>
          operation.run(values(), caller, body),
        )
        return answered(call, answer, 'application/octet-stream')
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return call.body(error.message, error.status, {
          'Content-Type': 'text/plain; charset=utf-8',
        })
      } finally {
        onOperation(name, (performance.now() - begin) / 1000)
      }
    })
  }
}

/** The answer of an operation that was done, without the streams that a `Response` is read through: they cost as much as the operation. */
function answered(call: Call, body: string | Buffer, type: string): Response {
  call.env.outgoing
    .writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
    .end(body)
  return RESPONSE_ALREADY_SENT
}

function isJson(call: Call): boolean {
  return /^application\/json\s*(;|$)/i.test(call.req.header('content-type') ?? '')
}

function otherType(call: Call, log: Logger): Response {
  tellRefusal(log, 400, 'the content type is not application/json')
  return plainText(call, INVALID, 400)
}

/** Operations that failed are in the log already. */
function refused(call: Call, error: unknown, log: Logger): Response {
  if (!(error instanceof Refusal)) throw error
  const { status, message } = error
  if (status !== 422) tellRefusal(log, status, message)
  const body = JSON.stringify({ code: status, message })
  return call.body(body, status, { 'Content-Type': JSON_TYPE })
}

/** What is left of the body is not read: the connection ends. */
function tooLarge(call: Call, log: Logger): Response {
  tellRefusal(log, 413, 'request is too large')
  const body = JSON.stringify({ code: 413, message: 'request is too large' })
  // Of HTTP/2 only the stream ends, which has no such header.
  const isLast = call.env.incoming.httpVersionMajor === 1
  const headers = { 'Content-Type': JSON_TYPE, ...(isLast ? { Connection: 'close' } : {}) }
  return call.body(body, 413, headers)
}

function notFound(call: Call, paths: ReadonlySet<string>): Response {
  const { pathname, search } = new URL(call.req.url)
  const bare = pathname.replace(/\/+$/, '')
  if (bare !== pathname && paths.has(bare)) {
    return call.redirect(`${bare}${search}`, call.req.method === 'GET' ? 301 : 307)
  }
  return plainText(call, '404 page not found', 404)
}

/** Without a charset, as the original says it. */
function plainText(call: Call, text: string, status: 400 | 404 | 405): Response {
  return call.body(text, status, { 'Content-Type': 'text/plain' })
}

function openApi(app: App): object {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Acra-Translator',
      version: '2',
      description: 'Encrypts and decrypts values for applications that do not speak SQL.',
    },
  })
}
