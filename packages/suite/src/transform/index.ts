/**
 * What is done to the value of a protected column on its way to the database and back. No SQL and no wire format is
 * known here: values are bytes, columns are names.
 */
export { anyColumn } from './any-column.ts'
export type { DataType } from './data-type.ts'
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
  type DatabaseNames,
  type EncryptorConfig,
  type InstallationDefaults,
  loadEncryptorConfig,
  noEncryptorConfig,
  type OnUnprotected,
  type TableSetting,
} from './settings/index.ts'
export {
  type Access,
  type Column,
  type Search,
  TransformError,
  type TransformErrorCode,
  type ValueObserver,
} from './transform.ts'
export { columnFor } from './transforms.ts'
export { ZonedKeys } from './zone.ts'
