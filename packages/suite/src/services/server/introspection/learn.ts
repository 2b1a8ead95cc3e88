import { createHash } from 'node:crypto'
import type { Parser } from '../../../sql/postgres/index.ts'
import {
  type ConfigProblem,
  type EncryptorConfig,
  knownTables,
  relationKey,
  type TableSetting,
} from '../../../transform/index.ts'
import { expressionWarnings } from './expressions.ts'
import { readSchema, type SchemaQueries } from './read-schema.ts'
import { withViews } from './views.ts'

/** An encryptor config with all that a database says of itself. */
export interface LearnedConfig {
  /** The tables in it are those of the database. */
  readonly config: EncryptorConfig
  /** Those that may be given indexes and types: no views, no tables of other databases, and no partitions, which have their parents'. */
  readonly definable: readonly TableSetting[]
  /** What the config says and the database contradicts. Statements that it is about are refused, where the server goes on all the same. */
  readonly contradictions: readonly ConfigProblem[]
  /** The LC_CTYPE of the database. */
  readonly ctype: string
  /** Sentences for the log. */
  readonly warnings: readonly string[]
  /** The same for the same schema. */
  readonly fingerprint: string
}

/** Asks the database of `queries` in one transaction. Throws what `queries` throws, and SchemaError where there is more than can be held. */
export async function learnConfig(
  queries: SchemaQueries,
  config: EncryptorConfig,
  parser: Parser,
): Promise<LearnedConfig> {
  const schema = await readSchema(queries)
  const { tables, missing, further, contradictions, warnings } = knownTables(config, schema)
  const views = await withViews(schema, tables, config, parser)
  return {
    config: config.over([...views.tables.values(), ...missing], further),
    definable: schema.relations
      .filter(({ kind, isPartition }) => kind === 'table' && !isPartition)
      .flatMap((relation) => views.tables.get(relationKey(relation)) ?? []),
    contradictions,
    ctype: schema.ctype,
    warnings: [
      ...warnings,
      ...views.warnings,
      ...expressionWarnings(schema, views.tables, config, parser),
    ],
    fingerprint: createHash('sha256').update(JSON.stringify(schema)).digest('hex'),
  }
}
