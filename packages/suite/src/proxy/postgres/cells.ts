import { isUtf8 } from 'node:buffer'
import { identify, type Sink } from '@acra-ts/crypto'
import { type Soon, soon } from '../../foundation/index.ts'
import {
  type Access,
  anyColumn,
  type Column,
  type ColumnSetting,
  type DataType,
  inspect,
} from '../../transform/index.ts'
import {
  BINARY_FORMAT,
  byteaHexInPlace,
  decodeByteaEscape,
  decodeByteaHex,
  decodeByteaText,
  encodeByteaEscape,
  encodeByteaHex,
  type Format,
  isByteaEscape,
  looksHex,
  TEXT_FORMAT,
  type TypeCodec,
} from '../../wire/postgres/index.ts'
import { hasTag, hasTagInHex } from './envelope-tags.ts'
import { encodingError, RefusedError } from './refusal.ts'
import { codecOf, isStoredAsText, valueTypeOf } from './values.ts'

/*
 * How cells of answers are shown (spec: encryptor-config §9, §10.2). What the application sees depends on the column's data
 * type; a column that nobody knows is bytea.
 */

/**
 * Whether each cell of a column has to be looked at. Of the others those are passed in which no envelope can be: too short, or
 * without a tag.
 */
export function readsEveryCell(setting: ColumnSetting | null): boolean {
  if (setting === null) return false
  return (
    setting.tokenization !== null || setting.dataType !== null || setting.onFail !== 'ciphertext'
  )
}

/**
 * Appends what the application sees of the cell `bytes[start, end)` and returns true; false, nothing appended, where that is
 * the cell as it came. `setting` is null where the column is not known to be protected. Throws RefusedError where the column
 * answers an error for what cannot be revealed.
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
  if (setting === null || !readsEveryCell(setting)) {
    return revealBytes(bytes, start, end, format, column, access, out)
  }
  const cell = bytes.subarray(start, end)
  if (setting.tokenization !== null) return revealToken(cell, format, setting, column, access, out)
  const stored = format === BINARY_FORMAT ? cell : (decodeByteaText(cell, 0, cell.length) ?? cell)
  const mark = out.length
  return soon(revealStored(stored, column, access, out), (revealed) =>
    revealed
      ? showPlain(valueTypeOf(setting), bytesForm(cell, format), out, mark)
      : showStored(setting, stored, cell, format, out),
  )
}

/** A cell of a column without a type: bytea. One in which no envelope can be is not decoded. */
function revealBytes(
  bytes: Buffer,
  start: number,
  end: number,
  format: Format,
  column: Pick<Column, 'reveal'>,
  access: Access,
  out: Sink,
): Soon<boolean> {
  if (format === BINARY_FORMAT) return revealStored(bytes.subarray(start, end), column, access, out)
  const stored = storedForm(bytes, start, end)
  if (stored === null) return false
  const mark = out.length
  return soon(revealStored(stored, column, access, out), (done) => {
    if (done) bytesInPlace(out, mark, bytesForm(bytes.subarray(start, end), format))
    return done
  })
}

/** A token stands as a value of its own type: so does what it stands for. An unknown one stays. */
function revealToken(
  cell: Buffer,
  format: Format,
  setting: ColumnSetting,
  column: Pick<Column, 'reveal'>,
  access: Access,
  out: Sink,
): Soon<boolean> {
  const type = valueTypeOf(setting)
  const codec = codecOf(type)
  let token: Buffer | null = cell
  if (format === BINARY_FORMAT) token = codec === null ? cell : codec.fromBinary(cell)
  else if (!isStoredAsText(setting)) token = decodeByteaText(cell, 0, cell.length)
  if (token === null || token.length === 0) return false
  const mark = out.length
  return soon(revealStored(token, column, access, out), (revealed) => {
    if (!revealed) return false
    if (codec !== null && format === BINARY_FORMAT) widen(codec, cell.length, out, mark)
    else showPlain(type, bytesForm(cell, format), out, mark)
    return true
  })
}

/** Puts a number in binary format, as wide as the database's, in the place of its text. */
function widen(codec: TypeCodec, size: number, out: Sink, mark: number): void {
  const plain = codec.toBinary(Buffer.from(out.bytes.subarray(mark, out.length)))
  if (plain === null) return
  out.truncate(mark)
  const sign = plain[0] >= 0x80 ? 0xff : 0
  const at = out.reserve(size)
  out.bytes.fill(sign, at, at + size)
  out.bytes.set(
    plain.subarray(Math.max(0, plain.length - size)),
    at + Math.max(0, size - plain.length),
  )
}

/** Gives the plain value that was appended from `mark` on the form of its type. What is none of its values stays as it is. */
function showPlain(type: DataType | null, form: BytesForm, out: Sink, mark: number): true {
  const codec = codecOf(type)
  if (codec !== null) {
    const plain = Buffer.from(out.bytes.subarray(mark, out.length))
    const shown = showAs(codec, plain, form === 'binary' ? BINARY_FORMAT : TEXT_FORMAT)
    if (shown !== null) {
      out.truncate(mark)
      append(out, shown)
    }
    plain.fill(0)
  } else if (type !== 'str') bytesInPlace(out, mark, form)
  return true
}

function showAs(codec: TypeCodec, plain: Buffer, format: Format): Buffer | null {
  const text = codec.canonical(plain)
  return text === null || format !== BINARY_FORMAT ? text : codec.toBinary(text)
}

/** What the application gets of a value that is not revealed. */
function showStored(
  setting: ColumnSetting,
  stored: Buffer,
  cell: Buffer,
  format: Format,
  out: Sink,
): boolean {
  const type = valueTypeOf(setting)
  if (stored.length === 0) return type === 'str'
  const codec = codecOf(type)
  const never = codec === null ? null : showAs(codec, stored, format)
  if (never !== null) {
    append(out, never)
    return true
  }
  const { onFail } = setting
  if (onFail === 'error') throw new RefusedError(encodingError(setting))
  if (onFail !== 'ciphertext') {
    const mark = out.length
    append(out, onFail.value)
    return showPlain(type, bytesForm(cell, format), out, mark)
  }
  return type === 'str' && format === BINARY_FORMAT && readableAsText(cell, out)
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

/** How bytes stand in an answer. */
type BytesForm = 'binary' | 'hex' | 'escape'

/** Bytes are shown in the form in which the database has sent the cell: `bytea_output` is the session's. */
function bytesForm(cell: Buffer, format: Format): BytesForm {
  if (format === BINARY_FORMAT) return 'binary'
  return isByteaEscape(cell, 0, cell.length) ? 'escape' : 'hex'
}

/** Puts the text form of the bytes that were appended from `mark` on in their place. */
function bytesInPlace(out: Sink, mark: number, form: BytesForm): void {
  if (form === 'hex') byteaHexInPlace(out, mark)
  if (form !== 'escape') return
  const plain = Buffer.from(out.bytes.subarray(mark, out.length))
  out.truncate(mark)
  encodeByteaEscape(plain, 0, plain.length, out)
  plain.fill(0)
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
