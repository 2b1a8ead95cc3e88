import { AcraError } from '../../foundation/index.ts'

export type TlsErrorCode =
  | 'tls-files-unusable'
  | 'tls-accept-failed'
  | 'tls-client-refused'
  | 'tls-connect-failed'

/**
 * TLS that cannot be set up, or not gone on with. The message is fit for the log and for the other side; the `cause` is
 * OpenSSL's or the system's error where there is one.
 */
export class TlsError extends AcraError {
  declare readonly code: TlsErrorCode
  /** What to do about it; null where nobody knows. */
  readonly hint: string | null

  constructor(code: TlsErrorCode, message: string, hint: string | null, options?: ErrorOptions) {
    super(code, message, options)
    this.hint = hint
  }
}
