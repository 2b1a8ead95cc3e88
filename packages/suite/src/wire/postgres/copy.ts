/** The rows of COPY (manual, "COPY", File Formats): cutting a stream into records and fields. `copy-writer.ts` writes them anew. */
import { ProtocolError } from '../protocol-error.ts'

export interface CopyFormat {
  readonly kind: 'text' | 'csv' | 'binary'
  /** Bytes; without meaning in binary format, `quote` and `escapeMark` also in text. */
  readonly delimiter: number
  readonly quote: number
  readonly escapeMark: number
  readonly nullText: Buffer
  readonly hasHeader: boolean
}

/** What the stream consists of. Everything but rows passes as it is. */
export interface CopyRecord {
  readonly kind: 'row' | 'other'
  readonly bytes: Buffer
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BACKSLASH = 0x5c
const DOT = 0x2e
const BINARY_HEADER_SIZE = 19
/** Stands in the place of the length of NULL in binary format. */
export const NULL_LENGTH = -1
const NOTHING = Buffer.alloc(0)

/** Cuts the data of a COPY into records, wherever its messages end. Every byte is looked at once. */
export class CopyCutter {
  readonly #format: CopyFormat
  readonly #sizeMax: number
  #pending: Buffer = NOTHING
  /** Where to go on looking for the end of the record. */
  #at = 0
  #isQuoted = false
  #isFirst = true
  #isOver = false

  /** A record longer than `sizeMax` bytes is a ProtocolError. */
  constructor(format: CopyFormat, sizeMax: number) {
    this.#format = format
    this.#sizeMax = sizeMax
  }

  /** The records that `chunk` completes, and none of what follows the end of a text. Throws ProtocolError for what is not of the format. */
  push(chunk: Buffer): CopyRecord[] {
    if (this.#hasTextEnded) return []
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const records: CopyRecord[] = []
    for (let end = this.#end(); end !== -1; end = this.#end()) {
      const bytes = this.#pending.subarray(0, end)
      records.push({ kind: this.#kindOf(bytes), bytes })
      this.#isFirst = false
      this.#pending = this.#hasTextEnded ? NOTHING : this.#pending.subarray(end)
      this.#at = 0
    }
    if (this.#pending.length > this.#sizeMax) throw new ProtocolError('a row of COPY is too long')
    // What is kept must not be the memory of the message.
    this.#pending = this.#pending.length === 0 ? NOTHING : Buffer.from(this.#pending)
    return records
  }

  /** The last record, which no line break ends. */
  finish(): CopyRecord[] {
    const bytes = this.#pending
    this.#pending = NOTHING
    if (bytes.length === 0) return []
    if (this.#format.kind === 'binary' || this.#isQuoted)
      throw new ProtocolError('the data of COPY ends inside a row')
    return [{ kind: this.#kindOf(bytes), bytes }]
  }

  /** The database reads no more behind the mark. In CSV it may: for PostgreSQL 18 the mark is a row there. */
  get #hasTextEnded(): boolean {
    return this.#isOver && this.#format.kind === 'text'
  }

  #kindOf(bytes: Buffer): CopyRecord['kind'] {
    const { kind, hasHeader } = this.#format
    if (this.#isOver) return 'other'
    if (kind === 'binary') {
      const isTrailer = !this.#isFirst && bytes.readInt16BE(0) === -1
      if (isTrailer) this.#isOver = true
      return this.#isFirst || isTrailer ? 'other' : 'row'
    }
    if (isEndMark(bytes)) {
      this.#isOver = true
      return 'other'
    }
    return hasHeader && this.#isFirst ? 'other' : 'row'
  }

  #end(): number {
    if (this.#isOver && this.#pending.length > 0)
      throw new ProtocolError('data of COPY behind its end')
    switch (this.#format.kind) {
      case 'binary':
        return this.#isFirst ? endOfBinaryHeader(this.#pending) : endOfTuple(this.#pending)
      case 'csv':
        return this.#endOfCsv()
      case 'text':
        return this.#endOfLine()
    }
  }

  /** A backslash takes away the meaning of the byte behind it, that of a line break too. */
  #endOfLine(): number {
    const bytes = this.#pending
    let at = bytes.indexOf(LINE_FEED, this.#at)
    while (at !== -1 && backslashesBefore(bytes, at) % 2 !== 0)
      at = bytes.indexOf(LINE_FEED, at + 1)
    this.#at = at === -1 ? bytes.length : at + 1
    return at === -1 ? -1 : at + 1
  }

  #endOfCsv(): number {
    const bytes = this.#pending
    const { quote, escapeMark } = this.#format
    for (; this.#at < bytes.length; this.#at++) {
      const byte = bytes[this.#at]
      if (this.#isQuoted && byte === escapeMark && escapeMark !== quote) {
        if (this.#at + 1 >= bytes.length) return -1
        const next = bytes[this.#at + 1]
        if (next === quote || next === escapeMark) this.#at++
      } else if (byte === quote) this.#isQuoted = !this.#isQuoted
      else if (byte === LINE_FEED && !this.#isQuoted) return this.#at + 1
    }
    return -1
  }
}

function backslashesBefore(bytes: Buffer, end: number): number {
  let at = end
  while (at > 0 && bytes[at - 1] === BACKSLASH) at--
  return end - at
}

/** Whether a line is `\.`, the end of the data. */
export function isEndMark(bytes: Buffer): boolean {
  const end = lineEnd(bytes)
  return end === 2 && bytes[0] === BACKSLASH && bytes[1] === DOT
}

function endOfBinaryHeader(bytes: Buffer): number {
  if (bytes.length < BINARY_HEADER_SIZE) return -1
  if (bytes.toString('latin1', 0, 11) !== 'PGCOPY\n\xff\r\n\0')
    throw new ProtocolError('the data of COPY has no header')
  const end = BINARY_HEADER_SIZE + bytes.readUInt32BE(15)
  return end <= bytes.length ? end : -1
}

function endOfTuple(bytes: Buffer): number {
  if (bytes.length < 2) return -1
  const count = bytes.readInt16BE(0)
  if (count < -1) throw new ProtocolError('a row of COPY has a length that no row has')
  let at = 2
  for (let field = 0; field < count; field++) {
    if (at + 4 > bytes.length) return -1
    const length = bytes.readInt32BE(at)
    if (length < NULL_LENGTH) throw new ProtocolError('a row of COPY has a length that no row has')
    at += 4 + Math.max(0, length)
  }
  return at <= bytes.length ? at : -1
}

/** Where the line ends, its break aside. */
export function lineEnd(bytes: Buffer): number {
  let end = bytes.length
  if (bytes[end - 1] === LINE_FEED) end--
  if (end < bytes.length && bytes[end - 1] === CARRIAGE_RETURN) end--
  return end
}

/** A field as it stands, and as it is between the quotes and escapes. */
export interface CopyField {
  readonly raw: Buffer
  readonly value: Buffer
  /** CSV: it stands in quotes, so that it is not NULL. */
  readonly isQuoted: boolean
}

/** The fields of a row; of binary format with `value` null for NULL. Throws ProtocolError for what no row is. */
export function fieldsOf(format: CopyFormat, row: Buffer): (CopyField | null)[] {
  switch (format.kind) {
    case 'binary':
      return binaryFields(row)
    case 'csv':
      return csvFields(format, row.subarray(0, lineEnd(row)))
    case 'text':
      return textFields(format, row.subarray(0, lineEnd(row)))
  }
}

function binaryFields(row: Buffer): (CopyField | null)[] {
  const fields: (CopyField | null)[] = []
  let at = 2
  for (let count = row.readInt16BE(0); count > 0; count--) {
    const length = row.readInt32BE(at)
    at += 4
    if (length === NULL_LENGTH) fields.push(null)
    else {
      const value = row.subarray(at, at + length)
      fields.push({ raw: value, value, isQuoted: false })
      at += length
    }
  }
  return fields
}

function textFields({ delimiter, nullText }: CopyFormat, line: Buffer): (CopyField | null)[] {
  if (unescapedIn(line, CARRIAGE_RETURN, 0) !== -1)
    throw new ProtocolError('the lines of COPY end in a way that is not read')
  const fields: (CopyField | null)[] = []
  for (let start = 0; ; ) {
    const at = unescapedIn(line, delimiter, start)
    const raw = line.subarray(start, at === -1 ? line.length : at)
    const isNull = raw.length === nullText.length && raw.equals(nullText)
    fields.push(isNull ? null : { raw, value: unescapeText(raw), isQuoted: false })
    if (at === -1) return fields
    start = at + 1
  }
}

/** Where `byte` stands from `start` on without a backslash that takes its meaning away; -1 where it does not. */
function unescapedIn(bytes: Buffer, byte: number, start: number): number {
  let at = bytes.indexOf(byte, start)
  while (at !== -1 && backslashesBefore(bytes, at) % 2 !== 0) at = bytes.indexOf(byte, at + 1)
  return at
}

const CONTROLS: Readonly<Record<number, number>> = {
  98: 0x08,
  102: 0x0c,
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
  118: 0x0b,
}

function unescapeText(raw: Buffer): Buffer {
  let escapeAt = raw.indexOf(BACKSLASH)
  if (escapeAt === -1) return raw
  const out = Buffer.allocUnsafe(raw.length)
  let length = 0
  let from = 0
  // A backslash at the end stands for itself.
  for (; escapeAt !== -1 && escapeAt + 1 < raw.length; escapeAt = raw.indexOf(BACKSLASH, from)) {
    length += raw.copy(out, length, from, escapeAt)
    const { byte, size } = escapedAt(raw, escapeAt + 1)
    out[length++] = byte
    from = escapeAt + 1 + size
  }
  length += raw.copy(out, length, from)
  return out.subarray(0, length)
}

/** The byte that stands at `at` behind a backslash, and how many bytes it takes there. */
function escapedAt(raw: Buffer, at: number): { byte: number; size: number } {
  const first = raw[at]
  if (first === BACKSLASH) return { byte: BACKSLASH, size: 1 }
  const rest = raw.toString('latin1', at, at + 3)
  const octal = /^[0-7]{1,3}/.exec(rest)?.[0]
  if (octal !== undefined) return { byte: Number.parseInt(octal, 8) & 0xff, size: octal.length }
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest)?.[1]
  if (hex !== undefined) return { byte: Number.parseInt(hex, 16), size: 1 + hex.length }
  return { byte: CONTROLS[first] ?? first, size: 1 }
}

function csvFields(format: CopyFormat, line: Buffer): (CopyField | null)[] {
  const { delimiter, quote, escapeMark, nullText } = format
  const fields: (CopyField | null)[] = []
  const value = Buffer.allocUnsafe(line.length)
  let start = 0
  let length = 0
  let isQuoted = false
  let inside = false
  for (let at = 0; ; at++) {
    const byte = line[at]
    if (at < line.length && inside) {
      const isEscape =
        byte === escapeMark && (line[at + 1] === quote || line[at + 1] === escapeMark)
      if (isEscape && at + 1 < line.length) value[length++] = line[++at]
      else if (byte === quote) inside = false
      else value[length++] = byte
    } else if (at < line.length && byte === quote) {
      inside = true
      isQuoted = true
    } else if (at < line.length && byte !== delimiter) value[length++] = byte
    else {
      const raw = line.subarray(start, Math.min(at, line.length))
      const isNull = !isQuoted && raw.equals(nullText)
      fields.push(isNull ? null : { raw, value: Buffer.from(value.subarray(0, length)), isQuoted })
      if (at >= line.length) return fields
      start = at + 1
      length = 0
      isQuoted = false
    }
  }
}
