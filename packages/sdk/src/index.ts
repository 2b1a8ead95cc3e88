/**
 * For applications, in browsers and in Node: AcraWriter encrypts at the source, AcraReader decrypts, HttpTranslator asks AcraTranslator.
 * In Node `@acra-ts/sdk/node` has the same on node:crypto, which is faster, and AcraTranslator over gRPC.
 */
import { noblePrimitives } from '@acra-ts/crypto/noble'
import { envelopesOn } from './envelopes.ts'

/**
 * All functions on envelopes, on @noble.
 *
 * @example
 * ```ts
 * import { acra } from '@acra-ts/sdk'
 *
 * const key = acra.generateSymmetricKey() // of a client: CLIENT_storage_sym
 * const stored = acra.createAcraBlock('a secret', key)
 * console.log(new TextDecoder().decode(acra.decryptAcraBlock(stored, key))) // a secret
 * ```
 */
export const acra = envelopesOn(noblePrimitives)

export type { Data } from './bytes.ts'
export { EncryptedColumn, type EncryptedColumnOptions } from './encrypted-column.ts'
export {
  type EnvelopeInfo,
  envelopeInfo,
  isAcraBlock,
  isAcraStruct,
  isContainer,
  unwrapContainer,
  wrapContainer,
} from './envelope-info.ts'
export type { ContextOptions, Envelopes, Keyring, Zone } from './envelopes.ts'
export { HttpTranslator, type HttpTranslatorOptions } from './http-translator.ts'
export { AcraReader } from './reader.ts'
export { SdkError, type SdkErrorCode } from './sdk-error.ts'
export type { TokenType, TokenValue, TokenValues } from './token-values.ts'
export {
  type BulkItem,
  type BulkResult,
  type CallOptions,
  type TokenOperation,
  type Translator,
  TranslatorError,
  type TranslatorErrorCode,
  type TranslatorOperation,
} from './translator.ts'
export { AcraWriter } from './writer.ts'
