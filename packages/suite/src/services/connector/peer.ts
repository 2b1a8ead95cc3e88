import { AcraError } from '../../foundation/index.ts'
import type { Purpose } from '../../keystore/index.ts'
import { type Address, parseAddress } from '../../net/index.ts'
import type { ConnectorOptions } from './options.ts'

/** An address, and how the configuration says it. */
export interface Place {
  readonly address: Address
  readonly text: string
}

/** Options that do not say what to connect to, or keys that are not there; the message is the whole line of the log. */
export class ConnectorConfigurationError extends AcraError<'connector-configuration-invalid'> {
  constructor(message: string) {
    super('connector-configuration-invalid', message)
  }
}

export type Transport = 'session' | 'tls' | 'raw'

/** What is connected to, in one of the two modes. */
export interface Peer {
  /** What it is called in the log. */
  readonly name: 'AcraServer' | 'AcraTranslator'
  readonly place: Place
  /** Its HTTP API; null where that is not asked for. */
  readonly api: Place | null
  readonly keyPurpose: Purpose
  readonly sessionId: string
  readonly transport: Transport
  readonly serverName: string
}

/** Where applications and callers of the HTTP API are listened for. */
export interface Entrances {
  readonly application: Place
  /** Null where that is not asked for. */
  readonly api: Place | null
}

const DEFAULT_PORT = 9494
const DEFAULT_API_PORT = 9191
const DEFAULT_STRING = 'tcp://127.0.0.1:9494/'
const DEFAULT_API_STRING = 'tcp://127.0.0.1:9191/'

/** What is connected to, and how. Throws ConnectorConfigurationError or AddressError. spec: acra-connector §2.1 and §2.2 */
export function peerOf(options: ConnectorOptions): Peer {
  switch (options.mode.toLowerCase()) {
    case 'acraserver':
      return serverPeer(options)
    case 'acratranslator':
      return translatorPeer(options)
    default:
      throw new ConnectorConfigurationError(
        'Configuration error: you must pass mode=AcraServer or mode=AcraTranslator parameter',
      )
  }
}

/** Where to listen. A connection string wins over the port. Throws AddressError. */
export function entrancesOf(options: ConnectorOptions, peer: Peer): Entrances {
  const { incoming_connection_port: port, incoming_connection_api_port: apiPort } = options
  const own = options.incoming_connection_string
  const ownApi = options.incoming_connection_api_string
  const byPort = own === DEFAULT_STRING && port !== DEFAULT_PORT
  const apiByPort = ownApi === DEFAULT_API_STRING && apiPort !== DEFAULT_API_PORT
  return {
    application: placeOf(byPort ? tcp('127.0.0.1', port) : own),
    api: peer.api === null ? null : placeOf(apiByPort ? tcp('127.0.0.1', apiPort) : ownApi),
  }
}

function serverPeer(options: ConnectorOptions): Peer {
  const host = options.acraserver_connection_host
  const place = find(
    options.acraserver_connection_string,
    host,
    options.acraserver_connection_port,
    'acraserver_connection_host or acraserver_connection_string',
  )
  const api = options.http_api_enable
    ? find(
        options.acraserver_api_connection_string,
        host,
        options.acraserver_api_connection_port,
        'acraserver_connection_host or acraserver_api_connection_string',
      )
    : null
  return {
    name: 'AcraServer',
    place,
    api,
    keyPurpose: 'transport-server',
    sessionId: options.acraserver_securesession_id,
    transport: serverTransport(options),
    serverName: options.tls_acraserver_sni || hostOf(place),
  }
}

function translatorPeer(options: ConnectorOptions): Peer {
  const { acratranslator_connection_host: host } = options
  const place = find(
    options.acratranslator_connection_string,
    host === '0.0.0.0' ? '127.0.0.1' : host,
    options.acratranslator_connection_port,
    'acratranslator_connection_host or acratranslator_connection_string',
  )
  return {
    name: 'AcraTranslator',
    place,
    api: null,
    keyPurpose: 'transport-translator',
    sessionId: options.acratranslator_securesession_id,
    transport: options.acratranslator_tls_transport_enable ? 'tls' : 'session',
    serverName: options.tls_acratranslator_sni || hostOf(place),
  }
}

function serverTransport(options: ConnectorOptions): Transport {
  if (options.acraserver_tls_transport_enable) return 'tls'
  return options.acraserver_transport_encryption_disable ? 'raw' : 'session'
}

function find(text: string, host: string, port: number, names: string): Place {
  if (text !== '') return placeOf(text)
  if (host === '')
    throw new ConnectorConfigurationError(`Configuration error: you must pass ${names} parameter`)
  return placeOf(tcp(host, port))
}

function placeOf(text: string): Place {
  return { address: parseAddress(text), text }
}

function tcp(host: string, port: number): string {
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}/`
}

function hostOf({ address }: Place): string {
  return address.kind === 'tcp' ? address.host : 'localhost'
}
