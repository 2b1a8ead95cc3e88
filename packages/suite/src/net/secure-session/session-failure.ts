import { SessionError } from '@acra-ts/crypto'
import { AcraError } from '../../foundation/index.ts'

/** Why there is no session, as it stands in the log. */
export type SessionFailureReason =
  | 'key_decrypt_failed'
  | 'key_not_found'
  | 'unexpected_id'
  | 'not_verified'
  | 'malformed'
  | 'id_too_long'
  | 'peer_closed'
  | 'timeout'

const sentences: Readonly<Record<SessionFailureReason, string>> = {
  key_decrypt_failed: 'the transport key does not open',
  key_not_found: 'a transport key is missing',
  unexpected_id: 'the peer says another id than was expected',
  not_verified: 'the peer has another key than the one that was exchanged',
  malformed: 'what the peer says is not Secure Session',
  id_too_long: 'the client id is longer than 1024 bytes',
  peer_closed: 'the peer has closed the connection',
  timeout: 'the peer did not answer in time',
}

/** A Secure Session that did not come about, or broke. */
export class SessionFailure extends AcraError<'session-failed'> {
  readonly reason: SessionFailureReason

  constructor(reason: SessionFailureReason, options?: ErrorOptions) {
    super('session-failed', `Secure Session failed: ${sentences[reason]}`, options)
    this.reason = reason
  }
}

/** What stands behind an error of the handshake. */
export function asSessionFailure(error: unknown): Error {
  if (!(error instanceof SessionError)) {
    return error instanceof Error ? error : new Error('something that is no error was thrown')
  }
  return new SessionFailure(reasonOf(error), { cause: error })
}

function reasonOf({ code }: SessionError): SessionFailureReason {
  if (code === 'session-peer-unknown') return 'unexpected_id'
  return code === 'session-not-verified' ? 'not_verified' : 'malformed'
}
