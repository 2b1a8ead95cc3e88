/**
 * AcraStruct: a payload under a data key of its own, and the data key in a message to the owner of a public key.
 *
 *     0    8   tag, eight times 22
 *     8    45  public key of a pair made for this value: UEC2 container, compressed point
 *     53   84  Secure Message with the data key (32 random bytes) from that pair to the storage key
 *     137  8   size N of the rest, LE64
 *     145  N   Secure Cell of the payload under the data key, with the context
 */
import { EMPTY, readLe64, writeLe64 } from '../bytes.ts'
import { AcraError } from '../errors.ts'
import type { AgreementKey, Primitives } from '../primitives.ts'
import type { Sink } from '../sink.ts'
import {
  CELL_OVERHEAD,
  cellParts,
  checkPlaintext,
  type PlaintextErrorCode,
  writeCellLengths,
} from '../themis/cell.ts'
import { SOTER_HEADER_SIZE } from '../themis/container.ts'
import {
  encodePublicKey,
  expandedPointOf,
  isCompressedPublicKeyAt,
  PUBLIC_KEY_SIZE,
  scalarOf,
} from '../themis/keys.ts'
import { MESSAGE_HEADER_SIZE, messageCell, writeMessageHeader } from '../themis/message.ts'

const TAG_BYTE = 0x22
const TAG_SIZE = 8
const DATA_KEY_SIZE = 32
const MESSAGE_AT = TAG_SIZE + PUBLIC_KEY_SIZE
const LENGTH_AT = MESSAGE_AT + MESSAGE_HEADER_SIZE + CELL_OVERHEAD + DATA_KEY_SIZE
const HEADER_SIZE = LENGTH_AT + 8
/** Where the random part of a cell begins: the primitives write from there on. */
const CELL_LENGTHS_SIZE = 16

/** What an AcraStruct is larger than its payload, in bytes. */
export const STRUCT_OVERHEAD = HEADER_SIZE + CELL_OVERHEAD

export type StructErrorCode = 'acrastruct-not-opened' | PlaintextErrorCode

/** An AcraStruct could not be sealed or opened. */
export class StructError extends AcraError<StructErrorCode> {}

/** A storage public key, ready for use. */
export class StructPublicKey {
  readonly primitives: Primitives
  /** Uncompressed: agreeing takes less time then. */
  readonly point: Uint8Array

  /** Takes a UEC2 container. Throws KeyError where it is none, or its point is not on the curve. */
  constructor(p: Primitives, publicKey: Uint8Array) {
    this.primitives = p
    this.point = expandedPointOf(p, publicKey)
  }
}

/** A storage private key, ready for use. One serves any number of calls; `wipe` it at the end. */
export class StructPrivateKey {
  readonly primitives: Primitives
  readonly #agreement: AgreementKey

  /** Takes a REC2 container and copies what it needs of it. Throws KeyError where it is none. */
  constructor(p: Primitives, privateKey: Uint8Array) {
    this.primitives = p
    const scalar = scalarOf(privateKey)
    this.#agreement = p.agreementKey(scalar)
    scalar.fill(0)
  }

  /** The secret shared with the owner of a SEC1 point, for the caller to overwrite; null where it is not on the curve. */
  agree(point: Uint8Array): Uint8Array | null {
    return this.#agreement.agree(point)
  }

  /** Overwrites what is held of the key; opening throws afterwards. */
  wipe(): void {
    this.#agreement.wipe()
  }
}

/**
 * Appends `plain` (1 to `PLAIN_SIZE_MAX` bytes) as an AcraStruct, `STRUCT_OVERHEAD` bytes larger. Throws StructError; nothing is
 * appended then.
 */
export function sealStruct(
  key: StructPublicKey,
  plain: Uint8Array,
  out: Sink,
  context: Uint8Array = EMPTY,
): void {
  checkPlaintext(plain, StructError)
  const { point, secret } = key.primitives.agreeOnce(key.point)
  const wrapping = key.primitives.wrappingKey(secret, EMPTY)
  secret.fill(0)
  const at = out.reserve(STRUCT_OVERHEAD + plain.length)
  const { bytes } = out
  bytes.fill(TAG_BYTE, at, at + TAG_SIZE)
  bytes.set(encodePublicKey(point), at + TAG_SIZE)
  writeMessageHeader(bytes, at + MESSAGE_AT, DATA_KEY_SIZE)
  writeLe64(bytes, at + LENGTH_AT, CELL_OVERHEAD + plain.length)
  const wrappedAt = at + MESSAGE_AT + MESSAGE_HEADER_SIZE
  const payloadAt = at + HEADER_SIZE
  writeCellLengths(bytes, wrappedAt, DATA_KEY_SIZE)
  writeCellLengths(bytes, payloadAt, plain.length)
  wrapping.sealNested(
    context,
    plain,
    bytes,
    wrappedAt + CELL_LENGTHS_SIZE,
    payloadAt + CELL_LENGTHS_SIZE,
  )
  wrapping.wipe()
}

/**
 * Appends the payload of the AcraStruct that fills `bytes[start, end)`. False, nothing appended, where none does; throws
 * StructError where one does that none of the keys (newest first) opens with this context.
 */
export function openStruct(
  keys: readonly StructPrivateKey[],
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Sink,
  context: Uint8Array = EMPTY,
): boolean {
  if (findStructEnd(bytes, start, end) !== end) return false
  if (tryOpenStruct(keys, bytes, start, end, out, context)) return true
  throw new StructError('acrastruct-not-opened', 'the AcraStruct cannot be opened with these keys')
}

/** Where the AcraStruct that begins at `bytes[start]` ends; -1 where none begins there that fits into `bytes[start, end)`. */
export function findStructEnd(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start
  if (size <= STRUCT_OVERHEAD || !hasStructTag(bytes, start)) return -1
  const rest = readLe64(bytes, start + LENGTH_AT)
  return rest > CELL_OVERHEAD && rest <= size - HEADER_SIZE ? start + HEADER_SIZE + rest : -1
}

/** As `openStruct` where `findStructEnd(bytes, start, end) === end`; false, nothing appended, where no key opens it. */
export function tryOpenStruct(
  keys: readonly StructPrivateKey[],
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Sink,
  context: Uint8Array,
): boolean {
  if (keys.length === 0 || !isCompressedPublicKeyAt(bytes, start + TAG_SIZE)) return false
  const wrapped = messageCell(bytes, start + MESSAGE_AT, start + LENGTH_AT)
  const payload = cellParts(bytes, start + HEADER_SIZE, end)
  if (wrapped === null || payload === null) return false
  if (wrapped.keySize !== 32 || wrapped.text.length !== DATA_KEY_SIZE) return false
  const point = bytes.subarray(start + TAG_SIZE + SOTER_HEADER_SIZE, start + MESSAGE_AT)
  for (const key of keys) {
    const secret = key.agree(point)
    if (secret === null) return false
    const wrapping = key.primitives.wrappingKey(secret, EMPTY)
    secret.fill(0)
    const result = wrapping.openNested(wrapped, context, payload, out)
    wrapping.wipe()
    if (result !== 'wrong-key') return result === 'opened'
  }
  return false
}

function hasStructTag(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + TAG_SIZE; i++) if (bytes[i] !== TAG_BYTE) return false
  return true
}
