import { AcraError } from '@acra-ts/crypto'

export type SdkErrorCode =
  | 'EMPTY_DATA'
  | 'WRONG_PUBLIC_KEY'
  | 'WRONG_ZONE'
  | 'ENCRYPT_FAILED'
  | 'DECRYPT_FAILED'
  | 'STILL_ENCRYPTED'
  | 'WRONG_VALUE'
  | 'NOT_PROTECTED'
  | 'NOT_SEARCHABLE'

/**
 * What the functions of this package throw. All failures to decrypt look alike.
 *
 * @example
 * ```ts
 * import { acra, SdkError } from '@acra-ts/sdk'
 *
 * try {
 *   acra.decryptAcraBlock(new Uint8Array(100), acra.generateSymmetricKey())
 * } catch (error) {
 *   if (!(error instanceof SdkError)) throw error
 *   console.log(error.code) // DECRYPT_FAILED
 * }
 * ```
 */
export class SdkError extends AcraError<SdkErrorCode> {}
