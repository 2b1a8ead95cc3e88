/** Writing the rows of COPY anew (manual, "COPY", File Formats): the mirror image of `fieldsOf`. */
import { BufferSink } from '../../foundation/index.ts'
import { type CopyFormat, isEndMark, lineEnd, NULL_LENGTH } from './copy.ts'

const NOTHING: Buffer = Buffer.alloc(0)
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BACKSLASH = 0x5c

/** What stands behind a backslash for the control characters that have a letter, by their bytes. */
const LETTERS: Readonly<Record<number, number>> = {
  8: 0x62,
  9: 0x74,
  10: 0x6e,
  11: 0x76,
  12: 0x66,
  13: 0x72,
}

/**
 * Appends rows, field by field: `begin`, then for each field `keep`, or `beginField`, its value, and `endField`; then `end`. Values are
 * escaped where they stand.
 */
export class CopyRowWriter {
  readonly #format: CopyFormat
  /** What stands behind the escape mark in the place of a byte; 0 for a byte that stands for itself. */
  readonly #escapes = new Uint8Array(256)
  readonly #escapeMark: number
  #row: Buffer = NOTHING
  #out = new BufferSink()
  #index = 0
  #valueAt = 0

  constructor(format: CopyFormat) {
    this.#format = format
    const { kind, delimiter, quote, escapeMark } = format
    this.#escapeMark = kind === 'csv' ? escapeMark : BACKSLASH
    if (kind === 'text') {
      for (const [byte, letter] of Object.entries(LETTERS)) this.#escapes[Number(byte)] = letter
    }
    for (const byte of kind === 'csv' ? [quote, escapeMark] : [BACKSLASH, delimiter]) {
      this.#escapes[byte] ||= byte
    }
  }

  /** Begins what takes the place of `row`. */
  begin(row: Buffer, out: BufferSink): void {
    this.#row = row
    this.#out = out
    this.#index = 0
    if (this.#format.kind === 'binary') out.append(row, 0, 2)
  }

  /** Appends a field as it came; null for NULL. */
  keep(raw: Buffer | null): void {
    this.beginField()
    this.keepField(raw)
  }

  beginField(): void {
    const out = this.#out
    if (this.#format.kind === 'binary') out.reserve(4)
    else if (this.#index > 0) {
      const at = out.reserve(1)
      out.bytes[at] = this.#format.delimiter
    }
    this.#index++
    this.#valueAt = out.length
  }

  /** Ends the field that was begun as what came; null for NULL. */
  keepField(raw: Buffer | null): void {
    const isBinary = this.#format.kind === 'binary'
    if (raw !== null) this.#out.append(raw)
    else if (!isBinary) this.#out.append(this.#format.nullText)
    if (isBinary) this.#writeLength(raw === null ? NULL_LENGTH : raw.length)
  }

  /** Ends the field that was begun; what was appended since is its value. */
  endField(isQuoted: boolean): void {
    switch (this.#format.kind) {
      case 'binary':
        this.#writeLength(this.#out.length - this.#valueAt)
        break
      case 'csv':
        this.#csvInPlace(isQuoted)
        break
      case 'text':
        this.#escapeInPlace()
        break
    }
  }

  end(): void {
    if (this.#format.kind !== 'binary') this.#out.append(this.#row, lineEnd(this.#row))
  }

  #writeLength(length: number): void {
    this.#out.bytes.writeInt32BE(length, this.#valueAt - 4)
  }

  /** From the end: each byte moves by as much as the escapes before it need. */
  #escapeInPlace(): void {
    const out = this.#out
    const escapes = this.#escapes
    const end = out.length
    let count = 0
    for (let at = this.#valueAt; at < end; at++) if (escapes[out.bytes[at]] !== 0) count++
    if (count === 0) return
    out.reserve(count)
    const { bytes } = out
    let left = count
    for (let from = end - 1; left > 0; from--) {
      const byte = bytes[from]
      const escaped = escapes[byte]
      bytes[from + left] = escaped === 0 ? byte : escaped
      if (escaped !== 0) bytes[from + --left] = this.#escapeMark
    }
  }

  /** In quotes where PostgreSQL writes quotes. */
  #csvInPlace(isQuoted: boolean): void {
    const out = this.#out
    const at = this.#valueAt
    const { delimiter, quote, nullText } = this.#format
    const value = out.bytes.subarray(at, out.length)
    const special = [delimiter, quote, LINE_FEED, CARRIAGE_RETURN]
    const needsQuotes =
      isQuoted ||
      value.equals(nullText) ||
      special.some((byte) => value.includes(byte)) ||
      isEndMark(value)
    if (!needsQuotes) return
    this.#escapeInPlace()
    const end = out.length
    out.reserve(2)
    out.bytes.copyWithin(at + 1, at, end)
    out.bytes[at] = quote
    out.bytes[end + 1] = quote
  }
}
