/**
 * What SQL texts say, for every dialect: which literal or parameter is the value of which protected column, and which columns an answer
 * has. Synchronous, without I/O. Never here: what is done to a value.
 */
export type {
  Analysis,
  Anchor,
  AnchoredSpan,
  Catalog,
  Complaint,
  CopyAnalysis,
  Equality,
  Formula,
  KnownTable,
  Named,
  OnUnprotected,
  ParameterSource,
  PathChange,
  PathUse,
  ProtectedColumn,
  Refusal,
  ResultItem,
  SchemaChange,
  SchemaUse,
  SearchPath,
  SettingInBind,
  StatementAnalysis,
  StoredAs,
  TextEdit,
  UnqualifiedTable,
  ValueSlot,
  ValueUse,
} from './analysis.ts'
export { type Edit, editText } from './edit.ts'
export type { Literal, Shape } from './shape.ts'
