import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import type { CopyAnalysis } from '../../sql/index.ts'
import { TransformError } from '../../transform/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import {
  BINARY_FORMAT,
  CopyCutter,
  type CopyField,
  type CopyFormat,
  type CopyRecord,
  fieldsOf,
  joinFields,
  TEXT_FORMAT,
  writeField,
} from '../../wire/postgres/index.ts'
import type { ColumnTable, PlannedColumn } from '../columns.ts'
import { revealCell } from './cells.ts'
import type { ClientAccess } from './client-access.ts'
import { RefusedError, refusals, unprotectable } from './refusal.ts'
import { ofType, plainOfBinary, plainOfText, writeParameter } from './values.ts'

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
    const written = fields.map((field) => field?.raw ?? null)
    return soon(this.#fields(fields, 0, written), () =>
      out.append(joinFields(this.#format, row, written)),
    )
  }

  #fields(
    fields: readonly (CopyField | null)[],
    from: number,
    written: (Buffer | null)[],
  ): Soon<void> {
    for (let index = from; index < fields.length; index++) {
      const column = this.#columns[index]
      if (column === null) continue
      const field = fields[index] ?? this.#emptyText(index)
      if (field === null) continue
      const done = soon(this.#field(field, index, column), (bytes) => {
        written[index] = bytes
      })
      if (done instanceof Promise) return done.then(() => this.#fields(fields, index + 1, written))
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

  #field(field: CopyField, index: number, column: PlannedColumn): Soon<Buffer> {
    return this.#copy.direction === 'in'
      ? this.#protected(field.value, column)
      : this.#revealed(field, index, column)
  }

  #protected(value: Buffer, { setting, column }: PlannedColumn): Soon<Buffer> {
    const isBinary = this.#format.kind === 'binary'
    const format = isBinary ? BINARY_FORMAT : TEXT_FORMAT
    const { encoding } = this.#access
    const plain = ofType(setting, () =>
      isBinary ? plainOfBinary(setting, value, 0, encoding) : plainOfText(setting, value, encoding),
    )
    const stored = new BufferSink(plain.length + 256)
    const failed = (error: unknown): never => {
      if (!(error instanceof TransformError)) throw error
      throw new RefusedError(unprotectable(setting, error.message), { cause: error })
    }
    const write = () => {
      const cell = new BufferSink(2 * stored.length + 2)
      writeParameter(setting, stored.bytes.subarray(0, stored.length), format, cell)
      // In quotes: what is empty is not NULL.
      return writeField(this.#format, cell.take(), true)
    }
    try {
      const done = column.protect(plain, this.#access, stored)
      return done instanceof Promise ? done.then(write, failed) : write()
    } catch (error) {
      return failed(error)
    }
  }

  #revealed(field: CopyField, index: number, { setting, column }: PlannedColumn): Soon<Buffer> {
    const format = this.#format.kind === 'binary' ? BINARY_FORMAT : TEXT_FORMAT
    const { value } = field
    const out = new BufferSink(value.length)
    const done = revealCell(value, 0, value.length, format, setting, column, this.#access, out)
    return soon(done, (isRevealed) =>
      isRevealed ? writeField(this.#format, out.take(), this.#isForced(index)) : field.raw,
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
