/**
 * What acra-server makes of a statement, told in place of being done, and the definitions that the database needs for it: explanations,
 * `EXPLAIN PROTECTION`, indexes. No keys, no database and no values of a statement: they are left out of every text.
 */
export { definitionsFor, indexedColumns } from './definitions.ts'
export {
  type ExplainedAnswer,
  type ExplainedColumn,
  type ExplainedParameter,
  type ExplainedValue,
  type Explanation,
  explanationOf,
  type Reason,
  type StatementClass,
} from './explanation.ts'
export { explanationLines } from './lines.ts'
