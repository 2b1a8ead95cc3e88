import type { Sink } from '@acra-ts/crypto'

/** Type OIDs of the server's catalog (pg_type) that columns are announced as. They never change. */
export const Oid = {
  bytea: 17,
  int8: 20,
  int4: 23,
  text: 25,
  byteaArray: 1001,
  textArray: 1009,
  varchar: 1043,
} as const

/*
 * The text forms of bytea (https://www.postgresql.org/docs/current/datatype-binary.html): `\x` and pairs of hex digits, or the escape
 * form, in which `\\` is a backslash, `\` and three octal digits are a byte, and every other byte stands for itself.
 */

const BACKSLASH = 0x5c
const LOWER_X = 0x78
const NO_DIGIT = 0xff
const DIGITS = Buffer.from('0123456789abcdef')

/** The value of each hex digit by its byte; NO_DIGIT elsewhere. */
const DIGIT_VALUES = new Uint8Array(256).fill(NO_DIGIT)
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16)
  DIGIT_VALUES[digit.charCodeAt(0)] = value
  DIGIT_VALUES[digit.toUpperCase().charCodeAt(0)] = value
}

/** True where `[start, end)` begins like the hex form: `\x`. */
export function looksHex(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 2 && bytes[start] === BACKSLASH && bytes[start + 1] === LOWER_X
}

/**
 * The bytes that the hex form `[start, end)` stands for; null where it is not one. Stricter than the server, which
 * allows white space between the pairs: what it prints has none.
 */
export function decodeByteaHex(bytes: Uint8Array, start: number, end: number): Buffer | null {
  if (!looksHex(bytes, start, end) || (end - start) % 2 !== 0) return null
  const decoded = Buffer.allocUnsafe((end - start - 2) / 2)
  let bad = 0
  for (let from = start + 2, to = 0; from < end; from += 2, to++) {
    const high = DIGIT_VALUES[bytes[from]]
    const low = DIGIT_VALUES[bytes[from + 1]]
    bad |= high | low
    decoded[to] = (high << 4) | low
  }
  return bad > 15 ? null : decoded
}

/** The bytes that the escape form `[start, end)` stands for; null where it is malformed. */
export function decodeByteaEscape(bytes: Uint8Array, start: number, end: number): Buffer | null {
  const decoded = Buffer.allocUnsafe(end - start)
  let length = 0
  for (let at = start; at < end; ) {
    const byte = bytes[at]
    if (byte !== BACKSLASH) {
      decoded[length++] = byte
      at++
    } else if (at + 1 < end && bytes[at + 1] === BACKSLASH) {
      decoded[length++] = BACKSLASH
      at += 2
    } else {
      const value = octalAt(bytes, at + 1, end)
      if (value === null) return null
      decoded[length++] = value
      at += 4
    }
  }
  return decoded.subarray(0, length)
}

/** Three octal digits, at most 377; null where there are none. */
function octalAt(bytes: Uint8Array, at: number, end: number): number | null {
  if (at + 3 > end) return null
  const [a, b, c] = [bytes[at] - 0x30, bytes[at + 1] - 0x30, bytes[at + 2] - 0x30]
  const isOctal = a >= 0 && a <= 3 && b >= 0 && b <= 7 && c >= 0 && c <= 7
  return isOctal ? (a << 6) | (b << 3) | c : null
}

/** The bytes that a bytea stands for in either text form; null where it is malformed. */
export function decodeByteaText(bytes: Uint8Array, start: number, end: number): Buffer | null {
  return looksHex(bytes, start, end)
    ? decodeByteaHex(bytes, start, end)
    : decodeByteaEscape(bytes, start, end)
}

/** Appends `\x` and the hex digits of `bytes[start, end)`, as the server prints bytea. */
export function encodeByteaHex(bytes: Uint8Array, start: number, end: number, out: Sink): void {
  let to = out.reserve(2 + 2 * (end - start))
  const target = out.bytes
  target[to++] = BACKSLASH
  target[to++] = LOWER_X
  for (let from = start; from < end; from++) {
    const byte = bytes[from]
    target[to++] = DIGITS[byte >> 4]
    target[to++] = DIGITS[byte & 15]
  }
}

/** Puts the hex form of what was appended from `mark` on in its place, from its end: no second buffer, no copy of a plaintext. */
export function byteaHexInPlace(out: Sink, mark: number): void {
  const size = out.length - mark
  out.reserve(2 + size)
  const { bytes } = out
  for (let from = mark + size - 1, to = mark + 2 * size; from >= mark; from--, to -= 2) {
    const byte = bytes[from]
    bytes[to] = DIGITS[byte >> 4]
    bytes[to + 1] = DIGITS[byte & 15]
  }
  bytes[mark] = BACKSLASH
  bytes[mark + 1] = LOWER_X
}

/** True where `[start, end)` is what the server prints in the escape form: printable ASCII that does not begin like the hex form. */
export function isByteaEscape(bytes: Uint8Array, start: number, end: number): boolean {
  if (looksHex(bytes, start, end)) return false
  for (let at = start; at < end; at++) if (bytes[at] < 0x20 || bytes[at] > 0x7e) return false
  return true
}

/** Appends `bytes[start, end)` in the escape form, as the server prints it: a backslash twice, and what is not printable ASCII in octal. */
export function encodeByteaEscape(bytes: Uint8Array, start: number, end: number, out: Sink): void {
  for (let from = start; from < end; from++) {
    const byte = bytes[from]
    if (byte === BACKSLASH) append(out, [BACKSLASH, BACKSLASH])
    else if (byte >= 0x20 && byte <= 0x7e) append(out, [byte])
    else append(out, [BACKSLASH, DIGITS[byte >> 6], DIGITS[(byte >> 3) & 7], DIGITS[byte & 7]])
  }
}

function append(out: Sink, bytes: readonly number[]): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
