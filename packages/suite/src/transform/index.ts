/**
 * What is done to the value of a protected column on its way to the database and back. No SQL and no wire format is
 * known here: values are bytes, columns are names.
 */
export { anyColumn } from './any-column.ts'
export { type DataType, dataTypes, type OnFail } from './data-type.ts'
export { zoneOwner } from './key-owner.ts'
export { KeysInUse, type KeysInUseOptions, type KeyUse } from './keys-in-use.ts'
export {
  inspect,
  type PoisonAlarm,
  PoisonError,
  PoisonKeys,
  type PoisonWatch,
} from './poison.ts'
export {
  type ColumnSetting,
  type ConfigProblem,
  compositeColumns,
  type DatabaseExpression,
  type DatabaseRelation,
  type DatabaseSchema,
  type DatabaseTraits,
  type EncryptorConfig,
  EncryptorConfigError,
  type Equality,
  type InstallationDefaults,
  type KnownTables,
  knownTables,
  loadEncryptorConfig,
  type Masking,
  noEncryptorConfig,
  type Objection,
  type OnUnprotected,
  type RelationKind,
  type RelationName,
  relationKey,
  type TableSetting,
  type Tokenization,
  type TokenType,
  type UniqueIndex,
  unsettled,
} from './settings/index.ts'
export {
  type Access,
  type Column,
  type Search,
  type TokenUse,
  TransformError,
  type TransformErrorCode,
  type ValueObserver,
} from './transform.ts'
export { columnFor } from './transforms.ts'
export { ZonedKeys } from './zone.ts'
