import { AcraError } from '../errors.ts'
import type { PlaintextErrorCode } from './cell.ts'

export type SessionErrorCode =
  | 'session-malformed'
  | 'session-not-verified'
  | 'session-peer-unknown'
  | 'session-out-of-order'
  | 'session-not-opened'
  | PlaintextErrorCode

/** A Secure Session could not be agreed on, or a message of it not sealed or opened. */
export class SessionError extends AcraError<SessionErrorCode> {}
