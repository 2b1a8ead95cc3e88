import { isUtf8 } from 'node:buffer'
import { identify, type Sink } from '@acra-ts/crypto'
import { type Soon, soon } from '../../foundation/index.ts'
import {
  type Access,
  anyColumn,
  type Column,
  type ColumnSetting,
  inspect,
} from '../../transform/index.ts'
import {
  BINARY_FORMAT,
  decodeByteaEscape,
  decodeByteaHex,
  decodeByteaText,
  encodeByteaHex,
  type Format,
  looksHex,
} from '../../wire/postgres/index.ts'

/*
 * How the values of protected columns stand in PostgreSQL's messages (spec: encryptor-config §10). The database holds bytea;
 * what the application sees depends on the column's data type.
 */

/**
 * The plain value that the content of a literal, or a parameter in text format, means for a column: the text itself for a
 * column of text; else what bytea reads there, or the text where bytea would refuse it. Parameters in binary format are
 * plain values as they are.
 */
export function plainOfText(setting: ColumnSetting, text: Buffer): Buffer {
  if (setting.dataType === 'str') return text
  return decodeByteaText(text, 0, text.length) ?? decodeSpacedHex(text) ?? text
}

/**
 * Appends what the application sees of the cell `bytes[start, end)` and returns true; false, nothing appended, where that is
 * the cell as it came. `setting` is null where the column is not known to be protected. A cell in which no envelope can be is
 * not decoded.
 */
export function revealCell(
  bytes: Buffer,
  start: number,
  end: number,
  format: Format,
  setting: ColumnSetting | null,
  column: Pick<Column, 'reveal'>,
  access: Access,
  out: Sink,
): Soon<boolean> {
  const isText = setting?.dataType === 'str'
  if (format === BINARY_FORMAT) {
    const stored = bytes.subarray(start, end)
    const revealed = revealStored(stored, column, access, out)
    return isText ? soon(revealed, (done) => done || readableAsText(stored, out)) : revealed
  }
  const stored = storedForm(bytes, start, end)
  if (stored === null) return false
  const mark = out.length
  const revealed = revealStored(stored, column, access, out)
  if (isText) return revealed
  return soon(revealed, (done) => {
    if (done) hexInPlace(out, mark)
    return done
  })
}

/** Reveals a stored value; poison records in it, and in what comes out of it, are told before anybody gets it. */
function revealStored(
  stored: Buffer,
  column: Pick<Column, 'reveal'>,
  access: Access,
  out: Sink,
): Soon<boolean> {
  const { poison } = access
  if (poison === null) return column.reveal(stored, access, out)
  const mark = out.length
  return soon(column.reveal(stored, access, out), (done) => {
    // What the client's own keys have opened as a whole is no poison record; there may be one inside.
    const isOwn = done && column.reveal === anyColumn.reveal && identify(stored)?.whole === true
    if (!isOwn) inspect(poison, stored, 0, stored.length)
    if (done) inspect(poison, out.bytes, mark, out.length)
    return done
  })
}

/** What a cell in text format stands for; null where it cannot hold an envelope. */
function storedForm(bytes: Buffer, start: number, end: number): Buffer | null {
  if (looksHex(bytes, start, end)) {
    return hasTagInHex(bytes, start + 2, end) ? decodeByteaHex(bytes, start, end) : null
  }
  if (!hasTag(bytes, start, end)) return null
  return decodeByteaEscape(bytes, start, end) ?? bytes.subarray(start, end)
}

/**
 * A text in binary format must be UTF-8: what is not, ciphertext above all, is shown as in text format, which every driver can
 * read (settled 23).
 */
function readableAsText(stored: Buffer, out: Sink): boolean {
  if (isUtf8(stored)) return false
  encodeByteaHex(stored, 0, stored.length, out)
  return true
}

const CONTAINER_BYTE = 0x25
const CONTAINER_TAG_SIZE = 3
const BARE_BYTE = 0x22
const BARE_TAG_SIZE = 4
const DIGIT_2 = 0x32
const DIGIT_5 = 0x35
const HEX_DIGITS = Buffer.from('0123456789abcdef')

/** Whether `%%%` or `""""` stands in `[start, end)`. Looks at every third byte: a tag cannot lie between two of them. */
function hasTag(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 2; at < end; at += CONTAINER_TAG_SIZE) {
    const byte = bytes[at]
    if (byte !== CONTAINER_BYTE && byte !== BARE_BYTE) continue
    let first = at
    let last = at
    while (first > start && bytes[first - 1] === byte) first--
    while (last + 1 < end && bytes[last + 1] === byte) last++
    if (last - first + 1 >= (byte === CONTAINER_BYTE ? CONTAINER_TAG_SIZE : BARE_TAG_SIZE))
      return true
  }
  return false
}

/** The same for hex digits, a pair for each byte: `252525` or `22222222`. */
function hasTagInHex(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 4; at + 1 < end; at += 2 * CONTAINER_TAG_SIZE) {
    const low = bytes[at + 1]
    if (bytes[at] !== DIGIT_2 || (low !== DIGIT_5 && low !== DIGIT_2)) continue
    const isPair = (pair: number) => bytes[pair] === DIGIT_2 && bytes[pair + 1] === low
    let first = at
    let last = at
    while (first > start && isPair(first - 2)) first -= 2
    while (last + 3 < end && isPair(last + 2)) last += 2
    const count = (last - first) / 2 + 1
    if (count >= (low === DIGIT_5 ? CONTAINER_TAG_SIZE : BARE_TAG_SIZE)) return true
  }
  return false
}

/** Puts the hex form of what was appended from `mark` on in its place, from its end: no second buffer, no copy of a plaintext. */
function hexInPlace(out: Sink, mark: number): void {
  const size = out.length - mark
  out.reserve(2 + size)
  const { bytes } = out
  for (let from = mark + size - 1, to = mark + 2 * size; from >= mark; from--, to -= 2) {
    const byte = bytes[from]
    bytes[to] = HEX_DIGITS[byte >> 4]
    bytes[to + 1] = HEX_DIGITS[byte & 15]
  }
  bytes[mark] = 0x5c
  bytes[mark + 1] = 0x78
}

/** The hex form as the server takes it, with white space between the pairs of digits; null where it is not one. */
function decodeSpacedHex(text: Buffer): Buffer | null {
  if (!looksHex(text, 0, text.length)) return null
  const compact = Buffer.allocUnsafe(text.length)
  let length = 0
  for (const byte of text) {
    const isSpace = byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
    if (!isSpace || length % 2 !== 0) compact[length++] = byte
  }
  return decodeByteaHex(compact, 0, length)
}
