/** The two small tables behind a simulated database. */
import { int32, rowDescription } from '../../../../wire/postgres/testing/index.ts'
import { Failure } from './failure.ts'
import { type Column, fieldOf, type Meaning, type Parameter } from './statements.ts'

const INT = 23
const BYTEA = 17
const TEXT = 25
const ROWS_MAX = 6
const NOTES_MAX = 3

export interface Row {
  readonly id: number
  email: Buffer | null
  note: string | null
}

/** How a database has the protected column: as ciphertext, or as the text that a client means. */
export type Protected = 'as bytea' | 'in the clear'

export class Tables {
  notes: readonly string[] = ['a first note']
  /** The rows that a cursor still has; null where none is open. */
  cursor: Row[] | null = null
  readonly #emailOid: number
  #users: Row[] = []

  constructor(protects: Protected) {
    this.#emailOid = protects === 'as bytea' ? BYTEA : TEXT
  }

  get users(): Row[] {
    return [...this.#users]
  }

  /** The type that a parameter is announced with. */
  oidOf({ oid, isProtected }: Parameter): number {
    return isProtected ? this.#emailOid : oid
  }

  /** The columns that a statement answers with; null where it has none. */
  columns({ effect }: Meaning): readonly Column[] | null {
    if (effect.kind === 'rows') return effect.columns
    return effect.kind === 'fetch' && this.cursor !== null ? ['id', 'email'] : null
  }

  /** The RowDescription of a statement; null where it has none. */
  fields(meaning: Meaning, formats: readonly number[]): Buffer | null {
    const columns = this.columns(meaning)
    if (columns === null) return null
    return rowDescription(
      ...columns.map((column, i) => fieldOf(column, this.#emailOid, formatAt(formats, i))),
    )
  }

  cell(row: Row, column: Column, format: number): string | Buffer | null {
    if (column === 'note') return row.note
    if (column === 'id') return format === 1 ? int32(row.id) : String(row.id)
    if (row.email === null || format === 1 || this.#emailOid === TEXT) return row.email
    return `\\x${row.email.toString('hex')}`
  }

  /** A parameter's value as it is stored. */
  parameter(value: Buffer | null, { oid, isProtected }: Parameter, format: number): Buffer | null {
    if (value === null) return null
    if (oid === INT) return format === 1 ? Buffer.from(String(value.readInt32BE(0))) : value
    return isProtected && format === 0 ? this.#typed(value) : value
  }

  insert(values: readonly (Buffer | null)[], literals: readonly string[]): void {
    const [id, email, note] =
      literals.length > 0
        ? [literals[0]!, this.#typed(Buffer.from(literals[1]!)), literals[2]!]
        : [values[0]?.toString() ?? '0', values[1] ?? null, values[2]?.toString() ?? null]
    this.#users = [...this.#users, { id: Number(id), email, note }].slice(-ROWS_MAX)
  }

  /** Updates the first row. */
  update({ parameters }: Meaning, values: readonly (Buffer | null)[]): void {
    const [row] = this.#users
    if (row === undefined) return
    if (parameters[0]!.isProtected) row.email = values[0] ?? null
    else row.note = values[0]?.toString() ?? null
  }

  delete(): void {
    this.#users = []
  }

  addNote(line: string): void {
    this.notes = [...this.notes, line].slice(-NOTES_MAX)
  }

  /** What a text means for the type of the protected column. */
  #typed(text: Buffer): Buffer {
    if (this.#emailOid === TEXT) return text
    if (!/^\\x[0-9a-f]*$/.test(text.toString('latin1'))) throw new Failure('22P02', 'invalid bytea')
    return Buffer.from(text.toString('latin1', 2), 'hex')
  }
}

/** The format of a value by the rule of none, one or each. */
export function formatAt(formats: readonly number[], index: number): number {
  return formats.length < 2 ? (formats[0] ?? 0) : (formats[index] ?? 0)
}
