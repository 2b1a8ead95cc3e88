import { SessionFailure } from '../../net/secure-session/index.ts'
import { TlsError } from '../../net/tls/index.ts'
import type { Fields } from '../../observe/index.ts'
import { TransportKeyError } from './keyring.ts'

/** The error in the words of the original, and what it knows of it besides. spec: key-management §8 */
export function wrapFields(error: unknown): Fields {
  if (error instanceof SessionFailure) {
    const { reason } = error
    const hint = error instanceof TransportKeyError ? error.hint : hints[reason]
    return { error: originalWords[reason] ?? error, reason, ...(hint === null ? {} : { hint }) }
  }
  if (error instanceof TlsError) {
    return { error, reason: 'tls', ...(error.hint === null ? {} : { hint: error.hint }) }
  }
  return { error }
}

const originalWords: Partial<Record<SessionFailure['reason'], string>> = {
  key_decrypt_failed: 'Failed to unprotect data',
  peer_closed: 'EOF',
  id_too_long: 'packet with ClientID too big',
}

const hints: Readonly<Record<SessionFailure['reason'], string | null>> = {
  key_decrypt_failed: null,
  key_not_found: null,
  unexpected_id: 'Compare securesession_id of the server with the id that AcraConnector expects.',
  not_verified: 'Exchange the public keys again: one side has made a new pair.',
  malformed: 'Check that the server is set to Secure Session too.',
  id_too_long: null,
  peer_closed:
    'The log of the other side has the reason: mostly it misses the keys of this client id, or its own key does not open.',
  timeout:
    'Check that the address is that of the server, and that it is set to Secure Session too.',
}
