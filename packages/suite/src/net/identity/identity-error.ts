import { AcraError } from '../../foundation/index.ts'

export type IdentityErrorCode =
  | 'certificate-malformed'
  | 'certificate-without-identifier'
  | 'certificate-not-for-clients'

/** A certificate that no client id can be taken from, or that no client may show. */
export class IdentityError extends AcraError {
  declare readonly code: IdentityErrorCode

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
