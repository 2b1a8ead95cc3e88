/**
 * Search hash: what stands in front of an envelope so that equal plaintexts can be found.
 *
 *     0   1   kind of hash: 7F, HMAC-SHA256
 *     1   32  HMAC-SHA256 of the plaintext under the client's hmac key
 */
import { equalInConstantTime } from '../bytes.ts'
import type { Primitives } from '../primitives.ts'
import { checkSymmetricKey } from '../themis/keys.ts'

/** Size of a search hash, in bytes. */
export const SEARCH_HASH_SIZE = 33

/** The first byte of a search hash. */
export const SEARCH_HASH_TAG = 0x7f

/** The search hash of a plaintext of any size. Throws KeyError where the key is empty. */
export function searchHash(p: Primitives, key: Uint8Array, plain: Uint8Array): Uint8Array {
  checkSymmetricKey(key)
  const hash = new Uint8Array(SEARCH_HASH_SIZE)
  hash[0] = SEARCH_HASH_TAG
  hash.set(p.hmacSha256(key, plain), 1)
  return hash
}

/** Whether `hash` is the search hash of `plain`; compares in constant time. */
export function isSearchHashOf(
  p: Primitives,
  key: Uint8Array,
  plain: Uint8Array,
  hash: Uint8Array,
): boolean {
  return equalInConstantTime(searchHash(p, key, plain), hash)
}
