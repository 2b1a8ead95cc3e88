/**
 * What acra-server makes of statements, and which definitions the database needs: for the command line, and as a library
 * (`@acra-ts/suite/explain`). It needs an encryptor config, and no keys and no network; a database only where its schema is to be learned, by a
 * session that it is given. docs/guide/explain.md
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
export type { SchemaQueries } from '../server/introspection/index.ts'
export { Explainer, type ExplainerOptions, loadExplainer } from './explainer.ts'
