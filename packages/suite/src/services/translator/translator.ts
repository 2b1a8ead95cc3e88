import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Environment } from '../../keystore/index.ts'
import { formatAddress, type Listener, listen, parseAddress } from '../../net/index.ts'
import { events, type Logger, maxOpenFiles, type Product } from '../../observe/index.ts'
import { isInMemory, openTokenStore, type TokenStore } from '../../tokens/index.ts'
import { type MetricsEndpoint, serveMetrics } from '../metrics/index.ts'
import {
  arrive,
  connectionsByDescriptors,
  Newcomers,
  NothingSaidError,
  wrapFields,
} from '../transport/index.ts'
import type { Caller } from './caller.ts'
import { GrpcFront } from './grpc.ts'
import { HttpFront } from './http.ts'
import { readPreface, readVersion } from './http2-preface.ts'
import { type Interface, TranslatorMetrics } from './metrics.ts'
import type { TranslatorOptions } from './options.ts'
import { openSetup, type Setup, type SetupContext } from './setup.ts'
import { warnOfMemory } from './tokens.ts'

const DEFAULT_GRPC = 'grpc://0.0.0.0:9696/'
/** After a reload, requests that have begun may still need the old keys for so long. */
const OLD_KEYS_MS = 60_000

/** Options that only a start reads. */
const fixedOptions = [
  'incoming_connection_grpc_string',
  'incoming_connection_http_string',
  'incoming_connection_prometheus_metrics_string',
  'request_size_max',
  'startup_timeout',
  'request_timeout',
  'token_db',
  'redis_host_port',
  'redis_db_tokens',
] as const

/** What the service is started with, besides its options. */
export interface TranslatorContext {
  readonly environment: Environment
  readonly log: Logger
  readonly product: Product
  /** Starts a program without waiting for it. False where it cannot be started. */
  startScript(path: string): boolean
}

/** acra-translator at work. */
export class Translator {
  /** Resolves where the process has to end at once, with exit code 1; the log says why. */
  readonly failed: Promise<void>
  readonly #context: TranslatorContext
  readonly #metrics: TranslatorMetrics
  readonly #sockets = new Set<Socket>()
  readonly #newcomers: Newcomers<Socket>
  readonly #descriptorsMax = connectionsByDescriptors(maxOpenFiles(), 1)
  readonly #listeners: Listener[] = []
  readonly #clientIds = new WeakMap<Duplex, string>()
  readonly #http: HttpFront
  readonly #grpc: GrpcFront
  readonly #tokens: TokenStore
  #setup: Setup
  #endpoint: MetricsEndpoint | null = null
  #resolveFailed = () => {}
  #onEmpty = () => {}

  private constructor(
    context: TranslatorContext,
    setup: Setup,
    tokens: TokenStore,
    metrics: TranslatorMetrics,
  ) {
    this.#context = context
    this.#tokens = tokens
    this.#setup = setup
    this.#metrics = metrics
    this.failed = new Promise((resolve) => {
      this.#resolveFailed = resolve
    })
    const common = {
      values: () => this.#setup.values,
      requestSizeMax: setup.options.request_size_max,
      log: context.log,
    }
    this.#newcomers = new Newcomers((socket) => socket.destroy(), context.log)
    this.#http = new HttpFront({
      ...common,
      headTimeoutMs: setup.options.startup_timeout * 1000,
      requestTimeoutMs: setup.options.request_timeout * 1000,
      callerOf: (connection, zoneId) => this.#caller(this.#clientIds.get(connection) ?? '', zoneId),
      onOperation: (name, seconds) => this.#metrics.operation('http', name, seconds),
    })
    this.#grpc = new GrpcFront({
      ...common,
      callerOf: (connectionId, named, zoneId) =>
        this.#caller(this.#setup.clientIdOf(connectionId, named), zoneId),
      onOperation: (name, seconds) => this.#metrics.operation('grpc', name, seconds),
    })
  }

  /** Checks options, opens keys, and listens. Throws where anything is wrong: the process has to end then. */
  static async start(options: TranslatorOptions, context: TranslatorContext): Promise<Translator> {
    // A poison record ends the service that is being made here.
    let service: Translator | null = null
    const shutDown = () => {
      if (service !== null) service.#shutDown()
    }
    const tokens = await openTokens(options, context)
    const metrics = new TranslatorMetrics(context.product)
    try {
      const setup = await openSetup(options, setupContext(context, shutDown, tokens, metrics))
      service = new Translator(context, setup, tokens, metrics)
    } catch (error) {
      await tokens.close()
      throw error
    }
    await service.#listen()
    return service
  }

  /** Where it listens, as connection strings. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => formatAddress(address))
  }

  /** New connections and requests get the new options, keys and certificates. Rejects, and changes nothing, where they cannot be used. */
  async reload(options: TranslatorOptions): Promise<void> {
    const shutDown = () => this.#shutDown()
    const setup = await openSetup(
      options,
      setupContext(this.#context, shutDown, this.#tokens, this.#metrics),
    )
    for (const name of fixedOptions) {
      if (options[name] === this.#setup.options[name]) continue
      this.#context.log.warning(`${name} cannot change while the service runs: restart it for that`)
    }
    const old = this.#setup
    this.#setup = setup
    old.unwatch()
    setTimeout(() => old.wipe(), OLD_KEYS_MS).unref()
  }

  /** Accepts no more; requests at work get `incoming_connection_close_timeout` to end, and are cut then. */
  async stop(): Promise<void> {
    for (const listener of this.#listeners) void listener.close()
    this.#http.close()
    this.#grpc.close()
    const limit = setTimeout(() => {
      const text = `Server shutdown Timeout: ${this.#sockets.size} active connections will be cut`
      this.#context.log.warning(text)
      this.#grpc.destroy()
      for (const socket of this.#sockets) socket.destroy()
    }, this.#setup.options.incoming_connection_close_timeout * 1000)
    if (this.#sockets.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
    }
    clearTimeout(limit)
    this.#grpc.destroy()
    this.#setup.wipe()
    await this.#tokens.close()
    this.#endpoint?.close()
  }

  /** Breaks off all connections at once: nobody gets an answer any more, above all not whoever has asked with a poison record. */
  #shutDown(): void {
    for (const listener of this.#listeners) void listener.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#resolveFailed()
  }

  async #listen(): Promise<void> {
    const { options } = this.#setup
    const { incoming_connection_grpc_string: grpc, incoming_connection_http_string: http } = options
    if (grpc !== '' || http === '') await this.#open(grpc || DEFAULT_GRPC, 'grpc')
    if (http !== '') await this.#open(http, 'http')
    const { registry } = this.#metrics
    const source = { registry, collect: async () => registry.snapshot() }
    const metricsAddress = options.incoming_connection_prometheus_metrics_string
    this.#endpoint = await serveMetrics(metricsAddress, source, this.#context.log)
  }

  async #open(text: string, over: Interface): Promise<void> {
    const failure = over === 'http' ? events.cannotListenForHttp : events.cannotListenForGrpc
    const listener = await listen(parseAddress(text), {
      onConnection: (socket) => this.#accept(socket, over),
      onError: (error) => this.#context.log.event(failure, { error }),
    })
    this.#listeners.push(listener)
  }

  #accept(socket: Socket, over: Interface): void {
    const { log } = this.#context
    const ended = this.#metrics.connected(over)
    socket.on('error', () => {})
    const limit = this.#reachedLimit()
    if (limit !== null && !this.#newcomers.giveWay(limit)) {
      log.event(events.limitExceeded, { limit }, 'Too many connections')
      socket.destroy()
      ended()
      return
    }
    this.#sockets.add(socket)
    this.#newcomers.add(socket)
    socket.once('close', () => {
      ended()
      this.#sockets.delete(socket)
      this.#newcomers.remove(socket)
      if (this.#sockets.size === 0) this.#onEmpty()
    })
    this.#arrive(socket, over).catch((error: unknown) => {
      if (error instanceof NothingSaidError) log.debug('Nothing was said', { error })
      else log.event(events.cannotWrapTranslatorConnection, wrapFields(error))
    })
  }

  /** The limit that lets nobody in any more; null where there is room. */
  #reachedLimit(): string | null {
    const { max_connections, max_connections_starting } = this.#setup.options
    if (this.#sockets.size >= max_connections) return 'max_connections'
    if (this.#sockets.size >= this.#descriptorsMax) return 'open files'
    return this.#newcomers.count >= max_connections_starting ? 'max_connections_starting' : null
  }

  /** Through the transport, whose client id is that of all requests on the connection. */
  async #arrive(socket: Socket, over: Interface): Promise<void> {
    const arrival = this.#setup.arrival[over]
    const { socket: connection, first, clientId, protocol } = await arrive(socket, arrival)
    this.#context.log.event(events.callerArrived, {
      interface: over,
      ...(clientId === null ? {} : { client_id: clientId }),
    })
    connection.on('error', () => connection.destroy())
    connection.once('close', () => socket.destroy())
    const begun = () => this.#newcomers.remove(socket)
    if (over === 'grpc') {
      connection.unshift(await readPreface(connection, first, arrival.timeoutMs))
      begun()
      this.#grpc.accept(connection, clientId ?? '')
      return
    }
    const { bytes, version } = await readVersion(connection, first, protocol, arrival.timeoutMs)
    if (bytes.length > 0) connection.unshift(bytes)
    if (clientId !== null) this.#clientIds.set(connection, clientId)
    this.#http.accept(connection, version, begun)
  }

  #caller(clientId: string, zoneId: string): Caller {
    return { clientId, zoneId, poison: this.#setup.poison }
  }
}

function setupContext(
  { environment, log, startScript }: TranslatorContext,
  shutDown: () => void,
  tokens: TokenStore,
  { keystoreDegraded, values: counts }: TranslatorMetrics,
): SetupContext {
  const reactions = { startScript, shutDown }
  return { environment, log, reactions, tokens, counts, onDegraded: keystoreDegraded }
}

/** The store of tokens: it is kept through reloads. */
async function openTokens(
  options: TranslatorOptions,
  { environment, log }: TranslatorContext,
): Promise<TokenStore> {
  const store = await openTokenStore(options, environment, (sentence) => log.warning(sentence))
  return isInMemory(options) ? warnOfMemory(store, log) : store
}
