/**
 * What is done to the value of a protected column on its way to the database and back. No SQL and no wire format is
 * known here: values are bytes, columns are names.
 */
export type { KeysInUse } from './keys-in-use.ts'
export {
  type ColumnSetting,
  type ConfigProblem,
  type DatabaseNames,
  type DataType,
  type EncryptorConfig,
  EncryptorConfigError,
  type Envelope,
  type InstallationDefaults,
  loadEncryptorConfig,
  noEncryptorConfig,
  type OnUnprotected,
  type TableSetting,
} from './settings/index.ts'
export type { Access, Column } from './transform.ts'
