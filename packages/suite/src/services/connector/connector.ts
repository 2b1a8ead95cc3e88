import { chmodSync } from 'node:fs'
import type { Socket } from 'node:net'
import { cacheOff, type Environment, isClientId, KeystoreError } from '../../keystore/index.ts'
import { formatAddress, type Listener, listen } from '../../net/index.ts'
import { events, type Logger, maxOpenFiles, type Product } from '../../observe/index.ts'
import { openServiceKeystore, watchKeySource } from '../keystore/index.ts'
import { type MetricsEndpoint, serveMetrics } from '../metrics/index.ts'
import {
  connectionsByDescriptors,
  Newcomers,
  TransportKeyError,
  TransportKeyring,
  wrapFields,
} from '../transport/index.ts'
import { Turns } from '../turns/index.ts'
import { type Route, serveConnection } from './connection.ts'
import { isDatabaseMessage, isHttpMessage } from './first-message.ts'
import { ConnectorMetrics } from './metrics.ts'
import type { ConnectorOptions } from './options.ts'
import { ConnectorConfigurationError, entrancesOf, type Peer, type Place, peerOf } from './peer.ts'
import {
  rawTransport,
  sessionTransport,
  tlsTransport,
  transportNames,
  type Wrap,
} from './transport.ts'
import { checkUser } from './user-check.ts'

/** What the service is started with, besides its options. */
export interface ConnectorContext {
  readonly environment: Environment
  readonly log: Logger
  readonly product: Product
  /** The user that we run as; null where the system has no such numbers, and no check of users. */
  readonly user: number | null
}

/** Options that only a start reads. */
const fixedOptions = [
  'incoming_connection_port',
  'incoming_connection_api_port',
  'incoming_connection_string',
  'incoming_connection_api_string',
  'incoming_connection_prometheus_metrics_string',
  'http_api_enable',
] as const

/** Users but our own may connect: the kernel asks for the right to write. */
const SOCKET_MODE = 0o066

/** How many applications that wait for a greeting are connected at a time. */
const QUIET_TURNS = 8

/** More than any handshake takes. */
const HANDSHAKE_MS = 60_000

type Entrance = 'application' | 'api'

/** What new connections work with. A reload makes another one. */
interface Setup {
  readonly options: ConnectorOptions
  readonly log: Logger
  /** Says nothing more of the place where the master key comes from. */
  readonly unwatch: () => void
  /** Overwrites the keys; no connection may begin with them any more. */
  readonly wipe: () => void
  readonly routes: Readonly<Record<Entrance, Route | null>>
}

/** acra-connector at work. */
export class Connector {
  readonly #context: ConnectorContext
  readonly #metrics: ConnectorMetrics
  readonly #sockets = new Set<Socket>()
  readonly #newcomers: Newcomers<Socket>
  readonly #descriptorsMax = connectionsByDescriptors(maxOpenFiles(), 2)
  readonly #listeners: Listener[] = []
  #setup: Setup
  #endpoint: MetricsEndpoint | null = null
  #onEmpty = () => {}

  private constructor(context: ConnectorContext, setup: Setup, metrics: ConnectorMetrics) {
    this.#context = context
    this.#setup = setup
    this.#metrics = metrics
    this.#newcomers = new Newcomers((socket) => socket.destroy(), context.log)
  }

  /** Checks options and keys, and listens. Throws where anything is wrong: the process has to end then. */
  static async start(options: ConnectorOptions, context: ConnectorContext): Promise<Connector> {
    const metrics = new ConnectorMetrics(context.product)
    const connector = new Connector(context, await prepare(options, context, metrics), metrics)
    await connector.#listen()
    return connector
  }

  /** Where it listens, as connection strings: for applications, then for the HTTP API. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => formatAddress(address))
  }

  /** New connections get the new options, keys and certificates. Rejects, and changes nothing, where they cannot be used. */
  async reload(options: ConnectorOptions): Promise<void> {
    const setup = await prepare(options, this.#context, this.#metrics)
    for (const name of fixedOptions) {
      if (options[name] === this.#setup.options[name]) continue
      this.#context.log.warning(`${name} cannot change while the service runs: restart it for that`)
    }
    const old = this.#setup
    this.#setup = setup
    old.unwatch()
    // Connections that have begun may still need the old keys for their handshake.
    const { connect_timeout, connect_retry_time } = old.options
    setTimeout(old.wipe, (connect_timeout + connect_retry_time) * 1000 + HANDSHAKE_MS).unref()
  }

  /** Accepts no more; open connections get `incoming_connection_close_timeout` to end, and are cut then. */
  async stop(): Promise<void> {
    for (const listener of this.#listeners) void listener.close()
    const limit = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, this.#setup.options.incoming_connection_close_timeout * 1000)
    if (this.#sockets.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
    }
    clearTimeout(limit)
    this.#setup.wipe()
    this.#endpoint?.close()
  }

  async #listen(): Promise<void> {
    const { options, log } = this.#setup
    const { application, api } = entrancesOf(options, peerOf(options))
    await this.#open(application, 'application')
    if (api !== null) await this.#open(api, 'api')
    const { registry } = this.#metrics
    const source = { registry, collect: async () => registry.snapshot() }
    const metricsAddress = options.incoming_connection_prometheus_metrics_string
    this.#endpoint = await serveMetrics(metricsAddress, source, log)
  }

  async #open({ address }: Place, entrance: Entrance): Promise<void> {
    const { log, options } = this.#setup
    const listener = await listen(address, {
      onConnection: (socket) => this.#accept(socket, entrance),
      onError: (error) => log.event(events.cannotAccept, { error }, "Can't accept new connections"),
    })
    this.#listeners.push(listener)
    if (address.kind === 'unix' && !options.user_check_disable) {
      chmodSync(address.path, SOCKET_MODE)
      if (this.#context.user === 0) {
        log.warning(
          'The user check has no effect on a unix socket while AcraConnector runs as root',
        )
      }
    }
  }

  #accept(socket: Socket, entrance: Entrance): void {
    const { log, routes } = this.#setup
    const ended = this.#metrics.connected(entrance)
    const route = routes[entrance]
    const name = entrance === 'api' ? 'HTTP API' : 'AcraConnector'
    log.info(`Got new connection to ${name}: ${remoteOf(socket)}`)
    const limit = this.#reachedLimit()
    if (route === null || (limit !== null && !this.#newcomers.giveWay(limit))) {
      log.event(events.limitExceeded, { limit }, 'Too many connections')
      socket.on('error', () => {}).destroy()
      ended()
      return
    }
    this.#sockets.add(socket)
    this.#newcomers.add(socket)
    serveConnection(socket, route, log, () => this.#newcomers.remove(socket))
      .catch((error: unknown) => {
        socket.destroy()
        log.event(events.errorGeneral, { error }, 'Recovered connection')
      })
      .finally(() => {
        ended()
        this.#newcomers.remove(socket)
        this.#sockets.delete(socket)
        if (this.#sockets.size === 0) this.#onEmpty()
      })
  }

  /** The limit that lets nobody in any more; null where there is room. */
  #reachedLimit(): string | null {
    const { max_connections, max_connections_starting } = this.#setup.options
    if (this.#sockets.size >= max_connections) return 'max_connections'
    if (this.#sockets.size >= this.#descriptorsMax) return 'open files'
    return this.#newcomers.count >= max_connections_starting ? 'max_connections_starting' : null
  }
}

async function prepare(
  options: ConnectorOptions,
  context: ConnectorContext,
  metrics: ConnectorMetrics,
): Promise<Setup> {
  const peer = peerOf(options)
  entrancesOf(options, peer)
  if (!isClientId(options.client_id)) {
    throw new KeystoreError(
      'keystore-owner-invalid',
      `client_id: ${events.invalidClientId.message}`,
    )
  }
  const log = context.log.with({ client_id: options.client_id })
  log.info(`Preparing to start in mode: ${peer.name}`)
  const { wrap, unwatch, wipe } = await openTransport(options, peer, context, metrics)
  const common = {
    wrap,
    admit: userCheck(options, context),
    sendsTrace: !options.trace_frame_disable,
    connectTimeoutMs: options.connect_timeout * 1000,
    retryMs: options.connect_retry_time * 1000,
    startUpMs: options.startup_timeout * 1000,
    quietTurns: new Turns(QUIET_TURNS),
  }
  const isWhole = peer.name === 'AcraServer' ? isDatabaseMessage : isHttpMessage
  return {
    options,
    log,
    unwatch,
    wipe,
    routes: {
      application: { ...common, isWhole, place: peer.place },
      api: peer.api === null ? null : { ...common, isWhole: isHttpMessage, place: peer.api },
    },
  }
}

async function openTransport(
  options: ConnectorOptions,
  peer: Peer,
  context: ConnectorContext,
  metrics: ConnectorMetrics,
): Promise<OpenTransport> {
  const { environment, log } = context
  log.info('Configuring transport...')
  log.info(`Selecting transport: use ${transportNames[peer.transport]} transport wrapper`)
  switch (peer.transport) {
    case 'tls':
      return { wrap: tlsTransport(options, peer, environment, log), ...withoutKeys }
    case 'raw':
      return { wrap: rawTransport, ...withoutKeys }
    case 'session':
      return openSessions(options, peer, context, metrics)
  }
}

/** The way to the server, and the keys behind it. */
interface OpenTransport extends Pick<Setup, 'unwatch' | 'wipe'> {
  readonly wrap: Wrap
}

const withoutKeys = { unwatch: () => {}, wipe: () => {} }

async function openSessions(
  options: ConnectorOptions,
  peer: Peer,
  { environment, log }: ConnectorContext,
  { keystoreDegraded }: ConnectorMetrics,
): Promise<OpenTransport> {
  log.info('Initializing keystore...')
  let isStarting = true
  const opened = await openServiceKeystore({
    options,
    environment,
    // No key is kept, so that an exchanged one is used at once.
    cacheSize: cacheOff,
    cacheOnStart: false,
    // What is odd is told once: not between the lines of every connection.
    warn: (sentence) => isStarting && log.warning(sentence),
  })
  const { keystore } = opened
  const keyring = new TransportKeyring(keystore, {
    own: 'transport-connector',
    peer: peer.keyPurpose,
  })
  try {
    await checkKeys(keyring, options.client_id, peer, log)
  } catch (error) {
    opened.wipe()
    throw error
  }
  isStarting = false
  const watch = { options, log, onDegraded: keystoreDegraded, forget: () => {} }
  const unwatch = watchKeySource(opened, watch)
  return {
    wrap: sessionTransport(options.client_id, peer, keyring),
    unwatch,
    wipe() {
      unwatch()
      opened.wipe()
    },
  }
}

/**
 * A key that is missing stops the start. One that does not open is told at once, and again by every connection: it may be put
 * right while we run.
 */
async function checkKeys(
  keyring: TransportKeyring,
  clientId: string,
  { name }: Peer,
  log: Logger,
): Promise<void> {
  log.info('Reading transport keys...')
  if (!(await keyring.hasOwnKey(clientId))) {
    throw unusable('AcraConnector private key', `there is no key of client id ${clientId}`)
  }
  try {
    const { privateKey } = await keyring.open(clientId)
    privateKey.fill(0)
  } catch (error) {
    if (!(error instanceof TransportKeyError)) throw error
    if (error.reason === 'key_not_found') throw unusable(`${name} public key`, error.hint)
    log.event(events.cannotReadKeys, wrapFields(error), "Can't open AcraConnector private key")
    return
  }
  log.info(`Client id = ${clientId}, and client key is OK`)
  log.info(`${name} public key is OK`)
}

function userCheck(options: ConnectorOptions, { user, log }: ConnectorContext): Route['admit'] {
  if (options.user_check_disable) return async () => {}
  if (process.platform !== 'linux' || user === null) {
    log.info('Disabling user check, because OS is not Linux')
    return async () => {}
  }
  // Unix sockets are kept by the mode of their file, and have no address.
  return (socket) =>
    socket.localAddress === undefined && socket.remoteAddress === undefined
      ? Promise.resolve()
      : checkUser(socket, user)
}

function remoteOf(socket: Socket): string {
  const { remoteAddress: host, remotePort: port } = socket
  if (host === undefined) return '@'
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function unusable(what: string, error: string): ConnectorConfigurationError {
  return new ConnectorConfigurationError(
    `Configuration error: Can't check that ${what} exists, got error - ${error}`,
  )
}
