/**
 * Search hash: what stands in front of an envelope so that equal plaintexts can be found.
 *
 *     0   1   kind of hash: 7F, HMAC-SHA256
 *     1   32  HMAC-SHA256 of the plaintext under the client's hmac key
 */
import { copyOf, equalInConstantTime } from '../bytes.ts'
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

/** A client's hmac key, ready for use. One serves any number of calls; `wipe` it at the end. */
export class SearchKey {
  readonly #primitives: Primitives
  #key: Uint8Array | null

  /** Copies what it needs of `key`. Throws KeyError where the key is empty. */
  constructor(p: Primitives, key: Uint8Array) {
    checkSymmetricKey(key)
    this.#primitives = p
    this.#key = copyOf(key)
  }

  /** The search hash of a plaintext of any size. */
  hash(plain: Uint8Array): Uint8Array {
    return searchHash(this.#primitives, this.#inUse(), plain)
  }

  /** Whether `hash` is the search hash of `plain`; compares in constant time. */
  matches(plain: Uint8Array, hash: Uint8Array): boolean {
    return isSearchHashOf(this.#primitives, this.#inUse(), plain, hash)
  }

  /** Overwrites the key; hashing throws afterwards. */
  wipe(): void {
    this.#key?.fill(0)
    this.#key = null
  }

  #inUse(): Uint8Array {
    if (this.#key === null) throw new Error('a wiped key was used')
    return this.#key
  }
}
