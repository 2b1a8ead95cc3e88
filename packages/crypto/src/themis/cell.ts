/**
 * Secure Cell in Seal mode with a key.
 *
 *     0   4   algorithm, LE32: 0x40010100 (AES-256-GCM); readers take the 192 and 128 bit forms too
 *     4   4   IV size, LE32: 12; readers take more and use the first 12 bytes
 *     8   4   tag size, LE32: 16
 *     12  4   plaintext size L, LE32: at least 1
 *     16  12  IV
 *     28  16  GCM tag
 *     44  L   ciphertext: the last L bytes; readers pass over what stands between it and the tag
 *
 * The AES key is derived from the caller's key, L and the context; the context is also the additional data of GCM.
 */
import { EMPTY, readLe32, ValueSink, writeLe32 } from '../bytes.ts'
import { AcraError } from '../errors.ts'
import type { CellParts, Primitives } from '../primitives.ts'
import type { Sink } from '../sink.ts'
import { checkSymmetricKey } from './keys.ts'

/** What a cell is larger than its plaintext, in bytes. */
export const CELL_OVERHEAD = 44

/** The largest plaintext, in bytes: a little less than 2 GiB, what node:crypto takes in one call. */
export const PLAIN_SIZE_MAX = 0x7fff_ff00

const LENGTHS_SIZE = 16
const IV_SIZE = 12
const TAG_SIZE = 16
const ALGORITHM_AES_256 = 0x4001_0100

export type PlaintextErrorCode = 'plaintext-empty' | 'plaintext-too-large'
export type CellErrorCode = 'cell-not-opened' | PlaintextErrorCode

/** A Secure Cell could not be sealed or opened. */
export class CellError extends AcraError<CellErrorCode> {}

/** Seals `plain` (1 to `PLAIN_SIZE_MAX` bytes) with any non-empty key. Throws CellError, or KeyError where the key is empty. */
export function sealCell(
  p: Primitives,
  key: Uint8Array,
  plain: Uint8Array,
  context: Uint8Array = EMPTY,
): Uint8Array {
  checkSymmetricKey(key)
  checkPlaintext(plain, CellError)
  const sealed = new Uint8Array(plain.length + CELL_OVERHEAD)
  writeCellLengths(sealed, 0, plain.length)
  p.sealCell(key, context, plain, sealed, LENGTHS_SIZE)
  return sealed
}

/** Opens what `sealCell` or Themis has sealed with this key and context. Throws CellError, the same for whatever is wrong. */
export function openCell(
  p: Primitives,
  key: Uint8Array,
  sealed: Uint8Array,
  context: Uint8Array = EMPTY,
): Uint8Array {
  checkSymmetricKey(key)
  const out = new ValueSink()
  if (!openCellInto(p, key, sealed, context, out)) {
    throw new CellError('cell-not-opened', 'the cell cannot be opened with this key and context')
  }
  return out.take()
}

/** Appends the plaintext; false, nothing appended, where the cell cannot be opened. */
export function openCellInto(
  p: Primitives,
  key: Uint8Array,
  sealed: Uint8Array,
  context: Uint8Array,
  out: Sink,
): boolean {
  const parts = cellParts(sealed, 0, sealed.length)
  return parts !== null && p.openCell(key, context, parts, out)
}

/** Writes the first 16 bytes of a cell; the primitives write the rest, from `at + 16` on. */
export function writeCellLengths(out: Uint8Array, at: number, plainSize: number): void {
  writeLe32(out, at, ALGORITHM_AES_256)
  writeLe32(out, at + 4, IV_SIZE)
  writeLe32(out, at + 8, TAG_SIZE)
  writeLe32(out, at + 12, plainSize)
}

/** The parts of the cell that fills `bytes[start, end)`; null where its header is not one of a cell or contradicts the size. */
export function cellParts(bytes: Uint8Array, start: number, end: number): CellParts | null {
  const size = end - start
  if (size <= CELL_OVERHEAD) return null
  const keySize = keySizeOf(readLe32(bytes, start))
  const ivSize = readLe32(bytes, start + 4)
  const plainSize = readLe32(bytes, start + 12)
  if (keySize === null || ivSize < IV_SIZE || readLe32(bytes, start + 8) !== TAG_SIZE) return null
  if (plainSize === 0 || plainSize > PLAIN_SIZE_MAX) return null
  if (LENGTHS_SIZE + ivSize + TAG_SIZE + plainSize > size) return null
  const ivAt = start + LENGTHS_SIZE
  const tagAt = ivAt + ivSize
  return {
    keySize,
    iv: bytes.subarray(ivAt, ivAt + IV_SIZE),
    tag: bytes.subarray(tagAt, tagAt + TAG_SIZE),
    text: bytes.subarray(end - plainSize, end),
  }
}

function keySizeOf(algorithm: number): 16 | 24 | 32 | null {
  if (algorithm === ALGORITHM_AES_256) return 32
  if (algorithm === 0x4001_00c0) return 24
  return algorithm === 0x4001_0080 ? 16 : null
}

/** Throws the given class of error where `plain` is of a size that no cell can hold. */
export function checkPlaintext(
  plain: Uint8Array,
  FormatError: new (code: PlaintextErrorCode, message: string) => AcraError,
): void {
  if (plain.length === 0) {
    throw new FormatError('plaintext-empty', 'an empty plaintext cannot be encrypted')
  }
  if (plain.length > PLAIN_SIZE_MAX) {
    throw new FormatError('plaintext-too-large', 'a plaintext has at most 2147483392 bytes')
  }
}
