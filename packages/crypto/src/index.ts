/**
 * Themis formats and Acra envelopes, free of Node modules and of I/O. Functions and prepared keys are given the primitives
 * they work with; `@acra-ts/crypto/node` has those of node:crypto.
 *
 * Hot paths use prepared keys (`BlockKey`, `StructPublicKey`, `StructPrivateKey`), are synchronous and append to a `Sink`.
 */

export {
  BLOCK_OVERHEAD,
  BlockError,
  type BlockErrorCode,
  BlockKey,
  openBlock,
  sealBlock,
} from './envelope/acra-block.ts'
export {
  openStruct,
  STRUCT_OVERHEAD,
  StructError,
  type StructErrorCode,
  StructPrivateKey,
  StructPublicKey,
  sealStruct,
} from './envelope/acra-struct.ts'
export {
  CONTAINER_OVERHEAD,
  type Envelope,
  type EnvelopeKind,
  encodeContainer,
  identify,
  sealBlockInContainer,
  sealStructInContainer,
} from './envelope/container.ts'
export {
  type EnvelopeOpener,
  mayHoldEnvelope,
  openEnvelopes,
  openerOf,
  someEnvelope,
} from './envelope/scan.ts'
export {
  isSearchHashOf,
  SEARCH_HASH_SIZE,
  SEARCH_HASH_TAG,
  SearchKey,
  searchHash,
} from './envelope/search-hash.ts'
export { AcraError } from './errors.ts'
export type {
  AgreementKey,
  CellParts,
  NestedResult,
  Primitives,
  WrappingKey,
} from './primitives.ts'
export type { Sink } from './sink.ts'
export { isBase64, isHex } from './text-forms.ts'
export {
  CELL_OVERHEAD,
  CellError,
  type CellErrorCode,
  openCell,
  PLAIN_SIZE_MAX,
  type PlaintextErrorCode,
  sealCell,
} from './themis/cell.ts'
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
export {
  decryptMessage,
  encryptMessage,
  MessageError,
  type MessageErrorCode,
  signMessage,
  verifyMessage,
} from './themis/message.ts'
export { SecureSession, type SessionSettings } from './themis/session.ts'
export { SessionError, type SessionErrorCode } from './themis/session-error.ts'
export { SESSION_OVERHEAD } from './themis/session-messages.ts'
