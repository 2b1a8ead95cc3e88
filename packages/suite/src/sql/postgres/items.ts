/** What is known of values and of the columns of queries. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Span } from './source-text.ts'
import type { Node, TypeName } from './tree.ts'

/** A value of an expression. */
export interface Item {
  /** The protected column that it is, as it is stored; null for everything else. */
  readonly column: ProtectedColumn | null
  /** A column of a relation that the configuration does not name, which may be a protected one seen through a view. */
  readonly suspect: Suspect | null
  /** True where a literal or a parameter of the statement went into it. */
  readonly sent: boolean
  /** The relation that it is a whole row of. */
  readonly row: Relation | null
  /** What a protected column is of: the same for all references to it within one relation, and for no others. */
  readonly of?: object
  /** It may be a cell of another column too, which is read alike and stored otherwise: it is not compared, grouped by or copied. */
  readonly isMixed?: boolean
  /** The relation outside the configuration that it is a column of, by whatever name: it may be a row of a protected table. */
  readonly unlisted?: string
  /** The constant NULL: the one value that is the same protected or not. */
  readonly isNull?: boolean
  /** The values of the statement that it is; absent where something was done with them, or they are none. */
  readonly givens?: readonly Given[]
}

/** What a column of a query is given in the text: one value for each row of VALUES, or the elements of an array. */
export interface GivenSource {
  readonly kind: 'values' | 'array'
  readonly nodes: readonly Node[]
  /** Where it is referred to. */
  readonly references: Set<object>
  /** References that do no more than pass it on, to a column of another query. */
  readonly passed: Set<object>
  /** Something is done with it that nobody follows. */
  isUsed: boolean
}

/** A source, and the casts that its values go through on their way. */
export interface Given {
  readonly source: GivenSource
  readonly casts: readonly {
    readonly casts: readonly TypeName[]
    readonly castSpans: readonly Span[]
  }[]
}

/** What both are given: each source once, with the casts that its values go through on any way. */
export function joinedGivens(one: readonly Given[], other: readonly Given[]): readonly Given[] {
  if (one === other || other.length === 0) return one
  const joined = new Map(one.map((given) => [given.source, given]))
  for (const given of other) {
    const known = joined.get(given.source)
    joined.set(given.source, known === undefined ? given : joinedCasts(known, given))
  }
  return [...joined.values()]
}

function joinedCasts(one: Given, { casts }: Given): Given {
  const all = new Set([...one.casts, ...casts])
  return all.size === one.casts.length ? one : { source: one.source, casts: [...all] }
}

export interface Suspect {
  /** Null: a row of which it is not known where it comes from. */
  readonly relation: string | null
  readonly name: string
  /** A protected column of the same name; null where a whole relation has been renamed. */
  readonly like: ProtectedColumn | null
}

/** What a message may call the relation of a suspect; null where there is no suspect. */
export function nameOfSuspect(suspect: Suspect | null): string | null {
  return suspect === null ? null : (suspect.relation ?? suspect.name)
}

export const PLAIN: Item = { column: null, suspect: null, sent: false, row: null }
export const SENT: Item = { ...PLAIN, sent: true }
export const NULL: Item = { ...PLAIN, isNull: true }

export function suspectItem(suspect: Suspect): Item {
  return { ...PLAIN, suspect }
}

export function protectedItem(column: ProtectedColumn): Item {
  return { ...PLAIN, column, of: {} }
}

/** One column of a query or relation, or a number of columns that is not known. */
export type Part = Column | Rest

export interface Column {
  readonly kind: 'column'
  /** Null where it is not worked out: it may be any. */
  readonly name: string | null
  readonly item: Item
}

export interface Rest {
  readonly kind: 'rest'
  /** Columns that are known to be among them, at unknown places. */
  readonly known: ReadonlyMap<string, ProtectedColumn>
  /** The relation, where the configuration does not name it: columns of protected names are suspect. */
  readonly unlisted: string | null
  /** True where literals or parameters went into it: a function of them. */
  readonly sent: boolean
}

export function column(name: string | null, item: Item): Column {
  return { kind: 'column', name, item }
}

export function rest(from: Partial<Rest>): Rest {
  return { kind: 'rest', known: NOTHING, unlisted: null, sent: false, ...from }
}

const NOTHING: ReadonlyMap<string, ProtectedColumn> = new Map()

/** What stands in FROM under a name. */
export interface Relation {
  /** The alias, or the name of the table; null for a derived table without one. */
  readonly name: string | null
  /** Where a table stands without an alias, a reference may name its schema too. */
  readonly schema: string | null
  readonly parts: readonly Part[]
  /** True for tables: they have `ctid`, `tableoid` and their like. */
  readonly isTable: boolean
}

/** The first protected column among parts, also where its place is unknown; null where there is none. */
export function protectedIn(parts: readonly Part[]): ProtectedColumn | null {
  for (const part of parts) {
    if (part.kind === 'column') {
      if (part.item.column !== null) return part.item.column
    } else {
      for (const known of part.known.values()) return known
    }
  }
  return null
}

/** The first protected column among parts whose stored values are not compared as the plain ones are; null where there is none. */
export function incomparableIn(parts: readonly Part[]): ProtectedColumn | null {
  for (const part of parts) {
    const columns = part.kind === 'column' ? [part.item.column] : [...part.known.values()]
    for (const column of columns) if (column !== null && column.equality !== 'whole') return column
  }
  return null
}

/** Something is done with these columns that nobody follows: nothing is given in them any more. */
export function usedUp(parts: readonly Part[]): Part[] {
  return parts.map((part) => (part.kind === 'rest' ? part : { ...part, item: useUp(part.item) }))
}

export function useUp(item: Item): Item {
  if (item.givens === undefined) return item
  const { givens, ...rest } = item
  for (const { source } of givens) source.isUsed = true
  return rest
}

/** True where both lists say the same of their columns. */
export function areSame(one: readonly Part[], other: readonly Part[]): boolean {
  return one.length === other.length && one.every((part, index) => isSame(part, other[index]))
}

function isSame(one: Part, other: Part): boolean {
  if (one.kind === 'column')
    return other.kind === 'column' && one.name === other.name && isSameItem(one.item, other.item)
  if (other.kind === 'column') return false
  const areKnown = [...one.known].every(([name, column]) => other.known.get(name) === column)
  const isWhole = areKnown && one.known.size === other.known.size
  return isWhole && one.unlisted === other.unlisted && one.sent === other.sent
}

function isSameItem(one: Item, other: Item): boolean {
  const keys = ['column', 'sent', 'row', 'givens'] as const
  const areEqual = keys.every((key) => one[key] === other[key])
  const isMarked = (item: Item) => [item.isMixed === true, item.isNull === true].join()
  return areEqual && isMarked(one) === isMarked(other) && isSameSuspect(one.suspect, other.suspect)
}

function isSameSuspect(one: Suspect | null, other: Suspect | null): boolean {
  const keys = ['relation', 'name', 'like'] as const
  return one === other || keys.every((key) => one?.[key] === other?.[key])
}

/** A whole row: it is protected, suspect or sent where one of its columns is. */
export function rowItem(relation: Relation): Item {
  usedUp(relation.parts)
  const columns = relation.parts.map(itemOf)
  return { ...combined(columns), column: protectedIn(relation.parts), row: relation }
}

/** What is known of a column, or of any of a number of columns. */
export function itemOf(part: Part): Item {
  if (part.kind === 'column') return part.item
  return { column: protectedIn([part]), suspect: null, sent: part.sent, row: null }
}

/** The relation outside the configuration that some of the parts come from; null where there is none. */
export function unlistedIn(parts: readonly Part[]): string | null {
  for (const part of parts) if (part.kind === 'rest' && part.unlisted !== null) return part.unlisted
  return null
}

/** True where some column's place or name is unknown. */
export function isOpen(parts: readonly Part[]): boolean {
  return parts.some((part) => part.kind === 'rest')
}

/** What a value is that was made of several, none of which is protected as it stands. */
export function combined(items: readonly Item[]): Item {
  let suspect: Suspect | null = null
  let sent = false
  for (const item of items) {
    suspect ??= item.suspect
    sent ||= item.sent
  }
  if (suspect === null) return sent ? SENT : PLAIN
  return { column: null, suspect, sent, row: null }
}
