import type { Socket } from 'node:net'
import {
  type Address,
  formatAddress,
  type Listener,
  type ListenHandlers,
  listen,
  parseAddress,
} from '../../net/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { Throttle } from '../throttle/index.ts'
import { apiAddress } from './api/address.ts'
import type { ServerOptions } from './options.ts'

const DEFAULT_HOST = '0.0.0.0'
const DEFAULT_PORT = 9393
/** The time between two lines about connections that cannot be accepted: they fail by the thousand. */
const TELL_MS = 1000

/** Options that only a start reads: sockets cannot move, and neither can the number of processes. */
const fixedOptions = [
  'incoming_connection_host',
  'incoming_connection_port',
  'incoming_connection_string',
  'http_api_enable',
  'incoming_connection_api_port',
  'incoming_connection_api_string',
  'incoming_connection_prometheus_metrics_string',
  'workers',
  'token_db',
  'redis_host_port',
  'redis_db_tokens',
] as const

/** Listens for the HTTP API, and says where; null where it is not asked for. */
export async function listenForApi(
  options: ServerOptions,
  log: Logger,
  onConnection: (socket: Socket) => void,
): Promise<Listener | null> {
  if (!options.http_api_enable) return null
  const listener = await listen(apiAddress(options), {
    onConnection,
    onError: acceptErrorLog(log),
    pauseOnConnect: true,
  })
  const at = formatAddress(listener.address)
  log.info(`HTTP API is at ${at}`, { connection_string: at })
  return listener
}

/** Host or port, where changed from their defaults, win over the connection string (acra-server.md, section 2.4). */
export function listenAddress(options: ServerOptions): Address {
  const { incoming_connection_host: host, incoming_connection_port: port } = options
  if (host !== DEFAULT_HOST || port !== DEFAULT_PORT) return { kind: 'tcp', host, port }
  return parseAddress(options.incoming_connection_string)
}

/** The same as it is said in the configuration, for the log. */
export function listenText(options: ServerOptions): string {
  const { incoming_connection_host: host, incoming_connection_port: port } = options
  if (host === DEFAULT_HOST && port === DEFAULT_PORT) return options.incoming_connection_string
  return formatAddress({ kind: 'tcp', host, port })
}

/** Where a connection comes from, for the log: `@` on a unix socket. */
export function remoteOf({ remoteAddress: host, remotePort: port }: Socket): string {
  if (host === undefined) return '@'
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Names what a reload asks for and cannot have. */
export function warnOfFixed(before: ServerOptions, after: ServerOptions, log: Logger): void {
  for (const name of fixedOptions) {
    if (before[name] === after[name]) continue
    log.warning(`${name} cannot change while the server runs: restart it for that`)
  }
}

/** Logs that connections cannot be accepted: the first at once, then once in a while with their number. */
export function acceptErrorLog(log: Logger): ListenHandlers['onError'] {
  let last: Error | null = null
  const throttle = new Throttle(TELL_MS, (count) => {
    log.event(events.cannotAccept, { error: last, count })
  })
  return (error) => {
    last = error
    throttle.happened(performance.now())
  }
}
