import { BufferSink, explained, type Soon } from '../../foundation/index.ts'
import { type Access, type Column, type ColumnSetting, ZonedKeys } from '../../transform/index.ts'
import type { Outlet } from '../../wire/index.ts'
import { HEADER_SIZE, MessageReader, openDataRow, ValueReader } from '../../wire/postgres/index.ts'
import type { ColumnTable } from '../columns.ts'
import type { Answer } from './answer.ts'
import { readsEveryCell, revealCell } from './cells.ts'
import { ENVELOPE_SIZE_MIN, mayHoldEnvelope } from './envelope-tags.ts'

const ALL_TEXT: readonly number[] = []
/** A column in which nothing is opened. */
const asItIs: Pick<Column, 'reveal'> = { reveal: () => false }
/** Name aside: table OID, column number, type OID, type size, type modifier; then the format. */
const FIELD_BEFORE_FORMAT = 16

/** A row on its way. */
interface Row {
  readonly bytes: Buffer
  readonly end: number
  readonly answer: Answer
  /** Envelopes are opened; else they are only looked at. */
  readonly opens: boolean
  /** Where the row begins in the sink. */
  readonly mark: number
  /** Everything of the row before this index of `bytes` is in the sink. */
  copied: number
  /** Where the length of the current value stands in the sink. */
  lengthAt: number
  changed: boolean
}

/** The format codes of a RowDescription; empty where all are text. */
export function readFormats(bytes: Buffer, start: number, end: number): readonly number[] {
  const reader = new MessageReader(bytes, start + HEADER_SIZE, end)
  const formats: number[] = []
  for (let left = reader.count(1); left > 0; left--) {
    reader.skipString()
    reader.skip(FIELD_BEFORE_FORMAT)
    formats.push(reader.int16())
  }
  return formats.includes(1) ? formats : ALL_TEXT
}

/** Room for the rows of a chunk, in bytes, from which on it grows: a row or two fit in, and Node has as much at hand. */
const ROWS_ROOM = 2048

/**
 * Reveals the cells of rows. A chunk in which no tag of an envelope occurs passes as it came, rows uncut; the revealed rows of
 * a chunk are gathered in one buffer.
 */
export class RowRevealer {
  /** The way to the client for whatever stands between rows: keeps the order with rows that are gathered. */
  readonly outlet: Outlet
  readonly #columns: ColumnTable
  readonly #access: Access
  /** Null but in zone mode, in which every cell may name a zone. */
  readonly #zones: ZonedKeys | null
  readonly #values = new ValueReader()
  readonly #sink = new BufferSink(ROWS_ROOM)
  #chunk: Buffer | null = null
  #chunkMayHold = false

  constructor(columns: ColumnTable, access: Access, toClient: Outlet) {
    this.#columns = columns
    this.#access = access
    this.#zones = access.keys instanceof ZonedKeys ? access.keys : null
    this.outlet = {
      pass: (chunk, start, end) => {
        this.#send(toClient)
        toClient.pass(chunk, start, end)
      },
      put: (bytes) => {
        this.#send(toClient)
        toClient.put(bytes)
      },
      flush: () => {
        this.#send(toClient)
        toClient.flush()
        this.#chunk = null
      },
    }
  }

  /** Looks for tags in a chunk as a whole, before it is cut. */
  enterChunk(chunk: Buffer): void {
    this.#chunk = chunk
    this.#chunkMayHold = mayHoldEnvelope(chunk, 0, chunk.length)
  }

  /**
   * True where at least one cell was changed: the new row is gathered, to be sent in the old one's place. Where `opens` is false nothing is
   * opened, and cells are looked at for poison records only. Throws RefusedError where a cell is answered by an error.
   */
  reveal(bytes: Buffer, start: number, end: number, answer: Answer, opens = true): Soon<boolean> {
    const mayHold = bytes === this.#chunk ? this.#chunkMayHold : mayHoldEnvelope(bytes, start, end)
    if (!mayHold && this.#zones === null && !answer.readsEveryCell(this.#columns)) return false
    openDataRow(bytes, start, end, this.#values)
    const mark = this.#sink.length
    const row = { bytes, end, answer, opens, mark, copied: start, lengthAt: 0, changed: false }
    return explained(
      () => this.#cells(row),
      (error) => {
        this.#sink.truncate(mark)
        return error
      },
    )
  }

  /** Gathers what `write` appends, in its turn among the rows; takes it back where that fails. */
  gather(write: (sink: BufferSink) => Soon<void>): Soon<void> {
    const sink = this.#sink
    const mark = sink.length
    return explained(
      () => write(sink),
      (error) => {
        sink.truncate(mark)
        return error
      },
    )
  }

  /** Goes on with the row's cells: at once as long as the keys are at hand. */
  #cells(row: Row): Soon<boolean> {
    const values = this.#values
    while (values.next()) {
      if (values.isNull) continue
      const setting = row.answer.settings(values.count, this.#columns)[values.index]
      if (values.end - values.start < ENVELOPE_SIZE_MIN && !readsEveryCell(setting)) {
        const looked = this.#zones?.look(row.bytes, values.start, values.end)
        if (looked instanceof Promise) return looked.then(() => this.#cells(row))
        continue
      }
      this.#copy(row, values.start)
      const revealed = this.#cell(row, setting)
      if (typeof revealed !== 'boolean') {
        return revealed.then((late) => {
          this.#afterCell(row, late)
          return this.#cells(row)
        })
      }
      this.#afterCell(row, revealed)
    }
    return this.#finish(row)
  }

  #cell({ bytes, answer, opens }: Row, setting: ColumnSetting | null): Soon<boolean> {
    const { index, start, end } = this.#values
    const column = opens ? this.#column(setting) : asItIs
    const format = answer.format(index, bytes, start, end)
    return revealCell(bytes, start, end, format, setting, column, this.#access, this.#sink)
  }

  #column(setting: ColumnSetting | null): Pick<Column, 'reveal'> {
    return setting === null ? this.#columns.any : this.#columns.planned(setting).column
  }

  /** Gathers everything of the row before `to`: the length of the value that begins there is the last of it. */
  #copy(row: Row, to: number): void {
    this.#sink.append(row.bytes, row.copied, to)
    row.copied = to
    row.lengthAt = this.#sink.length - 4
  }

  #afterCell(row: Row, revealed: boolean): void {
    if (!revealed) return
    this.#sink.bytes.writeInt32BE(this.#sink.length - row.lengthAt - 4, row.lengthAt)
    row.copied = this.#values.end
    row.changed = true
  }

  #finish(row: Row): boolean {
    if (!row.changed) {
      this.#sink.truncate(row.mark)
      return false
    }
    this.#sink.append(row.bytes, row.copied, row.end)
    this.#sink.bytes.writeInt32BE(this.#sink.length - row.mark - 1, row.mark + 1)
    return true
  }

  #send(toClient: Outlet): void {
    if (this.#sink.length > 0) toClient.put(this.#sink.take())
  }
}
