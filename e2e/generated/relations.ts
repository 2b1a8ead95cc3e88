/** What stands in a FROM list: tables, subqueries, CTEs, with the columns that they show. */
import type { Column, Table } from './tables.ts'

export interface Relation {
  /** What its columns are named by. */
  readonly alias: string
  readonly columns: readonly Column[]
  /** Columns that tell its rows apart; empty where none do. */
  readonly key: readonly string[]
  /** A column of that name is shown by others too. */
  readonly mustBeNamed: boolean
  readonly table: Table | null
}

export function refer({ alias }: Relation, { name }: { readonly name: string }): string {
  return `${alias}.${name}`
}

/** A table under a name of its own. */
export function relationOf(table: Table, alias = table.name): Relation {
  return { alias, columns: table.columns, key: table.key, mustBeNamed: false, table }
}

/** The result of a query as a relation. */
export function derived(alias: string, columns: readonly Column[]): Relation {
  return { alias, columns, key: [], mustBeNamed: false, table: null }
}

/** A column of an answer that is not protected. */
export function plainColumn(name: string, type: Column['type']): Column {
  return {
    name,
    type,
    guard: 'none',
    nullable: true,
    hasDefault: false,
    home: type,
    isEmail: false,
    plainSide: null,
  }
}

/** A query and what it answers. */
export interface Query {
  readonly sql: string
  readonly columns: readonly Column[]
}

/** A statement that changes a table. */
export interface Change {
  readonly sql: string
  readonly table: Table
}
