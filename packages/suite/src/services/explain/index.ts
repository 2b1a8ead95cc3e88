/**
 * What acra-server makes of statements, and which definitions the database needs: for the command line, and as a library
 * (`@acra-ts/suite/explain`). It needs an encryptor config, and no keys, no database and no network. docs/guide/explain.md
 */
export type {
  ExplainedAnswer,
  ExplainedColumn,
  ExplainedParameter,
  ExplainedValue,
  Explanation,
  Reason,
  StatementClass,
} from '../../proxy/postgres/explain/index.ts'
export { Explainer, type ExplainerOptions, loadExplainer } from './explainer.ts'
