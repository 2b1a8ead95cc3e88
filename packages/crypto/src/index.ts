/**
 * Themis formats and Acra envelopes, free of Node modules and of I/O. Every function takes the primitives it works with;
 * `@acra-ts/crypto/node` has those of node:crypto.
 */
export { AcraError } from './errors.ts'
export type {
  AgreementKey,
  CellParts,
  NestedResult,
  Primitives,
  WrappingKey,
} from './primitives.ts'
export type { Sink } from './sink.ts'
export { CELL_OVERHEAD, CellError, type CellErrorCode, openCell, sealCell } from './themis/cell.ts'
export { kdf, kdfWithoutKey } from './themis/kdf.ts'
export {
  generateKeyPair,
  generateSymmetricKey,
  isPrivateKey,
  isPublicKey,
  KeyError,
  type KeyErrorCode,
  type KeyPair,
  PRIVATE_KEY_SIZE,
  PUBLIC_KEY_SIZE,
  publicKeyOf,
  SYMMETRIC_KEY_SIZE,
} from './themis/keys.ts'
