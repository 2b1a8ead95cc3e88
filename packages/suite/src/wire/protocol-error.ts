import { AcraError } from '../foundation/index.ts'

/**
 * Bytes that the protocol does not allow: a count or a length that does not fit its message, a string without its
 * end. The connection cannot go on, since where the next message begins is no longer known for sure.
 */
export class ProtocolError extends AcraError {
  constructor(message: string) {
    super('protocol-error', message)
  }
}
