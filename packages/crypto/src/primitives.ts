import type { Sink } from './sink.ts'

/**
 * What the formats ask of a cryptographic library. Every member is a whole operation of a format (a cell, two nested
 * cells, an agreement), so that another implementation may replace it in one piece. Sizes and layouts have been checked
 * before a primitive is called; what only cryptography can tell (a wrong key, a damaged text) is answered, never thrown.
 */
export interface Primitives {
  /** `size` fresh random bytes that are the caller's own. */
  random(size: number): Uint8Array

  /** SHA-256 of the parts, one after the other. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array

  /** HMAC-SHA256 of the parts, one after the other. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array

  /**
   * Secure Cell: derives the cell's key, encrypts, and writes IV, tag and ciphertext, in this order, at `out[at]`:
   * 28 bytes more than `plain`, for which the caller has made room.
   */
  sealCell(
    key: Uint8Array,
    context: Uint8Array,
    plain: Uint8Array,
    out: Uint8Array,
    at: number,
  ): void

  /** Appends the plaintext of a cell; false, nothing appended, where the key or context is another or the cell is damaged. */
  openCell(key: Uint8Array, context: Uint8Array, cell: CellParts, out: Sink): boolean

  /**
   * Prepares a key, with the context of the cells it seals, so that what depends on them alone is done once.
   * Keeps no reference to `key`.
   */
  wrappingKey(key: Uint8Array, context: Uint8Array): WrappingKey

  /** Prepares a 32-byte AES key for the messages of one direction of a session. Keeps no reference to `key`. */
  messageKey(key: Uint8Array): MessageKey

  /** A fresh P-256 private key: 32 bytes, big-endian, 1 to n-1. */
  newScalar(): Uint8Array

  /** Prepares a P-256 private key (32 bytes, 1 to n-1) for agreements. Keeps no reference to `scalar`. */
  agreementKey(scalar: Uint8Array): AgreementKey

  /** The uncompressed form (65 bytes) of a SEC1 point of either form; null where it is not on P-256. */
  expandPoint(point: Uint8Array): Uint8Array | null

  /** An agreement of a fresh key pair with `peer`, a point that `expandPoint` has returned. */
  agreeOnce(peer: Uint8Array): { readonly point: Uint8Array; readonly secret: Uint8Array }

  /** The DER form of an ECDSA signature over SHA-256 of the message. */
  sign(scalar: Uint8Array, message: Uint8Array): Uint8Array

  /** Whether `signature` (DER) is one of `message` by the owner of `point`; false where the point is not on the curve. */
  verify(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** The parts of a Secure Cell, as views of where they stand. */
export interface CellParts {
  /** Size of the AES key in bytes. */
  readonly keySize: 16 | 24 | 32
  /** 12 bytes. */
  readonly iv: Uint8Array
  /** 16 bytes. */
  readonly tag: Uint8Array
  /** The ciphertext; at least one byte. */
  readonly text: Uint8Array
}

/** How opening two nested cells ended: the data key did not open, or it did and the payload is damaged. */
export type NestedResult = 'opened' | 'wrong-key' | 'damaged'

/** A key that seals data keys, each of which seals one payload. */
export interface WrappingKey {
  /**
   * Draws a 32-byte data key; writes the cell of the data key at `out[wrappedAt]` (60 bytes) and the cell of `plain` under
   * the data key and `context` at `out[payloadAt]`, both as `sealCell` does. Throws where the key is wiped.
   */
  sealNested(
    context: Uint8Array,
    plain: Uint8Array,
    out: Uint8Array,
    wrappedAt: number,
    payloadAt: number,
  ): void

  /**
   * The mirror image of `sealNested`: appends the plaintext of `payload`. Nothing is appended unless the answer is 'opened'.
   * `wrapped` holds 32 bytes under a 32-byte AES key. Throws where the key is wiped.
   */
  openNested(wrapped: CellParts, context: Uint8Array, payload: CellParts, out: Sink): NestedResult

  /** Overwrites what is held. */
  wipe(): void
}

/** AES-256-GCM without additional data, under one key. */
export interface MessageKey {
  /**
   * Encrypts `head` and `plain` as one text; writes the ciphertext and the tag (16 bytes) at `out[at]`, for which the caller has
   * made room. `iv` has 12 bytes and is used once. Throws where the key is wiped.
   */
  seal(iv: Uint8Array, head: Uint8Array, plain: Uint8Array, out: Uint8Array, at: number): void

  /** What was sealed, head and plaintext, as bytes of the caller's own; null where key, IV, text or tag is another. */
  open(iv: Uint8Array, text: Uint8Array, tag: Uint8Array): Uint8Array | null

  /** Overwrites what is held. */
  wipe(): void
}

/** A P-256 private key that is ready for use. */
export interface AgreementKey {
  /** The public key: compressed SEC1 point, 33 bytes. */
  readonly point: Uint8Array
  /** The shared X coordinate, 32 bytes with leading zeros; null where `peer` is not a point of the curve. */
  agree(peer: Uint8Array): Uint8Array | null
  /** Overwrites the private key; `agree` throws afterwards. */
  wipe(): void
}
