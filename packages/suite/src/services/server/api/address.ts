import { type Address, parseAddress } from '../../../net/index.ts'
import type { ServerOptions } from '../options.ts'

const DEFAULT_PORT = 9090

/** Where the HTTP API listens: the port wins over the connection string where it is changed. spec: acra-server §2.4 */
export function apiAddress(options: ServerOptions): Address {
  const { incoming_connection_api_port: port, incoming_connection_host: host } = options
  if (port !== DEFAULT_PORT) return { kind: 'tcp', host, port }
  return parseAddress(options.incoming_connection_api_string)
}
