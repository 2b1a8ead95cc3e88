import type { Socket } from 'node:net'
import { type Soon, soon } from '../../foundation/index.ts'
import type { Environment } from '../../keystore/index.ts'
import { events, type Logger, maxOpenFiles } from '../../observe/index.ts'
import { type Conversation, type Link, Relay, type RelayEnd, Watch } from '../../proxy/index.ts'
import {
  type ClientArrival,
  dialDatabase,
  type Entrance,
  type Identity,
  PostgresConnection,
} from '../../proxy/postgres/index.ts'
import { loadParser, type Parser } from '../../sql/postgres/index.ts'
import { type TokenUse, ZonedKeys } from '../../transform/index.ts'
import type { Reactions } from '../poison/index.ts'
import { Throttle } from '../throttle/index.ts'
import {
  type Arrival,
  arrive,
  connectionsByDescriptors,
  Newcomers,
  NothingSaidError,
  wrapFields,
} from '../transport/index.ts'
import type { Admission } from './admission.ts'
import { Api, type ApiSettings, consoleSettings } from './api/index.ts'
import { arrivalSettings } from './arrival-settings.ts'
import { checkOptions } from './check-options.ts'
import { logEnd, observerOf, valueObserverOf } from './connection-log.ts'
import { listenText, remoteOf } from './listening.ts'
import type { ServerMetrics } from './metrics.ts'
import { ObservedConversation } from './observed-conversation.ts'
import type { ServerOptions } from './options.ts'
import { openProtection, type Protection } from './protection.ts'
import { Doorkeeper, TooManyConnections } from './refusal.ts'
import type { ChangedNames } from './schema/index.ts'
import { breakOff, identify, type ServedConnection } from './served-connection.ts'
import { openTransports, type Transports } from './tls.ts'
import { tokensFor } from './tokens.ts'

const NOTHING: Buffer = Buffer.alloc(0)
/** The time between two lines about connections that are turned away. */
const TELL_MS = 1000

/** What a server works with, besides its options. */
export interface ServerContext {
  readonly environment: Environment
  readonly log: Logger
  readonly metrics: ServerMetrics
  readonly admission: Admission
  /** A name for each connection, unlike all others of the whole service. */
  readonly nextSession: () => number | string
  readonly reactions: Reactions
  /** Lets all other processes of the service forget their keys too; absent where there are none. */
  readonly resetAllKeys?: () => Promise<boolean>
  /** Lets all other processes of the service learn the schema of a database anew; absent where there are none. */
  readonly relearnElsewhere?: (database: string, names: ChangedNames) => Promise<boolean>
}

/** acra-server at work in one process: a database, and a relay for each connection that it is given. */
export class Server {
  readonly #context: ServerContext
  readonly #parser: Parser
  readonly #watch = new Watch()
  readonly #connections = new Set<ServedConnection>()
  readonly #doorkeeper = new Doorkeeper()
  readonly #turnedAway: Throttle
  readonly #newcomers: Newcomers<ServedConnection>
  readonly #api: Api
  readonly #descriptorsMax = connectionsByDescriptors(maxOpenFiles(), 2)
  #options: ServerOptions
  #protection: Protection
  #transports: Transports
  /** Kept through reloads; null as long as no column is tokenized, but for a file. */
  #tokens: TokenUse | null
  /** Connections that are not logged in. */
  #starting = 0
  #onEmpty = () => {}

  private constructor(
    options: ServerOptions,
    context: ServerContext,
    parser: Parser,
    protection: Protection,
    transports: Transports,
    tokens: TokenUse | null,
  ) {
    this.#options = options
    this.#context = context
    this.#parser = parser
    this.#protection = protection
    this.#transports = transports
    this.#tokens = tokens
    this.#api = new Api({
      log: context.log,
      settings: () => this.#apiSettings(),
      resetKeys: context.resetAllKeys ?? (async () => this.resetKeys()),
      connected: () => context.metrics.connected('api'),
    })
    this.#turnedAway = new Throttle(TELL_MS, (count) => {
      const limit = this.#reachedLimit()
      context.log.event(events.limitExceeded, { limit, count }, 'Too many connections')
    })
    this.#newcomers = new Newcomers(breakOff, context.log)
  }

  /** Checks the options and makes ready. Throws where anything is wrong. */
  static async open(options: ServerOptions, context: ServerContext): Promise<Server> {
    checkOptions(options)
    const { environment, log } = context
    const transports = openTransports(options, environment, log)
    const parser = await loadParser()
    const protection = await openProtection(options, {
      ...context,
      parser,
      dial: transports.database,
      schemaChanged: (database, names) => server.#schemaChanged(database, names),
    })
    const tokens = await tokensFor(options, protection.tokenizes, null, log, environment).catch(
      (error) => {
        protection.wipe()
        throw error
      },
    )
    const server = new Server(options, context, parser, protection, transports, tokens)
    return server
  }

  /** Whether any column is protected by the configuration. */
  get protectsColumns(): boolean {
    return !this.#protection.conversation.planner.idle
  }

  /** New connections get the new options, keys and certificates; open ones finish with what they began with. */
  async reload(options: ServerOptions): Promise<void> {
    checkOptions(options)
    const { environment, log } = this.#context
    const transports = openTransports(options, environment, log)
    const protection = await openProtection(options, {
      ...this.#context,
      parser: this.#parser,
      dial: transports.database,
      schemaChanged: (database, names) => this.#schemaChanged(database, names),
    })
    this.#tokens = await tokensFor(
      options,
      protection.tokenizes,
      this.#tokens,
      log,
      environment,
    ).catch((error) => {
      protection.wipe()
      throw error
    })
    this.#transports = transports
    const old = this.#protection
    this.#protection = protection
    this.#options = options
    this.#wipeUnused(old)
    for (const { schemas } of this.#used()) schemas?.look()
  }

  /** Learns what has changed of a database, for all connections to it. */
  async relearn(database: string, names: ChangedNames): Promise<void> {
    await Promise.all([...this.#used()].map(({ schemas }) => schemas?.relearn(database, names)))
  }

  async #schemaChanged(database: string, names: ChangedNames): Promise<void> {
    await Promise.all([
      this.relearn(database, names),
      this.#context.relearnElsewhere?.(database, names),
    ])
  }

  /** The protection of new connections, and those of older ones. */
  #used(): Set<Protection> {
    return new Set([this.#protection, ...[...this.#connections].map((one) => one.protection)])
  }

  /**
   * To be called when no more connections come. Idle ones are closed at once, a running statement may finish within
   * `incoming_connection_close_timeout`; what is left then is broken off.
   */
  async stop(): Promise<void> {
    for (const { conversation, socket } of this.#connections) {
      if (conversation === null) socket.destroy()
      else conversation.endWhenIdle()
    }
    const limit = setTimeout(() => {
      const count = this.#connections.size
      const text = `Server shutdown Timeout: ${count} active connections will be cut`
      this.#context.log.warning(text)
      for (const { relay } of this.#connections) relay?.destroy()
    }, this.#options.incoming_connection_close_timeout * 1000)
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      if (this.#connections.size === 0) resolve()
    })
    clearTimeout(limit)
    this.#api.close()
    this.#protection.wipe()
    await this.#tokens?.store.close()
  }

  /** Forgets the keys in memory, also those that connections of an older configuration work with. */
  resetKeys(): true {
    for (const protection of this.#used()) protection.resetKeys()
    return true
  }

  /** Serves a connection to the HTTP API to its end. */
  serveApi(socket: Socket, onClose?: () => void): void {
    this.#api.serve(socket, onClose)
  }

  #apiSettings(): ApiSettings {
    const options = this.#options
    const { apiTls } = this.#transports
    const arrival = arrivalSettings(options, this.#protection, this.#transports)
    return {
      arrival: apiTls === null ? arrival : { ...arrival, mode: 'tls', tls: apiTls },
      clientId: options.client_id === '' ? null : options.client_id,
      keystore: this.#protection.keystore,
      hasZones: options.zonemode_enable,
      verifiesTls: options.tls_client_auth === 4,
      console: consoleSettings(options, this.#context.log),
    }
  }

  /** Serves an accepted connection to its end; `onClose` is called then. */
  serve(socket: Socket, onClose: () => void = () => {}): void {
    socket.once('close', onClose)
    const limit = this.#reachedLimit()
    if (limit !== null && !this.#newcomers.giveWay(limit)) {
      this.#turnedAway.happened(performance.now())
      this.#doorkeeper.turnAway(socket)
      return
    }
    const options = this.#options
    const clientId = options.client_id === '' ? null : options.client_id
    const log = this.#context.log.with({
      session_id: this.#context.nextSession(),
      ...(clientId === null ? {} : { client_id: clientId }),
    })
    const connection: ServedConnection = {
      protection: this.#protection,
      clientId,
      log,
      socket,
      relay: null,
      conversation: null,
      isIdentified: false,
      isStarting: true,
      login: {},
      isAdmitted: false,
      count: this.#context.metrics.connected(),
      leaveDatabase: () => {},
    }
    this.#connections.add(connection)
    this.#newcomers.add(connection)
    this.#starting++
    log.info(`Got new connection to AcraServer: ${remoteOf(socket)}`, {
      connection_string: listenText(options),
      from_descriptor: false,
    })
    void this.#arrive(socket, connection)
  }

  /** Through the transport, whose client id takes the place of that of the options. */
  async #arrive(socket: Socket, connection: ServedConnection): Promise<void> {
    const begin = performance.now()
    const options = this.#options
    const transports = this.#transports
    try {
      const arrival = await arrive(
        socket,
        arrivalSettings(options, connection.protection, transports),
      )
      identify(connection, arrival)
      const startUpMs = options.startup_timeout * 1000 - (performance.now() - begin)
      this.#relay(connection, arrival, transports, { ...options, startUpMs })
    } catch (error) {
      this.#tellArrival(error, connection)
      this.#ended(connection, { side: null, error: null, bytesFromClient: 0, bytesFromDatabase: 0 })
    }
  }

  #tellArrival(error: unknown, { log }: ServedConnection): void {
    if (error instanceof NothingSaidError) {
      log.debug('Nothing was said', { error })
      return
    }
    const text = "Can't wrap connection from acra-connector"
    log.event(events.cannotWrapConnection, wrapFields(error), text)
  }

  #relay(
    connection: ServedConnection,
    { socket, first, transport }: Arrival,
    { database, tlsServer, entrance }: Transports,
    options: ServerOptions & { readonly startUpMs: number },
  ): void {
    const way: Entrance = transport === 'raw' ? entrance : { ...entrance, tls: insideOf(entrance) }
    connection.relay = new Relay(socket, {
      dial: (onread, clientIsSecured) => dialDatabase(database, onread, clientIsSecured),
      accept: (socket, first) => tlsServer?.accept(socket, first) ?? null,
      converse: (link) => this.#converse(link, connection, way),
      // What the kernel has given meanwhile is there now: nothing more comes before the relay reads.
      first: Buffer.concat([first, transport === 'raw' ? (socket.read() ?? NOTHING) : NOTHING]),
      keepsClientBuffer: options.kept_read_buffers && transport === 'raw',
      limits: { startUpMs: options.startUpMs, silenceMs: options.message_timeout * 1000 },
      watch: this.#watch,
      onEnd: (end) => this.#ended(connection, end),
    })
  }

  /** The limit that lets nobody in any more, whoever it is; null where there is room. */
  #reachedLimit(): string | null {
    if (this.#connections.size >= this.#descriptorsMax) return 'open files'
    const isFull = this.#starting >= this.#options.max_connections_starting
    return isFull ? 'max_connections_starting' : null
  }

  #converse(link: Link, connection: ServedConnection, entrance: Entrance): Conversation {
    const { metrics } = this.#context
    const settings = connection.protection.conversation
    connection.conversation = new PostgresConnection(link, settings, entrance, (arrival) =>
      this.#admit(connection, arrival),
    )
    return new ObservedConversation(connection.conversation, {
      requests: metrics.requests,
      responses: metrics.responses,
      onLogin: () => {
        connection.log.event(events.clientLoggedIn, connection.login)
        this.#hasStarted(connection)
      },
    })
  }

  /** The client id of a certificate takes the place of that of the options. */
  #admit(connection: ServedConnection, arrival: ClientArrival): Soon<Identity> {
    const { certificateId, user, database } = arrival
    const { admission } = this.#context
    connection.login = { user, database }
    this.#newcomers.remove(connection)
    // A transport that has shown who comes is not overruled by what is said inside it.
    if (certificateId !== null && !connection.isIdentified) {
      connection.clientId = certificateId
      connection.log = connection.log.with({ client_id: certificateId })
    }
    const { clientId } = connection
    return soon(admission.enter(clientId), (limit) => {
      if (limit !== null) throw new TooManyConnections(limit)
      if (this.#connections.has(connection)) connection.isAdmitted = true
      else admission.leave(clientId)
      return this.#withSchema(this.#identity(connection), connection, database)
    })
  }

  #identity({ protection, clientId, log }: ServedConnection): Identity {
    const observer = observerOf(log)
    if (clientId === null) return { access: null, observer }
    const values = valueObserverOf(log, this.#context.metrics)
    const keys = this.#options.zonemode_enable
      ? new ZonedKeys(protection.keys, clientId)
      : protection.keys
    const poison = protection.poisonWatch(log)
    return { access: { clientId, keys, observer: values, poison, tokens: this.#tokens }, observer }
  }

  /** Who is known plans by the schema of the database, where that is learned. */
  #withSchema(identity: Identity, connection: ServedConnection, name: string): Soon<Identity> {
    const { schemas } = connection.protection
    if (schemas === null || identity.access === null) return identity
    return schemas.enter(name).then(({ conversation: settings }) => {
      connection.leaveDatabase = () => schemas.leave(name)
      if (!this.#connections.has(connection)) connection.leaveDatabase()
      return { ...identity, settings }
    })
  }

  #hasStarted(connection: ServedConnection): void {
    if (!connection.isStarting) return
    connection.isStarting = false
    this.#starting--
  }

  #ended(connection: ServedConnection, end: RelayEnd): void {
    this.#connections.delete(connection)
    this.#newcomers.remove(connection)
    this.#hasStarted(connection)
    if (connection.isAdmitted) this.#context.admission.leave(connection.clientId)
    connection.count()
    connection.leaveDatabase()
    logEnd(end, connection.log)
    if (connection.protection !== this.#protection) this.#wipeUnused(connection.protection)
    if (this.#connections.size === 0) this.#onEmpty()
  }

  /** Keys of an old configuration go with the last connection that works with them. */
  #wipeUnused(old: Protection): void {
    for (const { protection } of this.#connections) if (protection === old) return
    old.wipe()
  }
}

/** Inside of a transport that encrypts nobody needs TLS a second time. */
function insideOf({ tls }: Entrance): Entrance['tls'] {
  return tls === 'required' ? 'offered' : tls
}
