/** What a database says of its own relations: plain values, read elsewhere. */

/** All relations of a database but those of the system. */
export interface DatabaseSchema {
  /** In an order in which parents and what views read stand before children and views. */
  readonly relations: readonly DatabaseRelation[]
  /** LC_CTYPE: by it names without quotes are folded where the encoding has one byte a character. */
  readonly ctype: string
}

export type RelationKind = 'table' | 'view' | 'materialized view' | 'foreign table'

export interface DatabaseRelation {
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly isPartition: boolean
  /** In physical order. */
  readonly columns: readonly DatabaseColumn[]
  /** The tables of which it is a partition or a child. */
  readonly parents: readonly RelationName[]
  /** What a view reads; empty for tables. */
  readonly reads: readonly RelationName[]
  /** True where the query of a view calls functions that do not belong to the system. */
  readonly callsFunctions: boolean
  /** The query of a view, in which every name has its schema; null for tables, and where it is too long to be read. */
  readonly query: string | null
  /** What the database works out of stored values by itself. */
  readonly expressions: readonly DatabaseExpression[]
  /** Unique indexes and constraints, but those on expressions. */
  readonly unique: readonly UniqueIndex[]
  /** True where triggers take the place of writing to a view. */
  readonly hasInsteadTriggers: boolean
  /** What the rules name by which statements that write to it become others; null where it has none. */
  readonly rulesName: readonly RelationName[] | null
  /** True where others changed it under the reading: nothing but its name is certain. */
  readonly isUnsettled?: boolean
}

/** An expression over the columns of one table. */
export interface DatabaseExpression {
  readonly of: 'check' | 'generated column'
  readonly name: string
  readonly text: string
}

export interface UniqueIndex {
  readonly name: string
  readonly columns: readonly string[]
}

export interface RelationName {
  readonly schema: string
  readonly name: string
}

export interface DatabaseColumn {
  readonly name: string
  /** As SQL writes it, with its modifier (`character varying(40)`); of a domain, that of its values. */
  readonly type: string
  /** True where its values have fields, or are an array of such: those of a composite type, or of a domain over one. */
  readonly isComposite: boolean
  /** The expression of its default; null where there is none. */
  readonly default: string | null
  /** True where the database makes each of its values: identities, and generated columns. */
  readonly isGenerated: boolean
}

/** A name of a relation as a key. */
export function relationKey({ schema, name }: RelationName): string {
  return JSON.stringify([schema, name])
}
