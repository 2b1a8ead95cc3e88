import type { DataType } from '../data-type.ts'

/** What a config's meaning depends on and only the database's own code knows. */
export interface DatabaseTraits {
  /** Longest name of a schema, table or column in bytes: PostgreSQL cuts what is longer (63). */
  readonly nameBytesMax: number
  /** The types by the numbers that the database has for them (`data_type_db_identifier`). */
  readonly typeIdentifiers: ReadonlyMap<number, DataType>
  /** The form in which a value of the type is kept; null where the text is none of its values. */
  canonical(dataType: DataType, text: Buffer): Buffer | null
}
