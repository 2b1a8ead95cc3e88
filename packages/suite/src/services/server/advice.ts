import type { Address } from '../../net/index.ts'
import { clientPolicies } from '../../net/tls/index.ts'
import { type Logger, maxOpenFiles } from '../../observe/index.ts'
import { connectionsByDescriptors } from '../transport/index.ts'
import { apiAddress } from './api/address.ts'
import type { ServerOptions } from './options.ts'

/** Says at start what is allowed but hardly meant. */
export function logAdvice(
  options: ServerOptions,
  address: Address,
  protectsColumns: boolean,
  log: Logger,
): void {
  const files = maxOpenFiles()
  for (const advice of advices(options, address, protectsColumns, files)) log.warning(advice)
}

/** What there is to say about these options, a sentence each. `openFiles` is how many the process may have. */
export function* advices(
  options: ServerOptions,
  address: Address,
  protectsColumns: boolean,
  openFiles: number,
): Iterable<string> {
  yield* aboutListening(options, address)
  yield* aboutApi(options)
  yield* aboutDescriptors(options, openFiles)
  if (!protectsColumns) {
    yield 'No column is protected: name the columns with --encryptor_config_file'
  }
  if (options.decrypt_unconfigured || protectsColumns) yield* aboutIdentity(options)
  yield* aboutCertificates(options)
  yield* aboutDatabase(options)
  yield* aboutSchemas(options)
}

function* aboutListening(options: ServerOptions, address: Address): Iterable<string> {
  if (address.kind !== 'tcp' || isLoopback(address.host)) return
  if (!offersTls(options)) {
    yield 'Connections are accepted without TLS on an address that other machines can reach: ' +
      'set --tls_client_cert and --tls_client_key, listen on a loopback address or a unix socket ' +
      '(--incoming_connection_string), or keep the network private'
  } else if (!options.tls_client_required) {
    yield 'Connections without TLS are accepted too: set --tls_client_required to refuse them'
  }
}

/** Whoever reaches it can reset keys and make zones. */
function* aboutApi(options: ServerOptions): Iterable<string> {
  if (!options.http_api_enable) return
  const address = apiAddress(options)
  if (address.kind !== 'tcp' || isLoopback(address.host)) return
  const usesTls =
    options.http_api_tls_transport_enable || options.acraconnector_tls_transport_enable
  const policy = clientPolicies[options.tls_client_auth]
  const isSure = policy?.requires === true || options.tls_client_id_from_cert
  if (usesTls && policy?.verifies === true && isSure) return
  yield 'The HTTP API answers everybody on an address that other machines can reach: set --http_api_tls_transport_enable with ' +
    '--tls_client_auth=4, or listen on a loopback address or a unix socket (--incoming_connection_api_string) and come through AcraConnector'
}

function* aboutDescriptors(options: ServerOptions, openFiles: number): Iterable<string> {
  const room = connectionsByDescriptors(openFiles, 2) * options.workers
  if (room < options.max_connections) {
    yield `The limit of open files lets in ${room} connections only, of max_connections=${options.max_connections}: raise it (ulimit -n)`
  }
}

function* aboutIdentity(options: ServerOptions): Iterable<string> {
  if (options.client_id !== '') return
  if (!offersTls(options) || !options.tls_client_id_from_cert) {
    yield 'No client id is set, so that every connection will be refused: set --client_id, ' +
      'or let clients show certificates (--tls_client_cert, --tls_client_id_from_cert)'
  }
}

function* aboutCertificates(options: ServerOptions): Iterable<string> {
  const policy = clientPolicies[options.tls_client_auth]
  if (!offersTls(options) || policy === undefined) return
  if (options.tls_client_id_from_cert && !policy.verifies) {
    yield `No certificate is verified with --tls_client_auth=${options.tls_client_auth}, so that every connection ` +
      'with TLS will be refused: set 3 or 4, or --tls_client_id_from_cert=false'
  }
  if (policy.verifies && options.tls_client_system_ca) {
    yield 'Clients may show certificates of every authority that the system trusts: name your own with --tls_client_ca ' +
      'and set --tls_client_system_ca=false'
  }
}

function* aboutDatabase(options: ServerOptions): Iterable<string> {
  const { tls_database_mode: mode } = options
  if (mode === 'disable') return
  if (mode === 'auto') {
    if (offersTls(options) || !hasDatabaseTls(options)) return
    yield 'TLS to the database is never used: --tls_database_mode=auto uses it when the application does, and applications ' +
      'are not offered it; set --tls_database_mode=verify-full'
  } else if (options.db_host.startsWith('/')) {
    yield `--tls_database_mode=${mode} has no effect on a unix socket`
  } else if (mode === 'prefer' || mode === 'require') {
    yield `--tls_database_mode=${mode} does not check who answers for the database: verify-full does`
  }
}

function* aboutSchemas(options: ServerOptions): Iterable<string> {
  if (!options.schema_introspection || options.schema_introspection_databases !== '') return
  yield 'Whether the encryptor config contradicts a database is said at its first connection only: name the databases with ' +
    '--schema_introspection_databases'
}

function hasDatabaseTls(options: ServerOptions): boolean {
  return [options.tls_database_ca, options.tls_database_cert, options.tls_database_sni].some(
    (value) => value !== '',
  )
}

function offersTls(options: ServerOptions): boolean {
  return options.tls_client_cert !== ''
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
