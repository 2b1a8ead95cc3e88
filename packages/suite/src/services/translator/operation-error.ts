import { AcraError } from '../../foundation/index.ts'

export type OperationErrorCode =
  | 'client-id-empty'
  | 'client-id-refused'
  | 'keys-not-found'
  | 'request-invalid'
  | 'operation-failed'
  | 'token-unknown'

/** An operation that was not done. The message is the original's, and tells a client no more than it may know. */
export class OperationError extends AcraError<OperationErrorCode> {}

/** Why an operation failed, in the words of the original. */
export function failed(message: string, cause?: unknown): OperationError {
  return new OperationError('operation-failed', message, cause === undefined ? {} : { cause })
}
