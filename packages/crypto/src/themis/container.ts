/**
 * Soter's container: what Themis keeps keys in.
 *
 *     0   4   tag, ASCII
 *     4   4   size of the whole, BE32
 *     8   4   CRC-32C of the whole with these four bytes zero, LE32
 *     12  n   body
 */
import { readBe32, readLe32, secretBytes, writeBe32, writeLe32 } from '../bytes.ts'

/** Size of the fields before the body, in bytes. */
export const SOTER_HEADER_SIZE = 12

/** Builds a container, in secret memory; `tag` has four ASCII characters. */
export function encodeSoterContainer(tag: string, body: Uint8Array): Uint8Array {
  const bytes = secretBytes(SOTER_HEADER_SIZE + body.length)
  for (let i = 0; i < 4; i++) bytes[i] = tag.charCodeAt(i)
  writeBe32(bytes, 4, bytes.length)
  bytes.set(body, SOTER_HEADER_SIZE)
  writeLe32(bytes, 8, checksum(bytes, 0, bytes.length))
  return bytes
}

/** Whether `bytes[start, end)` is exactly one container of this tag with a right checksum. */
export function isSoterContainer(
  tag: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (end - start < SOTER_HEADER_SIZE) return false
  for (let i = 0; i < 4; i++) if (bytes[start + i] !== tag.charCodeAt(i)) return false
  if (readBe32(bytes, start + 4) !== end - start) return false
  return readLe32(bytes, start + 8) === checksum(bytes, start, end)
}

/**
 * Where the container of this tag that begins at `start` ends; null where none with a right checksum stands there. What follows it
 * is not looked at.
 */
export function soterContainerEnd(tag: string, bytes: Uint8Array, start: number): number | null {
  if (bytes.length - start < SOTER_HEADER_SIZE) return null
  const end = start + readBe32(bytes, start + 4)
  return end <= bytes.length && isSoterContainer(tag, bytes, start, end) ? end : null
}

/** CRC-32C of a container whose checksum field is taken as zero. */
function checksum(bytes: Uint8Array, start: number, end: number): number {
  let crc = crc32cOf(bytes, start, start + 8, 0xffff_ffff)
  for (let i = 0; i < 4; i++) crc = crcTable[crc & 0xff] ^ (crc >>> 8)
  return ~crc32cOf(bytes, start + SOTER_HEADER_SIZE, end, crc) >>> 0
}

/** CRC-32C (Castagnoli), as in RFC 3720. */
export function crc32c(bytes: Uint8Array): number {
  return ~crc32cOf(bytes, 0, bytes.length, 0xffff_ffff) >>> 0
}

function crc32cOf(bytes: Uint8Array, start: number, end: number, crc: number): number {
  let state = crc
  for (let i = start; i < end; i++) state = crcTable[(state ^ bytes[i]) & 0xff] ^ (state >>> 8)
  return state
}

const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  return crc
})
