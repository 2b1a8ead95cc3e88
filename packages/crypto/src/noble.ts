/**
 * The primitives of @noble, for browsers and whatever else has no node:crypto. Slower by one to two orders of magnitude, synchronous
 * all the same. What is said of overwriting keys holds for our copies only: the library keeps numbers, which nobody can overwrite.
 */
import { gcm } from '@noble/ciphers/aes.js'
import { p256 } from '@noble/curves/nist.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { randomBytes } from '@noble/hashes/utils.js'
import { concat, copyOf } from './bytes.ts'
import type {
  AgreementKey,
  CellParts,
  MessageKey,
  NestedResult,
  Primitives,
  WrappingKey,
} from './primitives.ts'
import type { Sink } from './sink.ts'
import { cellKdfInput } from './themis/kdf.ts'

const IV_SIZE = 12
const TAG_SIZE = 16
const DATA_KEY_SIZE = 32
const UNCOMPRESSED_SIZE = 65
/** Random bytes that the platform gives in one call. */
const RANDOM_SIZE_MAX = 65_536

/** The primitives of @noble; random bytes are those of `crypto.getRandomValues`. */
export const noblePrimitives: Primitives = {
  random,
  sha256: (...parts) => sha256(concat(...parts)),
  hmacSha256,
  sealCell,
  openCell(key, context, cell, out) {
    const plain = openWith(key, context, cell)
    if (plain === null) return false
    moveInto(out, plain)
    return true
  },
  wrappingKey: (key, context) => new NobleWrappingKey(key, context),
  messageKey: (key) => new NobleMessageKey(key),
  newScalar: () => p256.utils.randomSecretKey(),
  agreementKey: (scalar) => new NobleAgreementKey(scalar),
  expandPoint,
  agreeOnce(peer) {
    const scalar = p256.utils.randomSecretKey()
    const secret = sharedSecret(scalar, peer)
    const point = p256.getPublicKey(scalar)
    scalar.fill(0)
    return { point, secret }
  },
  sign: (scalar, message) => p256.sign(message, scalar, { format: 'der', lowS: false }),
  verify(point, message, signature) {
    const expanded = expandPoint(point)
    if (expanded === null) return false
    try {
      return p256.verify(signature, message, expanded, { format: 'der', lowS: false })
    } catch {
      return false // Not the DER form of a signature.
    }
  },
}

class NobleWrappingKey implements WrappingKey {
  readonly #context: Uint8Array
  #key: Uint8Array | null

  constructor(key: Uint8Array, context: Uint8Array) {
    this.#context = context
    this.#key = hmacSha256(key, cellKdfInput(DATA_KEY_SIZE, context))
  }

  sealNested(
    context: Uint8Array,
    plain: Uint8Array,
    out: Uint8Array,
    wrappedAt: number,
    payloadAt: number,
  ): void {
    const key = inUse(this.#key)
    const dataKey = random(DATA_KEY_SIZE)
    encrypt(key, this.#context, dataKey, out, wrappedAt)
    sealCell(dataKey, context, plain, out, payloadAt)
    dataKey.fill(0)
  }

  openNested(wrapped: CellParts, context: Uint8Array, payload: CellParts, out: Sink): NestedResult {
    const dataKey = decrypt(inUse(this.#key), this.#context, wrapped)
    if (dataKey === null) return 'wrong-key'
    const plain = openWith(dataKey, context, payload)
    dataKey.fill(0)
    if (plain === null) return 'damaged'
    moveInto(out, plain)
    return 'opened'
  }

  wipe(): void {
    this.#key?.fill(0)
    this.#key = null
  }
}

class NobleMessageKey implements MessageKey {
  #key: Uint8Array | null

  constructor(key: Uint8Array) {
    this.#key = copyOf(key)
  }

  seal(iv: Uint8Array, head: Uint8Array, plain: Uint8Array, out: Uint8Array, at: number): void {
    out.set(gcm(inUse(this.#key), iv).encrypt(concat(head, plain)), at)
  }

  open(iv: Uint8Array, text: Uint8Array, tag: Uint8Array): Uint8Array | null {
    return opened(inUse(this.#key), iv, undefined, text, tag)
  }

  wipe(): void {
    this.#key?.fill(0)
    this.#key = null
  }
}

class NobleAgreementKey implements AgreementKey {
  readonly point: Uint8Array
  #scalar: Uint8Array | null

  constructor(scalar: Uint8Array) {
    this.#scalar = copyOf(scalar)
    this.point = p256.getPublicKey(scalar)
  }

  agree(peer: Uint8Array): Uint8Array | null {
    const scalar = inUse(this.#scalar)
    const expanded = expandPoint(peer)
    return expanded === null ? null : sharedSecret(scalar, expanded)
  }

  wipe(): void {
    this.#scalar?.fill(0)
    this.#scalar = null
  }
}

function random(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += RANDOM_SIZE_MAX) {
    bytes.set(randomBytes(Math.min(RANDOM_SIZE_MAX, size - at)), at)
  }
  return bytes
}

function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = hmac.create(sha256, key)
  for (const part of parts) state.update(part)
  return state.digest()
}

function sealCell(
  key: Uint8Array,
  context: Uint8Array,
  plain: Uint8Array,
  out: Uint8Array,
  at: number,
): void {
  const derived = hmacSha256(key, cellKdfInput(plain.length, context))
  encrypt(derived, context, plain, out, at)
  derived.fill(0)
}

function openWith(key: Uint8Array, context: Uint8Array, cell: CellParts): Uint8Array | null {
  const derived = hmacSha256(key, cellKdfInput(cell.text.length, context))
  const plain = decrypt(derived.subarray(0, cell.keySize), context, cell)
  derived.fill(0)
  return plain
}

function encrypt(
  key: Uint8Array,
  context: Uint8Array,
  plain: Uint8Array,
  out: Uint8Array,
  at: number,
): void {
  const iv = random(IV_SIZE)
  const sealed = gcm(key, iv, additional(context)).encrypt(plain)
  out.set(iv, at)
  out.set(sealed.subarray(plain.length), at + IV_SIZE)
  out.set(sealed.subarray(0, plain.length), at + IV_SIZE + TAG_SIZE)
}

function decrypt(key: Uint8Array, context: Uint8Array, { iv, tag, text }: CellParts) {
  return opened(key, iv, additional(context), text, tag)
}

function opened(
  key: Uint8Array,
  iv: Uint8Array,
  context: Uint8Array | undefined,
  text: Uint8Array,
  tag: Uint8Array,
): Uint8Array | null {
  try {
    return gcm(key, iv, context).decrypt(concat(text, tag))
  } catch {
    return null // The tag is another: all sizes were right.
  }
}

function additional(context: Uint8Array): Uint8Array | undefined {
  return context.length === 0 ? undefined : context
}

function expandPoint(point: Uint8Array): Uint8Array | null {
  try {
    const expanded = p256.Point.fromBytes(point).toBytes(false)
    return expanded.length === UNCOMPRESSED_SIZE ? expanded : null
  } catch {
    return null
  }
}

/** The shared X coordinate. `peer` is on the curve. */
function sharedSecret(scalar: Uint8Array, peer: Uint8Array): Uint8Array {
  return copyOf(p256.getSharedSecret(scalar, peer), 1)
}

/** Appends a plaintext, and overwrites it where it stood. */
function moveInto(out: Sink, plain: Uint8Array): void {
  const at = out.reserve(plain.length)
  out.bytes.set(plain, at)
  plain.fill(0)
}

/** A key that has been wiped must not be used: it would seal with zeros. */
function inUse<T>(key: T | null): T {
  if (key === null) throw new Error('a wiped key was used')
  return key
}
