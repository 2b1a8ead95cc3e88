/**
 * AcraBlock: a payload under a data key of its own, and the data key under a symmetric key.
 *
 *     0     4   tag, 22 22 22 22
 *     4     8   size of all that follows these first four bytes, LE64
 *     12    1   how the data key is sealed: 0, Secure Cell
 *     13    2   key id: first bytes of SHA-256(key | context)
 *     15    1   how the payload is sealed: 0, Secure Cell
 *     16    2   size K of the sealed data key, LE16: 76
 *     18    K   Secure Cell of the data key (32 random bytes) under the key, with the context
 *     18+K  n   Secure Cell of the payload under the data key, with the context
 */
import { copyOf, EMPTY, readLe64, writeLe64 } from '../bytes.ts'
import { AcraError } from '../errors.ts'
import type { Primitives, WrappingKey } from '../primitives.ts'
import type { Sink } from '../sink.ts'
import {
  CELL_OVERHEAD,
  cellParts,
  checkPlaintext,
  type PlaintextErrorCode,
  writeCellLengths,
} from '../themis/cell.ts'
import { checkSymmetricKey } from '../themis/keys.ts'

const TAG_BYTE = 0x22
const TAG_SIZE = 4
const HEADER_SIZE = 18
const SECURE_CELL = 0
const DATA_KEY_SIZE = 32
const WRAPPED_SIZE = DATA_KEY_SIZE + CELL_OVERHEAD
/** Where the random part of a cell begins: the primitives write from there on. */
const CELL_LENGTHS_SIZE = 16

/** What an AcraBlock is larger than its payload, in bytes. */
export const BLOCK_OVERHEAD = HEADER_SIZE + WRAPPED_SIZE + CELL_OVERHEAD

export type BlockErrorCode = 'acrablock-not-opened' | PlaintextErrorCode

/** An AcraBlock could not be sealed or opened. */
export class BlockError extends AcraError<BlockErrorCode> {}

/** A symmetric key with its context, ready for use. One serves any number of calls; `wipe` it at the end. */
export class BlockKey {
  /** Goes along with the payload's cell as well as with the data key's. */
  readonly context: Uint8Array
  readonly wrapping: WrappingKey
  readonly #id: Uint8Array

  /** Copies what it needs of `key` and `context`. Throws KeyError where the key is empty. */
  constructor(p: Primitives, key: Uint8Array, context: Uint8Array = EMPTY) {
    checkSymmetricKey(key)
    this.context = copyOf(context)
    this.wrapping = p.wrappingKey(key, this.context)
    this.#id = copyOf(p.sha256(key, context), 0, 2)
  }

  /** Whether the two bytes at `bytes[at]` are this key's id. */
  hasIdAt(bytes: Uint8Array, at: number): boolean {
    return bytes[at] === this.#id[0] && bytes[at + 1] === this.#id[1]
  }

  writeIdTo(bytes: Uint8Array, at: number): void {
    bytes.set(this.#id, at)
  }

  /** Overwrites what is held of the key; sealing and opening throw afterwards. */
  wipe(): void {
    this.wrapping.wipe()
    this.#id.fill(0)
  }
}

/** Appends `plain` (1 to `PLAIN_SIZE_MAX` bytes) as an AcraBlock, `BLOCK_OVERHEAD` bytes larger. Throws BlockError; nothing is appended then. */
export function sealBlock(key: BlockKey, plain: Uint8Array, out: Sink): void {
  checkPlaintext(plain, BlockError)
  const mark = out.length
  const at = out.reserve(BLOCK_OVERHEAD + plain.length)
  const { bytes } = out
  bytes.fill(TAG_BYTE, at, at + TAG_SIZE)
  writeLe64(bytes, at + 4, BLOCK_OVERHEAD + plain.length - TAG_SIZE)
  bytes[at + 12] = SECURE_CELL
  key.writeIdTo(bytes, at + 13)
  bytes[at + 15] = SECURE_CELL
  bytes[at + 16] = WRAPPED_SIZE
  bytes[at + 17] = 0
  const wrappedAt = at + HEADER_SIZE
  const payloadAt = wrappedAt + WRAPPED_SIZE
  writeCellLengths(bytes, wrappedAt, DATA_KEY_SIZE)
  writeCellLengths(bytes, payloadAt, plain.length)
  try {
    key.wrapping.sealNested(
      key.context,
      plain,
      bytes,
      wrappedAt + CELL_LENGTHS_SIZE,
      payloadAt + CELL_LENGTHS_SIZE,
    )
  } catch (error) {
    out.truncate(mark)
    throw error
  }
}

/**
 * Appends the payload of the AcraBlock that `bytes[start, end)` begins with. False, nothing appended, where none begins
 * there; throws BlockError where one does that none of the keys (newest first) opens.
 */
export function openBlock(
  keys: readonly BlockKey[],
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Sink,
): boolean {
  const blockEnd = findBlockEnd(bytes, start, end)
  if (blockEnd === -1) return false
  if (tryOpenBlock(keys, bytes, start, blockEnd, out)) return true
  throw new BlockError('acrablock-not-opened', 'the AcraBlock cannot be opened with these keys')
}

/** Where the AcraBlock that begins at `bytes[start]` ends; -1 where none begins there that fits into `bytes[start, end)`. */
export function findBlockEnd(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start
  if (size <= BLOCK_OVERHEAD || !hasBlockTag(bytes, start)) return -1
  const rest = readLe64(bytes, start + TAG_SIZE)
  if (rest > size - TAG_SIZE || rest <= BLOCK_OVERHEAD - TAG_SIZE) return -1
  if (bytes[start + 12] !== SECURE_CELL || bytes[start + 15] !== SECURE_CELL) return -1
  const blockEnd = start + TAG_SIZE + rest
  const payloadAt = start + HEADER_SIZE + wrappedSizeAt(bytes, start)
  return payloadAt + CELL_OVERHEAD < blockEnd ? blockEnd : -1
}

/** As `openBlock` where `findBlockEnd(bytes, start, end) === end`; false, nothing appended, where no key opens it. */
export function tryOpenBlock(
  keys: readonly BlockKey[],
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Sink,
): boolean {
  for (const key of keys) {
    if (!key.hasIdAt(bytes, start + 13)) continue
    const wrappedAt = start + HEADER_SIZE
    const payloadAt = wrappedAt + wrappedSizeAt(bytes, start)
    const wrapped = cellParts(bytes, wrappedAt, payloadAt)
    const payload = cellParts(bytes, payloadAt, end)
    if (wrapped === null || payload === null) return false
    if (wrapped.keySize !== 32 || wrapped.text.length !== DATA_KEY_SIZE) return false
    const result = key.wrapping.openNested(wrapped, key.context, payload, out)
    if (result !== 'wrong-key') return result === 'opened'
  }
  return false
}

function hasBlockTag(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + TAG_SIZE; i++) if (bytes[i] !== TAG_BYTE) return false
  return true
}

function wrappedSizeAt(bytes: Uint8Array, start: number): number {
  return bytes[start + 16] | (bytes[start + 17] << 8)
}
