import { createServer, type Server } from 'node:http'
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
import { BodyTooLargeError, readBody } from './http-body.ts'
import { bulkAnswerOf } from './http-bulk.ts'
import { describe, documentationPage, pageHeaders } from './http-documentation.ts'
import { exactObjectIn, objectIn } from './http-schemas.ts'
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

/** The HTTP interface: connections come in by `accept`, ready to be read. spec: acra-translator §4 */
export class HttpFront {
  readonly #server: Server
  /** Connections without a request, and what is to be called with the first. */
  readonly #waiting = new WeakMap<Duplex, () => void>()

  constructor(settings: HttpSettings) {
    const { requestTimeoutMs } = settings
    const headTimeoutMs = Math.min(settings.headTimeoutMs, requestTimeoutMs)
    this.#server = createServer(
      {
        requestTimeout: requestTimeoutMs,
        headersTimeout: headTimeoutMs,
        keepAliveTimeout: IDLE_MS,
        connectionsCheckingInterval: Math.min(CHECK_MS, headTimeoutMs / 2),
      },
      getRequestListener(createApp(settings).fetch, { overrideGlobalObjects: false }),
    )
    this.#server.prependListener('request', ({ socket }) => this.#begun(socket))
    // It never listens itself, and begins to watch its time limits as if it did.
    this.#server.emit('listening')
  }

  /** `begun` is called with its first request. */
  accept(connection: Duplex, begun: () => void): void {
    this.#waiting.set(connection, begun)
    this.#server.emit('connection', connection)
    connection.resume()
  }

  #begun(connection: Duplex): void {
    const begun = this.#waiting.get(connection)
    if (begun === undefined) return
    this.#waiting.delete(connection)
    begun()
  }

  /** Ends connections that have no request at work. */
  close(): void {
    this.#server.closeIdleConnections()
    this.#server.close()
  }
}

function createApp(settings: HttpSettings): App {
  const app: App = new OpenAPIHono()
  for (const endpoint of endpoints) serveOperation(app, endpoint, settings)
  serveBulk(app, settings)
  serveBinary(app, settings)
  describe(app)
  app.get('/v2/swagger/doc.json', (call) => call.json(openApi(app)))
  app.get('/v2/swagger/index.html', (call) => call.body(documentationPage, 200, pageHeaders))
  const paths = new Set(app.routes.map(({ path }) => path))
  for (const path of paths) {
    app.all(path, (call) => call.text('405 method not allowed', 405))
  }
  app.notFound((call) => notFound(call, paths))
  app.onError((error, call) => {
    if (error instanceof BodyTooLargeError) return tooLarge(call)
    settings.log.event(events.cannotHandleHttpRequest, { error })
    return call.body(null, 500)
  })
  return app
}

/** One operation of v2: an object with a value in, one with another out. */
function serveOperation(app: App, endpoint: Endpoint, settings: HttpSettings): void {
  const { log, requestSizeMax, onOperation } = settings
  app.on(['GET', 'POST'], `/v2/${endpoint.name}`, async (call) => {
    const begin = performance.now()
    const body = await readBody(call.env.incoming, requestSizeMax)
    if (!isJson(call)) return call.text(INVALID, 400)
    if (call.req.method === 'GET') log.debug(DEPRECATED_GET)
    try {
      const answer = await endpoint.answer(body, contextOf(call, settings))
      return answered(call, answer, JSON_TYPE)
    } catch (error) {
      return refused(call, error)
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

function contextOf(call: Call, { callerOf, values, log }: HttpSettings): AnswerContext {
  const connection = call.env.incoming.socket
  return { callerOf: (zoneId) => callerOf(connection, zoneId), values: values(), log }
}

const DEPRECATED_GET = 'Deprecated HTTP GET method was used. Please use HTTP POST method instead.'

/** Many operations in one request; each has its own answer or error. */
function serveBulk(app: App, settings: HttpSettings): void {
  app.on(['GET', 'POST'], '/v2/bulkProcessing', async (call) => {
    const body = await readBody(call.env.incoming, settings.requestSizeMax)
    if (!isJson(call)) return call.text(INVALID, 400)
    try {
      const answer = await bulkAnswerOf(body, contextOf(call, settings))
      return answered(call, answer, JSON_TYPE)
    } catch (error) {
      return refused(call, error)
    }
  })
}

/** v1: bytes in, bytes out, AcraStructs alone. spec: acra-translator §4.2 */
function serveBinary(app: App, settings: HttpSettings): void {
  const { values, callerOf, log, requestSizeMax, onOperation } = settings
  const byName = new Map(operations.map((operation) => [operation.name, operation]))
  for (const [name, failure] of [
    ['encrypt', "Can't encrypt data"],
    ['decrypt', "Can't decrypt AcraStruct"],
  ] as const) {
    app.post(`/v1/${name}`, async (call) => {
      const begin = performance.now()
      const body = await readBody(call.env.incoming, requestSizeMax)
      const caller = callerOf(call.env.incoming.socket, call.req.query('zone_id') ?? '')
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

function refused(call: Call, error: unknown): Response {
  if (!(error instanceof Refusal)) throw error
  const { status, message } = error
  const body = JSON.stringify({ code: status, message })
  return call.body(body, status, { 'Content-Type': JSON_TYPE })
}

/** What is left of the body is not read: the connection ends. */
function tooLarge(call: Call): Response {
  const body = JSON.stringify({ code: 413, message: 'request is too large' })
  return call.body(body, 413, { 'Content-Type': JSON_TYPE, Connection: 'close' })
}

function notFound(call: Call, paths: ReadonlySet<string>): Response {
  const { pathname, search } = new URL(call.req.url)
  const bare = pathname.replace(/\/+$/, '')
  if (bare !== pathname && paths.has(bare)) {
    return call.redirect(`${bare}${search}`, call.req.method === 'GET' ? 301 : 307)
  }
  return call.text('404 page not found', 404)
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
