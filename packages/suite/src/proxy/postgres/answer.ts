import type { CopyAnalysis, ResultItem } from '../../sql/index.ts'
import { BINARY_FORMAT, type Format, TEXT_FORMAT } from '../../wire/postgres/index.ts'
import type { ColumnTable, Layout } from '../columns.ts'
import { readsEveryCell } from './cells.ts'

const TEXT_ONLY: readonly number[] = []
const NOTHING_KNOWN: Layout = []

/** How the rows of one statement or portal are read: which protected column each cell is, and in which format it stands. */
export class Answer {
  readonly results: readonly ResultItem[] | null
  /** What its rows are where they are those of a COPY with protected columns. */
  readonly copy: CopyAnalysis | null
  /** Its rows tell of a plan: nothing in them is revealed. */
  readonly isPlan: boolean
  /** The name of a prepared statement that is given up with it, as the messages of the protocol have it; null: none. */
  readonly deallocates: string | null
  /** True where at least one column of the answer is known to be protected. */
  readonly protects: boolean
  /** Format codes as Bind and RowDescription give them: none = all text, one = all alike, else one per column; null where they are not known. */
  formats: readonly number[] | null
  #settings: Layout = NOTHING_KNOWN
  #readsEveryCell: boolean | undefined

  constructor(
    results: readonly ResultItem[] | null,
    formats: readonly number[] | null = TEXT_ONLY,
    copy: CopyAnalysis | null = null,
    isPlan = false,
    deallocates: string | null = null,
  ) {
    this.results = results
    this.copy = copy
    this.isPlan = isPlan
    this.deallocates = deallocates
    this.protects = results?.some((item) => typeof item === 'object') === true
    this.formats = formats
  }

  /** The settings of an answer that turned out to have `count` columns; null for each that is not known to be protected. */
  settings(count: number, columns: ColumnTable): Layout {
    if (this.#settings.length !== count) {
      this.#settings =
        this.results === null
          ? Array.from({ length: count }, () => null)
          : columns.layout(this.results, count)
    }
    return this.#settings
  }

  /** True where a column is among them of which each cell has to be looked at. */
  readsEveryCell(columns: ColumnTable): boolean {
    if (!this.protects) return false
    this.#readsEveryCell ??= this.results?.some((item) => readsEveryCell(columns.setting(item)))
    return this.#readsEveryCell === true
  }

  /** The format of the cell `bytes[start, end)` at `index`. */
  format(index: number, bytes: Buffer, start: number, end: number): Format {
    const formats = this.formats
    if (formats === null) return formatOfCell(bytes, start, end)
    if (formats.length === 0) return TEXT_FORMAT
    return (formats.length === 1 ? formats[0] : formats[index]) === 1 ? BINARY_FORMAT : TEXT_FORMAT
  }
}

/**
 * What nobody has told, from the cell itself: no text of PostgreSQL holds a zero byte, and every envelope holds some in its lengths. So a cell that
 * may hold an envelope and has a zero byte is in binary format, and one that has none is text.
 */
function formatOfCell(bytes: Buffer, start: number, end: number): Format {
  return bytes.subarray(start, end).includes(0) ? BINARY_FORMAT : TEXT_FORMAT
}
