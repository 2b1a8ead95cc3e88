import type { Environment } from '../../keystore/index.ts'
import { databaseAddress } from '../../net/index.ts'
import { revocationSettings } from '../../net/revocation/index.ts'
import {
  type Credentials,
  clientPolicies,
  readAuthorities,
  readCredentials,
  systemAuthorities,
  TlsClient,
  TlsServer,
} from '../../net/tls/index.ts'
import type { Logger } from '../../observe/index.ts'
import { ConfigurationError } from '../../options/index.ts'
import type { DatabaseDialSettings, Entrance } from '../../proxy/postgres/index.ts'
import { revocationOf } from '../transport/index.ts'
import { readAuthFile } from './auth-file.ts'
import type { ServerOptions } from './options.ts'

/** What connections are opened with on both sides. A reload makes another one. */
export interface Transports {
  readonly entrance: Entrance
  /** Null where clients are not offered TLS. */
  readonly tlsServer: TlsServer | null
  /** TLS from the first byte on, with AcraConnector or an application; null where that is not how connections come. */
  readonly connectorTls: TlsServer | null
  /** TLS for the HTTP API; null where it has none of its own. */
  readonly apiTls: TlsServer | null
  readonly database: DatabaseDialSettings
}

/** The protocol's name in TLS (ALPN), as PostgreSQL 17 has it. */
const PROTOCOL = 'postgresql'

/** Throws where the TLS options do not go together, before any file is read. spec: acra-server §2.7 */
export function checkTlsOptions(options: ServerOptions): void {
  if (options.tls_client_id_from_cert && options.tls_client_auth === 0) {
    throw wrong(
      "Cannot be used --tls_client_id_from_cert together with --tls_auth=0 or --tls_client_auth=0 due to unnecessary of client's certificate in TLS handshake; set --tls_client_id_from_cert=false",
    )
  }
  for (const side of ['client', 'database'] as const) {
    const [cert, key] = [options[`tls_${side}_cert`], options[`tls_${side}_key`]]
    if ((cert === '') === (key === '')) continue
    const [there, missing] = key === '' ? ['cert', 'key'] : ['key', 'cert']
    throw wrong(
      `tls_${side}_${there} (or tls_${there}) needs tls_${side}_${missing} (or tls_${missing})`,
    )
  }
  if (options.tls_client_required && options.tls_client_cert === '') {
    throw wrong('tls_client_required needs a certificate: tls_client_cert and tls_client_key')
  }
  if (options.acraconnector_tls_transport_enable) {
    if (options.tls_client_cert === '') {
      throw wrong(
        'acraconnector_tls_transport_enable needs a certificate: tls_client_cert and tls_client_key',
      )
    }
    if (!options.tls_client_id_from_cert && options.client_id === '') {
      throw wrong('acraconnector_tls_transport_enable needs client_id or tls_client_id_from_cert')
    }
  }
  for (const side of ['client', 'database'] as const) revocationSettings(options, side)
  if (options.http_api_tls_transport_enable) {
    if (!options.http_api_enable) throw wrong('http_api_tls_transport_enable needs http_api_enable')
    if (options.tls_client_cert === '')
      throw wrong(
        'http_api_tls_transport_enable needs a certificate: tls_client_cert and tls_client_key',
      )
  }
  const { tls_db_sni: older, tls_database_sni: name } = options
  if (older !== '' && name !== '' && older !== name) {
    throw wrong('tls_db_sni is an older name of tls_database_sni: give one of them')
  }
}

/** Reads the files and makes ready. Throws TlsError or AuthFileError where a file cannot be used. */
export function openTransports(
  options: ServerOptions,
  environment: Environment,
  log: Logger,
): Transports {
  const system = onlyOnce(() => systemAuthorities(environment))
  const tlsServer = openTlsServer(options, system, [PROTOCOL], log)
  return {
    tlsServer,
    // Connectors of 0.90 name the protocol of something else.
    connectorTls: options.acraconnector_tls_transport_enable
      ? openTlsServer(options, system, [], log)
      : null,
    apiTls: options.http_api_tls_transport_enable
      ? openTlsServer(options, system, ['http/1.1'], log)
      : null,
    entrance: {
      tls: tlsServer === null ? 'none' : options.tls_client_required ? 'required' : 'offered',
      users: options.auth_file === '' ? new Map() : readAuthFile(options.auth_file),
    },
    database: dialSettings(options, system, log),
  }
}

/** How the database is reached by who serves no clients. Reads the files of that side alone; throws TlsError where one cannot be used. */
export function openDatabaseDial(
  options: ServerOptions,
  environment: Environment,
  log: Logger,
): DatabaseDialSettings {
  return dialSettings(
    options,
    onlyOnce(() => systemAuthorities(environment)),
    log,
  )
}

function dialSettings(
  options: ServerOptions,
  system: () => readonly string[],
  log: Logger,
): DatabaseDialSettings {
  const mode = options.tls_database_mode
  const mayUseTls = mode !== 'disable' && (mode !== 'auto' || options.tls_client_cert !== '')
  return {
    address: databaseAddress(options.db_host, options.db_port),
    timeoutMs: options.startup_timeout * 1000,
    tls: mayUseTls ? { mode, client: openTlsClient(options, system, log) } : null,
  }
}

function openTlsServer(
  options: ServerOptions,
  system: () => readonly string[],
  protocols: readonly string[],
  log: Logger,
): TlsServer | null {
  const credentials = credentialsOf(options.tls_client_cert, options.tls_client_key)
  if (credentials === null) return null
  const policy = clientPolicies[options.tls_client_auth]
  if (policy === undefined) throw new Error('an authentication that the option does not allow')
  const { tls_client_system_ca: trustsSystem, tls_client_ca: file } = options
  // Their names are told to every client that is asked for a certificate.
  const authorities = policy.verifies ? authoritiesOf(file, trustsSystem ? system : () => []) : []
  return new TlsServer({
    credentials,
    authorities,
    policy,
    extractor: options.tls_client_id_from_cert ? options.tls_identifier_extractor_type : null,
    protocols,
    revocation: policy.verifies
      ? revocationOf(revocationSettings(options, 'client'), authorities, log)
      : null,
  })
}

function openTlsClient(
  options: ServerOptions,
  system: () => readonly string[],
  log: Logger,
): TlsClient {
  const authorities = authoritiesOf(options.tls_database_ca, system)
  return new TlsClient({
    credentials: credentialsOf(options.tls_database_cert, options.tls_database_key),
    authorities,
    serverName: options.tls_database_sni || options.tls_db_sni || options.db_host,
    protocol: PROTOCOL,
    revocation: revocationOf(revocationSettings(options, 'database'), authorities, log),
  })
}

function credentialsOf(certificateFile: string, keyFile: string): Credentials | null {
  return certificateFile === '' ? null : readCredentials(certificateFile, keyFile)
}

function authoritiesOf(file: string, system: () => readonly string[]): readonly string[] {
  return file === '' ? system() : [...system(), ...readAuthorities(file)]
}

function onlyOnce<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function wrong(text: string): ConfigurationError {
  return new ConfigurationError([{ origin: null, text }])
}
