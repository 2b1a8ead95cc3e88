/** What a statement is written with: its choices, its parameters, and a list of the productions that went into it. */
import type { Parameter, Protocol } from '../shapes.ts'
import type { Choices } from './choices.ts'
import { type Relation, refer } from './relations.ts'
import { spellings } from './spellings.ts'
import type { Column } from './tables.ts'
import { numbered, seededRows, type Value, valueCount } from './values.ts'

const oids: Readonly<Record<Column['type'], number>> = {
  text: 25,
  integer: 23,
  bigint: 20,
  bytea: 17,
  boolean: 16,
  numeric: 1700,
  timestamp: 1114,
  date: 1082,
  uuid: 2950,
  jsonb: 3802,
  'text[]': 1009,
  char: 1042,
}

/** Types whose binary form is written here. */
const binaryTypes: ReadonlySet<string> = new Set(['text', 'integer', 'bigint', 'bytea', 'boolean'])

/** What a query is wanted for. */
export interface Wish {
  /** The one column that is wanted: of that name and type, and not protected. */
  readonly only?: Column
  /** A number of the query around it, to be compared with. */
  readonly outer?: { readonly sql: string }
  /** Queries in front of it, by their names. */
  readonly common?: readonly Relation[]
}

export class Draft {
  readonly choices: Choices
  readonly protocol: Protocol
  /** A number that no other statement of the session has. */
  readonly serial: number
  readonly parameters: Parameter[] = []
  /** Productions of which statements are expected to work. */
  readonly productions: string[] = []
  /** Productions that may be refused. */
  readonly daring: string[] = []
  /** Values of protected columns that stand in the statement. */
  readonly canaries: string[] = []
  /** Touches a protected column. */
  isProtected = false
  /** Moves plain values into a protected column within the database, where acra-server cannot protect them. */
  mustBeRefused = false
  #names = 0
  #allowsParameters: boolean

  readonly #query: (draft: Draft, wish: Wish) => string

  /** `query` writes the queries in expressions. */
  constructor(
    choices: Choices,
    protocol: Protocol,
    serial: number,
    query: (draft: Draft, wish: Wish) => string,
  ) {
    this.#query = query
    this.serial = serial
    this.choices = choices
    this.protocol = protocol
    this.#allowsParameters = protocol !== 'simple'
  }

  use(production: string): void {
    this.productions.push(production)
  }

  dare(production: string): void {
    this.daring.push(production)
  }

  /** Writes something; where that turns out to be impossible (null), nothing of the attempt is left. */
  attempt<T>(write: () => T | null): T | null {
    const logs = [this.parameters, this.productions, this.daring, this.canaries]
    const lengths = logs.map(({ length }) => length)
    const written = write()
    if (written === null) {
      for (const [i, log] of logs.entries()) log.length = lengths[i] ?? 0
    }
    return written
  }

  /** A simple query. */
  subquery(wish: Wish): string {
    return this.#query(this, wish)
  }

  /** A name that is new in this statement. */
  name(prefix: string): string {
    this.#names++
    return `${prefix}${this.#names}`
  }

  /** Writes with literals only, where a statement cannot have parameters. */
  withoutParameters<T>(write: () => T): T {
    const before = this.#allowsParameters
    this.#allowsParameters = false
    try {
      return write()
    } finally {
      this.#allowsParameters = before
    }
  }

  /** A value for a column to be written: of a seeded row, or another. */
  anyValue(column: Column): string {
    return this.spell(column, this.choices.chance(40) ? this.#existing() : this.#other())
  }

  /** A value for a column that is unique: seldom one that is there. */
  freshValue(column: Column): string {
    return this.spell(column, this.choices.chance(5) ? this.#existing() : this.#other())
  }

  /** A value to look for: mostly one that is there. */
  soughtValue(column: Column): string {
    return this.spell(column, this.choices.chance(25) ? this.#other() : this.#existing())
  }

  /** The text of a value to look for, which the caller writes himself. */
  soughtText(column: Column): string {
    const value = numbered(column, this.choices.chance(25) ? this.#other() : this.#existing())
    this.#keep(column, value)
    return value.text
  }

  /** A literal or a parameter. */
  spell(column: Column, number: number): string {
    const value = numbered(column, number)
    this.#keep(column, value)
    if (this.#allowsParameters && this.choices.chance(60)) return this.#parameter(column, value)
    const { name, write, isDaring } = this.choices.weigh(spellings(column.type, value))
    if (isDaring && column.guard !== 'none') this.dare(`literal ${column.type} ${name}`)
    else this.use(`literal ${column.type} ${name}`)
    return write(value)
  }

  /** `$n` for that parameter. */
  parameter(parameter: Parameter): string {
    this.parameters.push(parameter)
    return `$${this.parameters.length}`
  }

  get allowsParameters(): boolean {
    return this.#allowsParameters
  }

  /** A column of one of the relations, as `wanted` says; null where there is none. */
  column(
    relations: readonly Relation[],
    wanted: (column: Column) => boolean,
  ): { readonly sql: string; readonly column: Column } | null {
    const found = relations.flatMap((relation) =>
      relation.columns.filter(wanted).map((column) => ({ relation, column })),
    )
    if (found.length === 0) return null
    const { relation, column } = this.choices.pick(found)
    if (column.guard !== 'none') this.isProtected = true
    const isAlone = relations.length === 1 && !relation.mustBeNamed
    const sql = isAlone && !this.choices.chance(30) ? column.name : refer(relation, column)
    return { sql, column }
  }

  #existing(): number {
    return 1 + this.choices.below(seededRows)
  }

  #other(): number {
    return 10 + this.choices.below(valueCount - 10)
  }

  #keep(column: Column, { text, bytes }: Value): void {
    if (column.guard === 'none') return
    this.isProtected = true
    this.canaries.push(bytes ? bytes.toString('hex') : text)
  }

  #parameter(column: Column, { text, bytes }: Value): string {
    const oid = oids[column.type]
    const kind = this.choices.below(binaryTypes.has(column.type) ? 3 : 2)
    this.use(`parameter ${column.type} ${['untyped', 'typed text', 'typed binary'][kind]}`)
    if (kind === 0) return this.parameter(text)
    if (kind === 1) return this.parameter({ oid, value: text, format: 'text' })
    if (bytes) return this.parameter({ oid, hex: bytes.toString('hex') })
    return this.parameter({ oid, value: column.type === 'boolean' ? text === 't' : text })
  }
}
