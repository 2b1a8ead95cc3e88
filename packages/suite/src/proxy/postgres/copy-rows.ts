import { type BufferSink, type Soon, soon } from '../../foundation/index.ts'
import type { CopyAnalysis } from '../../sql/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import {
  BINARY_FORMAT,
  CopyCutter,
  type CopyField,
  type CopyFormat,
  type CopyRecord,
  CopyRowWriter,
  type Format,
  fieldsOf,
  TEXT_FORMAT,
} from '../../wire/postgres/index.ts'
import type { ColumnTable, PlannedColumn } from '../columns.ts'
import { revealCell } from './cells.ts'
import type { ClientAccess } from './client-access.ts'
import { RefusedError, refusals } from './refusal.ts'
import { givenValue, protectValue } from './stored-values.ts'
import { parameterInPlace } from './values.ts'

/**
 * The rows of one COPY on their way, whatever messages they come in: those to the database with the values of protected columns protected, those
 * to the client with them revealed. No more than one row is held. Throws RefusedError where a row cannot be carried.
 */
export class CopyRows {
  readonly #copy: CopyAnalysis
  readonly #format: CopyFormat
  readonly #columns: readonly (PlannedColumn | null)[]
  readonly #access: ClientAccess
  readonly #cutter: CopyCutter
  readonly #writer: CopyRowWriter
  readonly #cellFormat: Format

  constructor(copy: CopyAnalysis, columns: ColumnTable, access: ClientAccess, rowSizeMax: number) {
    this.#copy = copy
    this.#access = access
    this.#columns = copy.columns.map((item) =>
      typeof item === 'object' ? columns.planned(item) : null,
    )
    this.#format = {
      kind: copy.kind,
      delimiter: copy.delimiter.charCodeAt(0),
      quote: copy.quote.charCodeAt(0),
      escapeMark: copy.escape.charCodeAt(0),
      nullText: Buffer.from(copy.nullText),
      hasHeader: copy.hasHeader,
    }
    this.#cutter = new CopyCutter(this.#format, rowSizeMax)
    this.#writer = new CopyRowWriter(this.#format)
    this.#cellFormat = copy.kind === 'binary' ? BINARY_FORMAT : TEXT_FORMAT
  }

  /** Appends the rows that `data` completes. */
  push(data: Buffer, out: BufferSink): Soon<void> {
    return this.#records(
      reading(() => this.#cutter.push(data)),
      0,
      out,
    )
  }

  /** Appends what is left at the end of the data. */
  finish(out: BufferSink): Soon<void> {
    return this.#records(
      reading(() => this.#cutter.finish()),
      0,
      out,
    )
  }

  #records(records: readonly CopyRecord[], from: number, out: BufferSink): Soon<void> {
    for (let index = from; index < records.length; index++) {
      const { kind, bytes } = records[index]
      if (kind === 'other') {
        out.append(bytes)
        continue
      }
      const written = this.#row(bytes, out)
      if (written instanceof Promise)
        return written.then(() => this.#records(records, index + 1, out))
    }
  }

  #row(row: Buffer, out: BufferSink): Soon<void> {
    const fields = reading(() => fieldsOf(this.#format, row))
    if (fields.length !== this.#columns.length) throw new RefusedError(refusals.copyFields)
    this.#writer.begin(row, out)
    return soon(this.#fields(fields, 0, out), () => this.#writer.end())
  }

  #fields(fields: readonly (CopyField | null)[], from: number, out: BufferSink): Soon<void> {
    for (let index = from; index < fields.length; index++) {
      const column = this.#columns[index]
      const field = fields[index] ?? this.#emptyText(index)
      if (column === null || field === null) {
        this.#writer.keep(fields[index]?.raw ?? null)
        continue
      }
      this.#writer.beginField()
      const done =
        this.#copy.direction === 'in'
          ? this.#protect(field.value, column, out)
          : this.#reveal(field, index, column, out)
      if (done instanceof Promise) return done.then(() => this.#fields(fields, index + 1, out))
    }
  }

  /** The text of NULL in a column of FORCE_NOT_NULL. */
  #emptyText(index: number): CopyField | null {
    const { direction, kind, notNullColumns } = this.#copy
    const setting = this.#columns[index]?.setting
    if (direction === 'out' || kind !== 'csv' || setting === undefined) return null
    const isText = notNullColumns === null || notNullColumns.includes(setting.column)
    const { nullText } = this.#format
    return isText ? { raw: nullText, value: nullText, isQuoted: false } : null
  }

  #protect(value: Buffer, planned: PlannedColumn, out: BufferSink): Soon<void> {
    const { setting } = planned
    const format = this.#cellFormat
    const given = givenValue(planned, value, format, 0, this.#access)
    const mark = out.length
    return soon(protectValue(given, planned, this.#access, out), () => {
      parameterInPlace(setting, format, out, mark)
      // In quotes: what is empty is not NULL.
      this.#writer.endField(true)
    })
  }

  #reveal(
    { value, raw }: CopyField,
    index: number,
    { setting, column }: PlannedColumn,
    out: BufferSink,
  ): Soon<void> {
    const format = this.#cellFormat
    const done = revealCell(value, 0, value.length, format, setting, column, this.#access, out)
    return soon(done, (isRevealed) =>
      isRevealed ? this.#writer.endField(this.#isForced(index)) : this.#writer.keepField(raw),
    )
  }

  #isForced(index: number): boolean {
    const { quotedColumns } = this.#copy
    const name = this.#columns[index]?.setting.column ?? ''
    return quotedColumns === null || quotedColumns.includes(name)
  }
}

/** Data that is none of its format is refused like any other statement. */
function reading<R>(read: () => R): R {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtocolError) throw new RefusedError(refusals.copyRow, { cause: error })
    throw error
  }
}
