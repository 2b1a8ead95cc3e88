/** The primitives of node:crypto: the one file of this package that knows Node. */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type DecipherGCM,
  ECDH,
  type JsonWebKey,
  type KeyObject,
  randomFillSync,
  sign as signMessage,
  verify as verifyMessage,
} from 'node:crypto'
import { concat, copyOf, EMPTY, secretBytes } from './bytes.ts'
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

const CURVE = 'prime256v1'
const IV_SIZE = 12
const TAG_SIZE = 16
const DATA_KEY_SIZE = 32
const SCALAR_SIZE = 32
const POINT_SIZE = 65

/** The primitives of node:crypto: synchronous; random bytes come from a pool of this thread. */
export const nodePrimitives: Primitives = {
  random,
  sha256(...parts) {
    const hash = createHash('sha256')
    for (const part of parts) hash.update(part)
    return hash.digest()
  },
  hmacSha256(key, ...parts) {
    const hmac = createHmac('sha256', keyForUse(key))
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  },
  sealCell,
  openCell(key, context, cell, out) {
    const mayBeKey = cell.text.length <= KEY_TEXT_MAX
    const plain = openWith(key, context, cell, mayBeKey ? updateInSteps : updateAtOnce)
    if (plain === null) return false
    moveInto(out, plain)
    return true
  },
  wrappingKey: (key, context) => new NodeWrappingKey(key, context),
  messageKey: (key) => new NodeMessageKey(key),
  newScalar() {
    const pair = createECDH(CURVE)
    pair.generateKeys()
    const bytes = pair.getPrivateKey()
    const scalar = secretBytes(SCALAR_SIZE)
    scalar.set(bytes, SCALAR_SIZE - bytes.length)
    bytes.fill(0)
    overwrite(pair)
    return scalar
  },
  agreementKey: (scalar) => new NodeAgreementKey(scalar),
  expandPoint,
  agreeOnce(peer) {
    const pair = createECDH(CURVE)
    pair.generateKeys()
    return { point: pair.getPublicKey(null, 'compressed'), secret: pair.computeSecret(peer) }
  },
  sign(scalar, message) {
    const der = sec1Of(scalar)
    const key = createPrivateKey({ key: der, format: 'der', type: 'sec1' })
    der.fill(0)
    return signMessage('sha256', message, { key, dsaEncoding: 'der' })
  },
  verify(point, message, signature) {
    const expanded = expandPoint(point)
    if (expanded === null) return false
    const key = createPublicKey({ key: publicJwk(expanded), format: 'jwk' })
    return verifyMessage('sha256', message, { key, dsaEncoding: 'der' }, signature)
  },
}

/** Where the data key of the envelope that is being sealed stands, until it is overwritten. */
const dataKeyInUse = secretBytes(DATA_KEY_SIZE)

/** Keeps the AES key of the cells that hold a data key: derived once, since a data key always has 32 bytes. */
class NodeWrappingKey implements WrappingKey {
  readonly #context: Uint8Array
  readonly #bytes: Buffer
  #key: Uint8Array | KeyObject | null

  constructor(key: Uint8Array, context: Uint8Array) {
    this.#context = context
    this.#bytes = deriveCellKey(key, DATA_KEY_SIZE, context)
    this.#key = keyForUse(this.#bytes)
  }

  sealNested(
    context: Uint8Array,
    plain: Uint8Array,
    out: Uint8Array,
    wrappedAt: number,
    payloadAt: number,
  ): void {
    const dataKey = dataKeyInUse
    randomInto(dataKey)
    encrypt(inUse(this.#key), this.#context, dataKey, out, wrappedAt)
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
    this.#bytes.fill(0)
    this.#key = null
  }
}

class NodeAgreementKey implements AgreementKey {
  readonly point: Uint8Array
  #pair: ECDH | null

  constructor(scalar: Uint8Array) {
    this.#pair = createECDH(CURVE)
    this.#pair.setPrivateKey(scalar)
    this.point = this.#pair.getPublicKey(null, 'compressed')
  }

  agree(peer: Uint8Array): Uint8Array | null {
    const pair = inUse(this.#pair)
    try {
      return pair.computeSecret(peer)
    } catch {
      return null
    }
  }

  wipe(): void {
    if (this.#pair !== null) overwrite(this.#pair)
    this.#pair = null
  }
}

class NodeMessageKey implements MessageKey {
  readonly #bytes: Uint8Array
  #key: Uint8Array | KeyObject | null

  constructor(key: Uint8Array) {
    this.#bytes = copyOf(key)
    this.#key = keyForUse(this.#bytes)
  }

  seal(iv: Uint8Array, head: Uint8Array, plain: Uint8Array, out: Uint8Array, at: number): void {
    const cipher = createCipheriv('aes-256-gcm', inUse(this.#key), iv)
    out.set(cipher.update(head), at)
    out.set(cipher.update(plain), at + head.length)
    cipher.final()
    out.set(cipher.getAuthTag(), at + head.length + plain.length)
  }

  open(iv: Uint8Array, text: Uint8Array, tag: Uint8Array): Uint8Array | null {
    return decrypt(inUse(this.#key), EMPTY, { keySize: 32, iv, tag, text })
  }

  wipe(): void {
    this.#bytes.fill(0)
    this.#key = null
  }
}

const ONE = new Uint8Array(SCALAR_SIZE).fill(1, SCALAR_SIZE - 1)

/** OpenSSL overwrites the private number that another one takes the place of. */
function overwrite(pair: ECDH): void {
  pair.setPrivateKey(ONE)
}

function sealCell(
  key: Uint8Array,
  context: Uint8Array,
  plain: Uint8Array,
  out: Uint8Array,
  at: number,
): void {
  const derived = deriveCellKey(key, plain.length, context)
  encrypt(keyForUse(derived), context, plain, out, at)
  derived.fill(0)
}

function openWith(
  key: Uint8Array,
  context: Uint8Array,
  cell: CellParts,
  update: Update = updateAtOnce,
): Buffer | null {
  const derived = deriveCellKey(key, cell.text.length, context)
  const sized = cell.keySize === 32 ? derived : derived.subarray(0, cell.keySize)
  const plain = decrypt(keyForUse(sized), context, cell, update)
  derived.fill(0)
  return plain
}

function deriveCellKey(key: Uint8Array, plainSize: number, context: Uint8Array): Buffer {
  return createHmac('sha256', keyForUse(key)).update(cellKdfInput(plainSize, context)).digest()
}

function encrypt(
  key: Uint8Array | KeyObject,
  context: Uint8Array,
  plain: Uint8Array,
  out: Uint8Array,
  at: number,
): void {
  const iv = out.subarray(at, at + IV_SIZE)
  randomInto(iv)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  if (context.length > 0) cipher.setAAD(context)
  out.set(cipher.update(plain), at + IV_SIZE + TAG_SIZE)
  cipher.final()
  out.set(cipher.getAuthTag(), at + IV_SIZE)
}

function decrypt(
  key: Uint8Array | KeyObject,
  context: Uint8Array,
  cell: CellParts,
  update: Update = updateAtOnce,
): Buffer | null {
  const decipher = createDecipheriv(cipherOf(cell.keySize), key, cell.iv)
  decipher.setAuthTag(cell.tag)
  if (context.length > 0) decipher.setAAD(context)
  const plain = update(decipher, cell.text)
  try {
    decipher.final()
  } catch {
    plain.fill(0)
    return null
  }
  return plain
}

type Update = (decipher: DecipherGCM, text: Uint8Array) => Buffer

function updateAtOnce(decipher: DecipherGCM, text: Uint8Array): Buffer {
  return decipher.update(text)
}

/** No key that is kept in a cell is longer, in bytes. */
const KEY_TEXT_MAX = 64
const STEP = 8

/**
 * Node writes what it has decrypted to memory of its own, copies it, and gives that memory back as it is. Of eight bytes nothing is
 * left there: the allocator's own marks take their place.
 */
function updateInSteps(decipher: DecipherGCM, text: Uint8Array): Buffer {
  const plain = Buffer.from(new ArrayBuffer(text.length))
  for (let at = 0; at < text.length; at += STEP) {
    const step = decipher.update(text.subarray(at, at + STEP))
    plain.set(step, at)
    step.fill(0)
  }
  return plain
}

function cipherOf(keySize: 16 | 24 | 32): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (keySize === 32) return 'aes-256-gcm'
  return keySize === 24 ? 'aes-192-gcm' : 'aes-128-gcm'
}

/** Appends a plaintext, and overwrites it where it stood. */
function moveInto(out: Sink, plain: Uint8Array): void {
  const at = out.reserve(plain.length)
  out.bytes.set(plain, at)
  plain.fill(0)
}

/** In Node 24, and in no version before or after it, a call that is given raw key bytes costs four to six times as much. */
const rawKeysAreSlow = /^v24\./.test(process.version)

/** The form of a key that this version of Node takes fastest. */
function keyForUse(key: Uint8Array): Uint8Array | KeyObject {
  return rawKeysAreSlow ? createSecretKey(key) : key
}

/** A key that has been wiped must not be used: it would seal with zeros. */
function inUse<T>(key: T | null): T {
  if (key === null) throw new Error('a wiped key was used')
  return key
}

function expandPoint(point: Uint8Array): Uint8Array | null {
  try {
    const expanded = ECDH.convertKey(point, CURVE, undefined, undefined, 'uncompressed')
    // No bytes give an empty text, and the point at infinity one byte: neither is a key.
    return typeof expanded !== 'string' && expanded.length === POINT_SIZE ? expanded : null
  } catch {
    return null
  }
}

function publicJwk(expanded: Uint8Array): JsonWebKey {
  return { kty: 'EC', crv: 'P-256', x: base64url(expanded, 1), y: base64url(expanded, 33) }
}

const SEC1_HEAD = Buffer.from('30770201010420', 'hex')
/** The name of the curve, and the head of the public point. */
const SEC1_MIDDLE = Buffer.from('a00a06082a8648ce3d030107a144034200', 'hex')

/** A private key in DER (RFC 5915): unlike a JWK it is bytes, which can be overwritten. */
function sec1Of(scalar: Uint8Array): Buffer {
  const pair = createECDH(CURVE)
  pair.setPrivateKey(scalar)
  const der = concat(SEC1_HEAD, scalar, SEC1_MIDDLE, pair.getPublicKey())
  overwrite(pair)
  return Buffer.from(der.buffer)
}

function base64url(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.subarray(start, start + 32)).toString('base64url')
}

/** Drawing twelve bytes from the system costs more than encrypting a cell: they are drawn ahead. */
const POOL_SIZE = 16_384
const pool = Buffer.allocUnsafeSlow(POOL_SIZE)
let poolAt = POOL_SIZE

function random(size: number): Uint8Array {
  const bytes = secretBytes(size)
  randomInto(bytes)
  return bytes
}

/** Every byte of the pool is handed out once and then overwritten. */
function randomInto(target: Uint8Array): void {
  const size = target.length
  if (size > POOL_SIZE / 8) {
    randomFillSync(target)
    return
  }
  if (poolAt + size > POOL_SIZE) {
    randomFillSync(pool)
    poolAt = 0
  }
  for (let i = 0; i < size; i++) {
    target[i] = pool[poolAt + i]
    pool[poolAt + i] = 0
  }
  poolAt += size
}
