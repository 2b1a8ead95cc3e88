/**
 * What the analysis of a statement says, whichever the dialect. `sql` knows tables and columns, and nothing of what is done to
 * them: `ProtectedColumn` is a name that the caller finds its own setting by.
 */

/** What to do with a statement that would write or show a protected column unprotected. */
export type OnUnprotected = 'refuse' | 'pass'

/** The part of a stored value that stands for its plain one in comparisons: none, a search hash at its beginning, or all of it. */
export type Equality = 'none' | 'prefix' | 'whole'

/** The kinds of values that are stored in the place of protected ones: envelopes are bytes, tokens of their own type. */
export type StoredAs = 'bytes' | 'str' | 'int32' | 'int64'

/** A column that must not reach the database, or leave it, as it is. */
export interface ProtectedColumn {
  readonly table: string
  readonly column: string
  readonly onUnprotected: OnUnprotected
  /** Absent: none. */
  readonly equality?: Equality
  /** What the application sees; null or absent where that is what the database has. */
  readonly dataType?: string | null
}

/** Why a relation is not to be used, or not to be written to. */
export interface Objection {
  /** The protected column that it is about. */
  readonly column: ProtectedColumn | null
  readonly message: string
  readonly hint: string
}

/** A table that the configuration names. It need not protect anything: naming it says that it is known. */
export interface KnownTable {
  readonly name: string
  /** All columns in physical order; null where the configuration does not list them. */
  readonly columns: readonly string[] | null
  /** True where the columns come from the database: it had no others when it was asked. */
  readonly isLearned?: boolean
  /** Columns that are known to have fields: values of a composite type, or arrays of such. Absent: not known of any. */
  readonly composite?: ReadonlySet<string>
  readonly protected: ReadonlyMap<string, ProtectedColumn>
  /** Columns whose cells may be of another column too, which is read alike and stored otherwise. Absent: none. */
  readonly mixed?: ReadonlySet<string>
  /** True where it is not known what stands behind it: a column that is called as a protected one may be one. */
  readonly mayHide?: boolean
  /** Statements that name it are refused. */
  readonly noUse?: Objection
  /** Statements that give it values are refused. */
  readonly noWriting?: Objection
}

/** The schemas in which a name without one is looked for, in order; null where that is not known. */
export type SearchPath = readonly string[] | null

/** What a name without a schema means. */
export interface UnqualifiedTable {
  /** Null: a table that is not configured. Where it is in doubt, the one that is to be protected. */
  readonly table: KnownTable | null
  /** The tables, as `schema.name`, of which it may be any, and which are not protected alike; empty where it is certain. */
  readonly doubt: readonly string[]
  /** True where the name may mean another table under another search path. */
  readonly readsPath: boolean
}

/** What becomes of the search path of a session. */
export type PathChange =
  /** It is set; `path` is null where the statement does not say to what, and it is not certain where the statement may leave it as it is. */
  | {
      readonly kind: 'set'
      readonly path: SearchPath
      readonly isLocal: boolean
      readonly isCertain: boolean
    }
  /** It is again what the session began with. */
  | { readonly kind: 'reset' }
  /** A transaction or a part of it ends: what was set in it may be undone. */
  | { readonly kind: 'end' }
  /** Another role: a schema of the role's name is another one. */
  | { readonly kind: 'role' }

/** What a text has to do with the search path. */
export interface PathUse {
  /** A name in it may mean another table under another search path. */
  readonly reads: boolean
  readonly changes: readonly PathChange[]
}

/** A text may change what tables and views there are, and what columns they have. */
export interface SchemaChange {
  /** False where it runs code of which nobody knows what it does. */
  readonly isCertain: boolean
  /** True where no other statement stands in the text. */
  readonly isAlone: boolean
  /** The names, without their schemas, of the relations that it may change; null where it may be any. */
  readonly names: readonly string[] | null
}

/** A name or a value of a setting: a text, or a parameter by its number from 1. */
export type SettingText = string | { readonly parameter: number }

/** A setting that the values of Bind decide about. */
export interface SettingInBind {
  readonly name: SettingText
  /** Null where it is computed. */
  readonly value: SettingText | null
}

/** What a text has to do with what is known of the database. */
export interface SchemaUse {
  /** Absent where it changes nothing of the schema. */
  readonly schemaChange?: SchemaChange
  /** The relations, as `schema.name` or `name`, that a catalog which should know them all does not know. Absent where it knows all. */
  readonly unknownNames?: readonly string[]
  /** Said where relations are learned: it gives values to some. */
  readonly givesValues?: true
}

/** What the analysis must know of the database. Names come in as the dialect folds them (settled: one matching function). */
export interface Catalog {
  /** True where no column at all is protected: then every statement is untouched and is not even parsed. */
  readonly empty: boolean
  /** False for a schema that holds no table with a protected column, as far as the configuration says. Absent: any may. */
  mayProtect?(schema: string): boolean
  /** True where all relations of the database are known. Absent: there may be others. */
  readonly isComplete?: boolean
  /** What statements that name no column are answered (DO, CALL, unknown functions, SQL that does not parse). */
  readonly onUnprotected: OnUnprotected
  /** The table that a name means; `schema` is null where the statement does not qualify it. Null where the table is not configured. */
  table(schema: string | null, name: string): KnownTable | null
  /** What a name without a schema means under one of these search paths. Absent: `table(null, name)`, whatever the path. */
  unqualified?(name: string, paths: readonly SearchPath[]): UnqualifiedTable
  /** True where the operator says that no relation that is not configured shows a protected column. Absent: nobody says so. */
  readonly trustsUnlisted?: boolean
  /** A protected column of this name in any table: an unlisted relation with such a column may be a view of it. */
  protectedName(column: string): ProtectedColumn | null
  /** True where cells of both columns are read in the same way, so that one column of an answer may hold either. Absent: never. */
  alike?(one: ProtectedColumn, other: ProtectedColumn): boolean
  /** True where what is stored in one column is what would be stored in the other for the same value and client. Absent: never, but for one column. */
  copies?(from: ProtectedColumn, to: ProtectedColumn): boolean
  /** What kind of value stands in the database in the place of one of the column. Absent: bytes. */
  storedAs?(column: ProtectedColumn): StoredAs
  /** True where equal plain values of one client have the same compared parts in both columns. Absent: never, but for one column. */
  comparable?(one: ProtectedColumn, other: ProtectedColumn): boolean
  /** True where the operator says that a function does nothing with protected values (`trusted_functions`). */
  trusts(schema: string | null, name: string): boolean
  /** Is told that a statement names a column that none of its tables has, as far as is known. */
  unknownColumn?(name: string): void
}

/**
 * What a value is for: to be stored, or to be an array of values that are stored, which `isCompared` says are compared too where they stand
 * (refused where what they are compared with has several forms); to be tested for being there, for which it is sent empty; or to be compared. In a comparison it is written as `value`, the one form that it may have (refused
 * where it has several); as `forms`, an array of all of them; or as `array`: it is an array itself, and becomes that of the forms of
 * its elements, of which each has one where `isSingle`.
 */
export type ValueUse = (
  | { readonly kind: 'store'; readonly isArray?: boolean; readonly isCompared?: boolean }
  | { readonly kind: 'presence' }
  | { readonly kind: 'search'; readonly as: 'value' | 'forms' }
  | { readonly kind: 'search'; readonly as: 'array'; readonly isSingle: boolean }
) & {
  /** Absent where it is the value that stands there. */
  readonly made?: Formula
}

/** How a value is made of what stands in the text or is given for the parameter. */
export type Formula =
  /** A literal of the text by its index, with the sign before it. */
  | { readonly kind: 'literal'; readonly literal: number; readonly isNegative: boolean }
  /** What a literal says: one byte a character. In a text whose plan is `exact`. */
  | { readonly kind: 'constant'; readonly bytes: string }
  /** The value of the parameter. */
  | { readonly kind: 'given' }
  /** A function or an operator of the database whose answer is the same everywhere, by its name. */
  | {
      readonly kind: 'call'
      readonly name: string
      readonly arguments: readonly Formula[]
    }

/** A place in every text of a shape: bytes behind the end of a literal, by its index, or behind the beginning of the text (-1). */
export interface Anchor {
  readonly literal: number
  readonly offset: number
}

/** What stands between two places of a text. */
export interface AnchoredSpan {
  readonly start: Anchor
  readonly end: Anchor
}

/** A part of the text that becomes another, whatever its values are. */
export interface TextEdit extends AnchoredSpan {
  readonly text: string
}

/**
 * A parameter by its number from 1. One that is used in several ways is several to the database: `copyOf` is then the client's, which has the
 * value, and `parameter` the number of its own that it has in the edited text, behind those of the client, without a gap.
 */
export interface ParameterSource {
  readonly parameter: number
  readonly copyOf?: number
}

/** A value in a statement that belongs to a protected column and has to be replaced by its protected form. */
export interface ValueSlot {
  readonly column: ProtectedColumn
  /** A literal by its index among the literals of the text (`Shape.literals`), or a parameter. */
  readonly source: { readonly literal: number } | ParameterSource
  readonly use: ValueUse
  /** Where the new literal stands; null: in the place of the old one. */
  readonly at: AnchoredSpan | null
  /** The literal has a sign before it, which is part of `at`. */
  readonly isNegative: boolean
  /** The type of the elements of a parameter that is an array, by PostgreSQL's name, if the text casts it to one. */
  readonly elementType?: string
}

/** One item of an answer, left to right: a protected column as it is stored, another column, or a `*` of unknown width. */
export type ResultItem = ProtectedColumn | 'other' | 'star'

/** Why a statement is not forwarded: fixed sentences with names in them, never a literal of the statement. */
export interface Refusal {
  /** SQLSTATE: 0A000, or 42601 for SQL that does not parse. */
  readonly sqlState: string
  /** Names the clause and, where there is one, the column as `table.column`. */
  readonly message: string
  /** What the operator or developer can do; null: nothing is said. */
  readonly hint: string | null
  readonly column: ProtectedColumn | null
  /** Of a text that does not parse. Absent: nobody says more. */
  readonly complaint?: Complaint
}

/** What the grammar says of a text. A part of the text is in it: it is for the client that sent it, and never for a log. */
export interface Complaint {
  /** Bytes, one in each character. */
  readonly message: string
  /** Where in the text it is, in bytes; null where that is not known. */
  readonly position: number | null
}

/** A value of EXECUTE: a literal as in `ValueSlot`, NULL, or anything else. */
export type ArgumentSource =
  | { readonly literal: number; readonly at: AnchoredSpan | null; readonly isNegative: boolean }
  | 'null'
  | 'other'

export type Named =
  | { readonly action: 'declare' | 'fetch' | 'prepare' | 'deallocate'; readonly name: string }
  | {
      readonly action: 'execute'
      readonly name: string
      readonly arguments: readonly ArgumentSource[]
      /** CREATE TABLE AS EXECUTE: the rows go into a table. */
      readonly isStored?: boolean
    }

/** A COPY whose rows pass through and hold protected columns. */
export interface CopyAnalysis {
  readonly direction: 'in' | 'out'
  /** One per field of a row. */
  readonly columns: readonly ResultItem[]
  readonly kind: 'text' | 'csv' | 'binary'
  readonly delimiter: string
  readonly quote: string
  readonly escape: string
  readonly nullText: string
  readonly hasHeader: boolean
  /** Columns, by name, that are always written in quotes; null: all. */
  readonly quotedColumns: readonly string[] | null
  /** Columns, by name, in which the text of NULL is that text itself; null: all. */
  readonly notNullColumns: readonly string[] | null
}

/** One statement of a text. */
export interface StatementAnalysis {
  /** What its answer's columns are; null where it returns no rows or nothing about it is known to be protected. */
  readonly results: readonly ResultItem[] | null
  /** Which of the results may have cells of other columns too, by index; absent where none has. */
  readonly mixed?: readonly number[]
  /**
   * What it names for later statements of the session, or takes up by its name: a cursor by DECLARE and FETCH, a statement by
   * PREPARE and EXECUTE. With `declare` and `prepare`, `results` are those of the query inside.
   */
  readonly named: Named | null
  readonly copy: CopyAnalysis | null
  /** EXPLAIN: its rows tell of a plan, in which values stand as the database has them. */
  readonly isPlan?: boolean
}

export type Analysis = SchemaUse & AnalysisKind

type AnalysisKind =
  /** Can neither carry a protected value nor make one visible. */
  | {
      readonly kind: 'untouched'
      /** How many parameters it has; absent where it names no table with a protected column, or where nobody needs to count. */
      readonly parameterCount?: number
    }
  | {
      readonly kind: 'planned'
      /** Ordered by place in the text; a literal or a parameter may stand here once only. */
      readonly values: readonly ValueSlot[]
      /** What else of the text changes, in its order; no two of these and of the values overlap. */
      readonly edits: readonly TextEdit[]
      readonly statements: readonly StatementAnalysis[]
      /** What it sets for the session by parameters. */
      readonly settings: readonly SettingInBind[]
      /** True where it may make backslashes in strings escapes, for the texts behind it. Absent: it does not. */
      readonly makesEscapes?: boolean
      /** How many parameters the text has, those among it that PREPARE declares: the highest number of one. */
      readonly parameterCount: number
      /** What `on_unprotected: pass` let through, for the log. */
      readonly passed: readonly Refusal[]
      /** True where the verdict depends on the text of a literal (ORDER BY 2): the plan holds for this very text only. */
      readonly exact: boolean
      /** Absent where it has nothing to do with the search path. */
      readonly path?: PathUse
    }
  | {
      readonly kind: 'refused'
      readonly refusal: Refusal
      readonly exact: boolean
      /** True where the same text may be planned a moment later: this verdict must not be kept. */
      readonly transient?: boolean
    }
