/**
 * Keys as Themis stores them: P-256 keys in Soter containers, symmetric keys as bare bytes.
 *
 *     UEC2  public   33 bytes, compressed SEC1 point: 45 in all; readers take the 65-byte uncompressed form too
 *     REC2  private  a zero byte and the 32-byte big-endian scalar: 45 in all; readers take 32 bytes too
 */
import { concat, copyOf } from '../bytes.ts'
import { AcraError } from '../errors.ts'
import type { Primitives } from '../primitives.ts'
import { encodeSoterContainer, isSoterContainer, SOTER_HEADER_SIZE } from './container.ts'

/** Size of a public key's container as it is written, in bytes. */
export const PUBLIC_KEY_SIZE = 45

/** Size of a private key's container as it is written, in bytes. */
export const PRIVATE_KEY_SIZE = 45

/** Size of a symmetric key that is generated, in bytes. */
export const SYMMETRIC_KEY_SIZE = 32

const PUBLIC_TAG = 'UEC2'
const PRIVATE_TAG = 'REC2'
const COMPRESSED_SIZE = 33
const UNCOMPRESSED_SIZE = 65
const SCALAR_SIZE = 32

export type KeyErrorCode = 'key-malformed' | 'key-empty'

/** Bytes that should be a key of some kind and are not. */
export class KeyError extends AcraError<KeyErrorCode> {}

/** Both halves of a pair, as containers. */
export interface KeyPair {
  /** REC2, 45 bytes. */
  readonly privateKey: Uint8Array
  /** UEC2 with a compressed point, 45 bytes. */
  readonly publicKey: Uint8Array
}

/** A fresh P-256 pair. */
export function generateKeyPair(p: Primitives): KeyPair {
  const scalar = p.newScalar()
  const publicKey = publicKeyOfScalar(p, scalar)
  const privateKey = encodePrivateKey(scalar)
  scalar.fill(0)
  return { privateKey, publicKey }
}

/** A fresh symmetric key: 32 random bytes. */
export function generateSymmetricKey(p: Primitives): Uint8Array {
  return p.random(SYMMETRIC_KEY_SIZE)
}

/** The container (45 bytes) of the public key that belongs to a private one. Throws KeyError. */
export function publicKeyOf(p: Primitives, privateKey: Uint8Array): Uint8Array {
  const scalar = scalarOf(privateKey)
  const publicKey = publicKeyOfScalar(p, scalar)
  scalar.fill(0)
  return publicKey
}

/** Whether these bytes are a P-256 private key in its container, with a scalar in range. */
export function isPrivateKey(bytes: Uint8Array): boolean {
  const scalar = findScalar(bytes)
  scalar?.fill(0)
  return scalar !== null
}

/** Whether these bytes are a P-256 public key in its container. That its point is on the curve is seen at use only. */
export function isPublicKey(bytes: Uint8Array): boolean {
  return findPoint(bytes) !== null
}

/** Any bytes are a symmetric key, but not none. Throws KeyError. */
export function checkSymmetricKey(key: Uint8Array): void {
  if (key.length === 0) throw new KeyError('key-empty', 'a symmetric key must not be empty')
}

/** The scalar (32 bytes, 1 to n-1) in a private key's container, as a copy for the caller to overwrite. Throws KeyError. */
export function scalarOf(privateKey: Uint8Array): Uint8Array {
  const scalar = findScalar(privateKey)
  if (scalar === null) {
    throw new KeyError('key-malformed', 'not the container of a P-256 private key')
  }
  return scalar
}

/** The SEC1 point in a public key's container, a view. Throws KeyError. */
export function pointOf(publicKey: Uint8Array): Uint8Array {
  const point = findPoint(publicKey)
  if (point === null) throw notPublic()
  return point
}

/** The uncompressed point (65 bytes) of a public key. Throws KeyError where it is not on the curve. */
export function expandedPointOf(p: Primitives, publicKey: Uint8Array): Uint8Array {
  const point = p.expandPoint(pointOf(publicKey))
  if (point === null) throw notPublic()
  return point
}

/** The container of a compressed point, 45 bytes. */
export function encodePublicKey(point: Uint8Array): Uint8Array {
  return encodeSoterContainer(PUBLIC_TAG, point)
}

/** The container of a scalar, 45 bytes. */
export function encodePrivateKey(scalar: Uint8Array): Uint8Array {
  const body = concat(Uint8Array.of(0), scalar)
  const privateKey = encodeSoterContainer(PRIVATE_TAG, body)
  body.fill(0)
  return privateKey
}

/** Whether `bytes[start, start + 45)` is a public key with a compressed point. The caller has checked the size. */
export function isCompressedPublicKeyAt(bytes: Uint8Array, start: number): boolean {
  const lead = bytes[start + SOTER_HEADER_SIZE]
  if (lead !== 2 && lead !== 3) return false
  return isSoterContainer(PUBLIC_TAG, bytes, start, start + PUBLIC_KEY_SIZE)
}

function publicKeyOfScalar(p: Primitives, scalar: Uint8Array): Uint8Array {
  const key = p.agreementKey(scalar)
  const publicKey = encodePublicKey(key.point)
  key.wipe()
  return publicKey
}

function findScalar(bytes: Uint8Array): Uint8Array | null {
  if (!isSoterContainer(PRIVATE_TAG, bytes, 0, bytes.length)) return null
  const body = bytes.subarray(SOTER_HEADER_SIZE)
  const padded = body.length === SCALAR_SIZE + 1 && body[0] === 0
  if (!padded && body.length !== SCALAR_SIZE) return null
  const scalar = copyOf(body, body.length - SCALAR_SIZE)
  return isScalarInRange(scalar) ? scalar : null
}

function findPoint(bytes: Uint8Array): Uint8Array | null {
  if (!isSoterContainer(PUBLIC_TAG, bytes, 0, bytes.length)) return null
  const point = bytes.subarray(SOTER_HEADER_SIZE)
  const compressed = point.length === COMPRESSED_SIZE && (point[0] === 2 || point[0] === 3)
  return compressed || (point.length === UNCOMPRESSED_SIZE && point[0] === 4) ? point : null
}

/** The order of P-256's base point. */
const ORDER = Uint8Array.of(
  ...[0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ...[0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63],
  ...[0x25, 0x51],
)

/** 1 to n-1, by a subtraction whose time does not depend on the scalar. */
function isScalarInRange(scalar: Uint8Array): boolean {
  let any = 0
  let borrow = 0
  for (let i = SCALAR_SIZE - 1; i >= 0; i--) {
    any |= scalar[i]
    borrow = (scalar[i] - ORDER[i] - borrow) >>> 31
  }
  return any !== 0 && borrow === 1
}

function notPublic(): KeyError {
  return new KeyError('key-malformed', 'not the container of a P-256 public key')
}
