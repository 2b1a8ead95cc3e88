import type { Socket } from 'node:net'
import { type Environment, isClientId, KeystoreError } from '../../keystore/index.ts'
import {
  type Address,
  databaseAddress,
  dial,
  formatAddress,
  type Listener,
  listen,
  parseAddress,
} from '../../net/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { ConfigurationError } from '../../options/index.ts'
import { type Link, Relay, type RelayEnd, Watch } from '../../proxy/index.ts'
import { PostgresConnection } from '../../proxy/postgres/index.ts'
import { loadParser, type Parser } from '../../sql/postgres/index.ts'
import type { Access } from '../../transform/index.ts'
import { logAdvice } from './advice.ts'
import { logEnd, observerOf, revealObserverOf } from './connection-log.ts'
import type { ServerOptions } from './options.ts'
import { openProtection, type Protection } from './protection.ts'

/** Options that only a start reads: sockets cannot move. */
const fixedOptions = [
  'incoming_connection_host',
  'incoming_connection_port',
  'incoming_connection_string',
] as const

/** acra-server at work: one listener, one database, a relay for each connection. */
export class Server {
  readonly #log: Logger
  readonly #environment: Environment
  readonly #parser: Parser
  readonly #watch = new Watch()
  readonly #connections = new Set<ServedConnection>()
  #options: ServerOptions
  #protection: Protection
  #listener: Listener | null = null
  #sessions = 0

  private constructor(
    options: ServerOptions,
    environment: Environment,
    log: Logger,
    parser: Parser,
    protection: Protection,
  ) {
    this.#options = options
    this.#environment = environment
    this.#log = log
    this.#parser = parser
    this.#protection = protection
  }

  /** Checks the options, makes ready and listens. Throws where anything is wrong; nothing is left open then. */
  static async start(
    options: ServerOptions,
    environment: Environment,
    log: Logger,
  ): Promise<Server> {
    checkOptions(options)
    const parser = await loadParser()
    const protection = await openProtection(options, environment, parser, log)
    const server = new Server(options, environment, log, parser, protection)
    server.#listener = await listen(listenAddress(options), {
      onConnection: (socket) => server.#serve(socket),
      onError: (error) => log.event(events.cannotAccept, { error: error.message }),
    })
    logAdvice(options, server.#listener.address, protection, log)
    return server
  }

  /** Where it listens, as `--incoming_connection_string` would say it. */
  get address(): string {
    return this.#listener === null ? '' : formatAddress(this.#listener.address)
  }

  /** New connections get the new options and keys; open ones finish with what they began with. */
  async reload(options: ServerOptions): Promise<void> {
    checkOptions(options)
    for (const name of fixedOptions) {
      if (options[name] !== this.#options[name]) {
        this.#log.warning(`${name} cannot change while the server runs: restart it for that`)
      }
    }
    const protection = await openProtection(options, this.#environment, this.#parser, this.#log)
    const old = this.#protection
    this.#protection = protection
    this.#options = options
    this.#wipeUnused(old)
  }

  /**
   * Accepts no more. Idle connections are closed at once, a running statement may finish within
   * `incoming_connection_close_timeout`; what is left then is broken off.
   */
  async stop(): Promise<void> {
    const closed = this.#listener?.close()
    for (const connection of this.#connections) connection.conversation?.endWhenIdle()
    const limit = setTimeout(() => {
      const count = this.#connections.size
      this.#log.warning(`Server shutdown Timeout: ${count} active connections will be cut`)
      for (const { relay } of this.#connections) relay?.destroy()
    }, this.#options.incoming_connection_close_timeout * 1000)
    await closed
    clearTimeout(limit)
    this.#protection.wipe()
  }

  #serve(socket: Socket): void {
    const protection = this.#protection
    const options = this.#options
    const clientId = options.client_id === '' ? null : options.client_id
    const log = this.#log.with({
      session_id: ++this.#sessions,
      ...(clientId === null ? {} : { client_id: clientId }),
    })
    const connection: ServedConnection = { protection, relay: null, conversation: null }
    this.#connections.add(connection)
    log.info('Got new connection')
    connection.relay = new Relay(socket, {
      dial: (onread) =>
        dial(databaseAddress(options.db_host, options.db_port), {
          timeoutMs: options.startup_timeout * 1000,
          onread,
        }),
      converse: (link) => {
        connection.conversation = this.#converse(link, protection, clientId, log)
        return connection.conversation
      },
      limits: {
        startUpMs: options.startup_timeout * 1000,
        silenceMs: options.message_timeout * 1000,
      },
      watch: this.#watch,
      onEnd: (end) => this.#ended(connection, end, log),
    })
  }

  #converse(
    link: Link,
    protection: Protection,
    clientId: string | null,
    log: Logger,
  ): PostgresConnection {
    const access: Access | null =
      clientId === null
        ? null
        : { clientId, keys: protection.keys, observer: revealObserverOf(log) }
    return new PostgresConnection(link, protection.conversation, access, observerOf(log))
  }

  #ended(connection: ServedConnection, end: RelayEnd, log: Logger): void {
    this.#connections.delete(connection)
    logEnd(end, log)
    if (connection.protection !== this.#protection) this.#wipeUnused(connection.protection)
  }

  /** Keys of an old configuration go with the last connection that works with them. */
  #wipeUnused(old: Protection): void {
    for (const { protection } of this.#connections) if (protection === old) return
    old.wipe()
  }
}

interface ServedConnection {
  readonly protection: Protection
  relay: Relay | null
  conversation: PostgresConnection | null
}

function checkOptions(options: ServerOptions): void {
  if (options.db_host === '') {
    throw wrong('db_host is empty: name the host of the database with --db_host')
  }
  if (options.client_id !== '' && !isClientId(options.client_id)) {
    throw new KeystoreError(
      'keystore-owner-invalid',
      `client_id: ${events.invalidClientId.message}`,
    )
  }
  listenAddress(options)
}

/** Host or port, where changed from their defaults, win over the connection string (acra-server.md, section 2.4). */
function listenAddress(options: ServerOptions): Address {
  const { incoming_connection_host: host, incoming_connection_port: port } = options
  if (host !== DEFAULT_HOST || port !== DEFAULT_PORT) return { kind: 'tcp', host, port }
  return parseAddress(options.incoming_connection_string)
}

const DEFAULT_HOST = '0.0.0.0'
const DEFAULT_PORT = 9393

function wrong(text: string): ConfigurationError {
  return new ConfigurationError([{ origin: null, text }])
}
