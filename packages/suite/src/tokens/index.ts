/**
 * Where tokens and what they stand for are kept: in memory, in a file, in Redis. What is kept is sealed by those who call; no key and no
 * plaintext is known here.
 */
export { isInMemory, openTokenStore, type TokenPlace } from './open.ts'
export { tokenOptions } from './options.ts'
export {
  decodeRecord,
  decodeTokenValue,
  encodeRecord,
  encodeTokenValue,
  type TokenRecord,
} from './record.ts'
export type { TokenStore, TokenStoreErrorCode } from './token-store.ts'
