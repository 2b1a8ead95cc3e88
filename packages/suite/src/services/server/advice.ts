import type { Address } from '../../net/index.ts'
import { type Logger, maxOpenFiles } from '../../observe/index.ts'
import { connectionsByDescriptors } from './descriptors.ts'
import type { ServerOptions } from './options.ts'

/** Says at start what is allowed but hardly meant. */
export function logAdvice(
  options: ServerOptions,
  address: Address,
  protectsColumns: boolean,
  log: Logger,
): void {
  if (address.kind === 'tcp' && !isLoopback(address.host)) {
    log.warning(
      'Connections are accepted without TLS on an address that other machines can reach: ' +
        'listen on a loopback address or a unix socket (--incoming_connection_string), or keep the network private',
    )
  }
  if (!protectsColumns) {
    log.warning('No column is protected: name the columns with --encryptor_config_file')
  }
  if (options.client_id === '' && (options.decrypt_unconfigured || protectsColumns)) {
    log.warning('No client id is set, so that every connection will be refused: set --client_id')
  }
  const room = connectionsByDescriptors(maxOpenFiles()) * options.workers
  if (room < options.max_connections) {
    log.warning(
      `The limit of open files lets in ${room} connections only, of max_connections=${options.max_connections}: raise it (ulimit -n)`,
    )
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
