import { AcraError } from '../../foundation/index.ts'

export type RevocationErrorCode = 'certificate-revoked' | 'revocation-not-known'

/** A certificate that must not be trusted: it was revoked, or nobody says that it was not. The message is fit for the other side. */
export class RevocationError extends AcraError {
  declare readonly code: RevocationErrorCode
  readonly hint: string

  constructor(code: RevocationErrorCode, message: string, hint: string) {
    super(code, message)
    this.hint = hint
  }
}

/** A responder or a list that cannot be used: the sentence says why, and is for the log. */
export class SourceError extends AcraError<'revocation-source-unusable'> {
  constructor(message: string, options?: ErrorOptions) {
    super('revocation-source-unusable', message, options)
  }
}
