import type { EnvelopeKind } from '@acra-ts/crypto'
import type { DataType, OnFail } from '../data-type.ts'
import type { ConfigPlace } from './config-error.ts'
import type { Masking, Tokenization } from './operation-entry.ts'
import {
  tablesByName,
  type UnqualifiedTable,
  unqualifiedTable,
  withoutSchema,
} from './same-names.ts'

/** What happens to a statement that would write or show a protected column unprotected. */
export type OnUnprotected = 'refuse' | 'pass'

/** What happens to a value that is stored already, and is given to be written again. */
export type OnEnvelope = 'keep' | 'seal'

/** The part of a stored value that stands for its plain one in comparisons. */
export type Equality = 'none' | 'prefix' | 'whole'

/** One protected column. It can stand where `sql` wants a ProtectedColumn. */
export interface ColumnSetting {
  readonly table: string
  readonly column: string
  readonly onUnprotected: OnUnprotected
  /** Whose keys seal new values: a client id, or `zone/` and a zone's; null: the connection's own client's. */
  readonly clientId: string | null
  /** How new values are sealed; both kinds are read. */
  readonly envelope: EnvelopeKind
  /** An AcraStruct that the application supplies is stored as an AcraBlock. Without effect where `envelope` is `acrastruct`. */
  readonly reencryptsToAcraBlock: boolean
  /** A value that is an envelope already, which the keys of the column's client open: stored as it is, or sealed like any other. */
  readonly onEnvelope: OnEnvelope
  /** A search hash stands before the envelope. */
  readonly searchable: boolean
  /** Null: the column is not masked. */
  readonly masking: Masking | null
  /** Null: the column is not tokenized. At most one of the three is asked for. */
  readonly tokenization: Tokenization | null
  /** Which part of what is stored is equal exactly where the plain values of one client are: `none`, the search hash, or all of it. */
  readonly equality: Equality
  /** What the application sees; null: what the database says. */
  readonly dataType: DataType | null
  /** What the application gets of what cannot be revealed. */
  readonly onFail: OnFail
}

/** Where a table stands in the config. */
export interface TablePlaces {
  readonly table: ConfigPlace
  /** The list of all columns, or the table where there is none. */
  readonly columns: ConfigPlace
  readonly protected: ReadonlyMap<string, ConfigPlace>
}

/** Why a relation is not to be used, or not to be written to. It can stand where `sql` wants an Objection. */
export interface Objection {
  /** The protected column that it is about. */
  readonly column: ColumnSetting | null
  readonly message: string
  readonly hint: string
}

/** One table that the config names, or a relation of the database. It can stand where `sql` wants a KnownTable. */
export interface TableSetting {
  /** Null: every schema's table of this name. */
  readonly schema: string | null
  readonly name: string
  /** All columns in physical order; null where the config does not list them. */
  readonly columns: readonly string[] | null
  /**
   * By the name of the column in this relation, which is another than that of the setting in views that rename it; empty where the table is
   * only known.
   */
  readonly protected: ReadonlyMap<string, ColumnSetting>
  readonly isLearned?: boolean
  readonly composite?: ReadonlySet<string>
  readonly mixed?: ReadonlySet<string>
  readonly mayHide?: boolean
  /** Absent where the config does not name it. */
  readonly places?: TablePlaces
  readonly noUse?: Objection
  readonly noWriting?: Objection
}

/** What the config says. Names are compared as they are written in it: the SQL side folds case first. */
export interface EncryptorConfig {
  readonly tables: readonly TableSetting[]
  /** The protected columns of all tables. */
  readonly columns: readonly ColumnSetting[]
  /** True where no column is protected. */
  readonly empty: boolean
  /** The installation's answer where no column's own setting applies. */
  readonly onUnprotected: OnUnprotected
  /**
   * The table that a name in a statement means; `schema` is null where the statement does not qualify it and the search path is not known.
   * Qualified: the table of that schema, else the one without a schema.
   */
  table(schema: string | null, name: string): TableSetting | null
  /** What a name without a schema means under one of these search paths; null stands for one that is not known. */
  unqualified(
    name: string,
    paths: readonly (readonly string[] | null)[],
  ): UnqualifiedTable<TableSetting>
  /** True where the search path may decide what a name means. */
  readonly followsPath: boolean
  /** True where the operator says that no relation that the config does not name shows a protected column. */
  readonly trustsUnlisted: boolean
  /** A protected column of this name in any table; one with `on_unprotected: refuse` goes before the others. */
  protectedName(column: string): ColumnSetting | null
  /** True where cells of both columns are read in the same way. */
  alike(one: ColumnSetting, other: ColumnSetting): boolean
  /** True where what is stored in one column is what would be stored in the other for the same value and client. */
  copies(from: ColumnSetting, to: ColumnSetting): boolean
  /** What kind of value is stored in the column. */
  storedAs(column: ColumnSetting): 'bytes' | 'str' | 'int32' | 'int64'
  /** True where equal plain values of one client have the same compared parts in both columns. */
  comparable(one: ColumnSetting, other: ColumnSetting): boolean
  /** True where `trusted_functions` lists the function just as the statement writes it, with or without its schema. */
  trusts(schema: string | null, name: string): boolean
  /** True where a schema may hold a table with a protected column: one of that schema, or one that no schema is said of. */
  mayProtect(schema: string): boolean
  /** The same config for a database that has these tables; `further` are meant only where a statement names a schema that has none of the name. */
  over(tables: readonly TableSetting[], further: readonly TableSetting[]): EncryptorConfig
}

/** The parts of a config before they can be looked up. */
export interface ConfigParts {
  readonly tables: readonly TableSetting[]
  readonly further?: readonly TableSetting[]
  readonly trusted: readonly TrustedFunction[]
  readonly trustsUnlisted?: boolean
  readonly onUnprotected: OnUnprotected
}

/** An entry of `trusted_functions`; `name` is null for all functions of a schema. */
export interface TrustedFunction {
  readonly schema: string | null
  readonly name: string | null
}

/** Makes the parts searchable. No two tables may have the same schema and name. */
export function encryptorConfig(parts: ConfigParts): EncryptorConfig {
  const { tables, further = [] } = parts
  const byName = tablesByName(tables)
  const furtherByName = tablesByName(further)
  const columns = [...new Set([...tables, ...further].flatMap(settingsOf))]
  const byColumn = columnsByName(columns)
  const trusted = new Set(parts.trusted.map(({ schema, name }) => trustKey(schema, name)))
  return {
    tables,
    columns,
    empty: columns.length === 0,
    onUnprotected: parts.onUnprotected,
    table(schema, name) {
      const same = byName.get(name) ?? []
      if (schema === null) return unqualifiedTable(same, [null]).table
      return (
        same.find((table) => table.schema === schema) ??
        withoutSchema(same) ??
        withoutSchema(furtherByName.get(name) ?? [])
      )
    },
    unqualified: (name, paths) => unqualifiedTable(byName.get(name) ?? [], paths),
    followsPath: tables.some(({ schema }) => schema !== null),
    trustsUnlisted: parts.trustsUnlisted === true,
    protectedName: (column) => byColumn.get(column) ?? null,
    alike: areReadAlike,
    copies: areStoredAlike,
    storedAs: ({ tokenization }) => storedAs(tokenization),
    comparable: areComparable,
    mayProtect: (schema) =>
      [...tables, ...further].some(
        (table) => table.protected.size > 0 && (table.schema ?? schema) === schema,
      ),
    trusts: (schema, name) =>
      trusted.has(trustKey(schema, name)) ||
      (schema !== null && trusted.has(trustKey(schema, null))),
    over: (tables, further) => encryptorConfig({ ...parts, tables, further }),
  }
}

/** True where no cell tells of which of the two columns it is: those whose envelopes alone say how they are revealed, and those that store alike. */
export function areReadAlike(one: ColumnSetting, other: ColumnSetting): boolean {
  if (one === other) return true
  const isPlain = ({ masking, tokenization }: ColumnSetting) =>
    masking === null && tokenization === null
  const isSameType = one.dataType === other.dataType && one.onFail === other.onFail
  return isSameType && ((isPlain(one) && isPlain(other)) || areStoredAlike(one, other))
}

export function areStoredAlike(from: ColumnSetting, to: ColumnSetting): boolean {
  const stored = ({
    clientId,
    envelope,
    onEnvelope,
    searchable,
    masking,
    tokenization,
    dataType,
  }: ColumnSetting) =>
    JSON.stringify([clientId, envelope, onEnvelope, searchable, masking, tokenization, dataType])
  return from === to || stored(from) === stored(to)
}

function storedAs(tokenization: Tokenization | null): 'bytes' | 'str' | 'int32' | 'int64' {
  if (tokenization === null) return 'bytes'
  return tokenization.type === 'email' ? 'str' : tokenization.type
}

function areComparable(one: ColumnSetting, other: ColumnSetting): boolean {
  return (
    one.equality !== 'none' &&
    one.equality === other.equality &&
    one.clientId === other.clientId &&
    one.dataType === other.dataType &&
    one.tokenization?.type === other.tokenization?.type
  )
}

function settingsOf({ protected: columns }: TableSetting): readonly ColumnSetting[] {
  return [...columns.values()]
}

function columnsByName(columns: readonly ColumnSetting[]): ReadonlyMap<string, ColumnSetting> {
  const byName = new Map<string, ColumnSetting>()
  for (const column of columns) {
    const known = byName.get(column.column)
    if (known === undefined || known.onUnprotected === 'pass') byName.set(column.column, column)
  }
  return byName
}

function trustKey(schema: string | null, name: string | null): string {
  return JSON.stringify([schema, name])
}
