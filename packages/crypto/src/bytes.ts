/** Little-endian numbers, comparison and a minimal sink: what every format here needs of bytes. */
import type { Sink } from './sink.ts'

/** No bytes: the context of what has none. */
export const EMPTY: Uint8Array = new Uint8Array(0)

/** An unsigned 32-bit little-endian number. The caller has checked that four bytes are there. */
export function readLe32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}

/** An unsigned 64-bit little-endian number; Infinity above 2^53 - 1, so that every bound fails. */
export function readLe64(bytes: Uint8Array, at: number): number {
  const high = readLe32(bytes, at + 4)
  return high > 0x1f_ffff ? Infinity : high * 0x1_0000_0000 + readLe32(bytes, at)
}

export function writeLe32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

/** Writes a size below 2^53 as eight bytes. */
export function writeLe64(bytes: Uint8Array, at: number, value: number): void {
  writeLe32(bytes, at, value)
  writeLe32(bytes, at + 4, Math.floor(value / 0x1_0000_0000))
}

/** An unsigned 32-bit big-endian number. The caller has checked that four bytes are there. */
export function readBe32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
}

export function writeBe32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** Whether both hold the same bytes, in a time that depends on their sizes only. */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let i = 0; i < left.length; i++) difference |= left[i] ^ right[i]
  return difference === 0
}

/**
 * Zeros for something secret to stand in. The memory is one that the garbage collector never moves: of small arrays it would
 * leave copies behind, which nobody can overwrite any more.
 */
export function secretBytes(size: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(size))
}

/** A copy of `bytes[start, end)` in secret memory of its own: `slice` of a Buffer would be a view. */
export function copyOf(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array {
  const copy = secretBytes(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}

/** All parts, one after the other, in secret memory. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = secretBytes(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** A sink for a single value, in secret memory: `take` hands over exactly what was appended. */
export class ValueSink implements Sink {
  bytes: Uint8Array = EMPTY
  length = 0

  reserve(size: number): number {
    const at = this.length
    this.length = at + size
    if (this.length > this.bytes.length) {
      const grown = secretBytes(at === 0 ? size : Math.max(this.length, this.bytes.length * 2))
      grown.set(this.bytes)
      this.bytes.fill(0)
      this.bytes = grown
    }
    return at
  }

  truncate(length: number): void {
    this.bytes.fill(0, length, this.length)
    this.length = length
  }

  take(): Uint8Array {
    const { bytes, length } = this
    this.bytes = EMPTY
    this.length = 0
    return bytes.length === length ? bytes : copyOf(bytes, 0, length)
  }
}
