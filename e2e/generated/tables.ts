/** The corpus's tables as the generator knows them: types, and how each column is protected, as the comments of the plain schema say. */
import { shapeFile } from '../shapes.ts'

/** How a column is protected. A `consistent` token is the same for the same value. */
export type Guard = 'none' | 'encrypted' | 'searchable' | 'masked' | 'token' | 'consistent'

export type Type =
  | 'text'
  | 'integer'
  | 'bigint'
  | 'bytea'
  | 'boolean'
  | 'numeric'
  | 'timestamp'
  | 'date'
  | 'uuid'
  | 'jsonb'
  | 'text[]'
  | 'char'

export interface Column {
  /** As SQL names it. */
  readonly name: string
  readonly type: Type
  readonly guard: Guard
  /** May hold NULL. */
  readonly nullable: boolean
  readonly hasDefault: boolean
  /** `table.column` of a protected one; of others the type. What is alike here is protected alike. */
  readonly home: string
  /** The value stands for an email address. */
  readonly isEmail: boolean
  /** Which part of a masked value stays in the clear. */
  readonly plainSide: 'left' | 'right' | null
}

export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  /** The primary key, never protected. */
  readonly key: readonly string[]
  readonly isProtected: boolean
}

/** The tables that statements are made for. */
export const tables: readonly Table[] = readTables(shapeFile('schema-postgres-plaintext.sql'))

/** The table of that name. */
export function tableOf(name: string): Table {
  const table = tables.find((candidate) => candidate.name === name)
  if (!table) throw new Error(`there is no table ${name}`)
  return table
}

/** A column of a table. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((one) => one.name === name)
  if (!column) throw new Error(`${table.name} has no column ${name}`)
  return column
}

function readTables(schema: string): Table[] {
  const parts = [...schema.matchAll(/^CREATE TABLE ("?\w+"?) \(\n(.*?)^\)/gms)]
  return parts.map(([, name = '', body = '']) => {
    const columns = body.split('\n').flatMap((line) => {
      const column = readColumn(name, line)
      return column ? [column] : []
    })
    const own = body.split('\n').find((line) => line.includes('PRIMARY KEY')) ?? ''
    const composite = /PRIMARY KEY \((.*?)\)/.exec(own)?.[1]
    const key = composite?.split(', ') ?? [/"?\w+"?/.exec(own)?.[0] ?? '']
    return { name, columns, key, isProtected: columns.some(({ guard }) => guard !== 'none') }
  })
}

function readColumn(table: string, line: string): Column | null {
  const match =
    /^\s+("?[A-Za-z_]+"?)\s+(text\[\]|char(?=\(3\))|[a-z]+)(?:\(\d+(?:,\d+)?\))?(.*?)(?:--\s*(.*))?$/.exec(
      line,
    )
  const [, name = '', type = '', options = '', comment = ''] = match ?? []
  if (!match || /^(?:PRIMARY|UNIQUE)$/.test(name)) return null
  const guard = guardOf(comment)
  return {
    name,
    type: type as Type,
    guard,
    nullable: !/NOT NULL|PRIMARY KEY/.test(options),
    hasDefault: /DEFAULT(?! AS)/.test(options),
    home: guard === 'none' ? type : `${table}.${name}`,
    isEmail: /email/i.test(name),
    plainSide: /left \d/.test(comment) ? 'left' : /right \d/.test(comment) ? 'right' : null,
  }
}

function guardOf(comment: string): Guard {
  if (comment.startsWith('searchable')) return 'searchable'
  if (comment.startsWith('masked')) return 'masked'
  if (comment.startsWith('encrypted')) return 'encrypted'
  if (comment.startsWith('token')) return comment.includes('consistent') ? 'consistent' : 'token'
  return 'none'
}
