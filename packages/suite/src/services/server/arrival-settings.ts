import type { ArrivalSettings, TransportMode } from '../transport/index.ts'
import type { ServerOptions } from './options.ts'
import type { Protection } from './protection.ts'
import type { Transports } from './tls.ts'

/** How connections of applications, and of AcraConnector, come in. */
export function arrivalSettings(
  options: ServerOptions,
  { keyring }: Protection,
  { connectorTls }: Transports,
): ArrivalSettings {
  return {
    mode: transportMode(options),
    sessionId: options.securesession_id,
    keyring,
    tls: connectorTls,
    timeoutMs: options.startup_timeout * 1000,
  }
}

function transportMode(options: ServerOptions): TransportMode {
  if (options.acraconnector_tls_transport_enable) return 'tls'
  if (options.acraconnector_transport_encryption_disable) return 'raw'
  // Nobody came by 0.90 without a Secure Session, unless one of these options said so.
  return options.compatibility === '0.90' ? 'session' : 'session-or-raw'
}
