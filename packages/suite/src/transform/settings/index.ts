/**
 * The encryptor config: which tables are known, which columns are protected and how. Text in, settings out: what reads
 * the file stands elsewhere, and no SQL is known here.
 */
export { type ConfigProblem, EncryptorConfigError } from './config-error.ts'
export {
  type DatabaseExpression,
  type DatabaseRelation,
  type DatabaseSchema,
  type RelationKind,
  type RelationName,
  relationKey,
  type UniqueIndex,
} from './database-schema.ts'
export type { DatabaseTraits } from './database-traits.ts'
export type {
  ColumnSetting,
  EncryptorConfig,
  Equality,
  Objection,
  OnUnprotected,
  TableSetting,
} from './encryptor-config.ts'
export { compositeColumns, type KnownTables, knownTables, unsettled } from './known-tables.ts'
export {
  type InstallationDefaults,
  loadEncryptorConfig,
  noEncryptorConfig,
} from './load.ts'
export type { Masking, Tokenization, TokenType } from './operation-entry.ts'
