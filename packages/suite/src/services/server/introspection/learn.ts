import { createHash } from 'node:crypto'
import type { Parser } from '../../../sql/postgres/index.ts'
import {
  type ConfigProblem,
  type DatabaseSchema,
  type EncryptorConfig,
  knownTables,
  relationKey,
  type TableSetting,
} from '../../../transform/index.ts'
import { expressionWarnings } from './expressions.ts'
import { relativesOf } from './relatives.ts'
import { type SchemaQueries, SchemaReader } from './schema-reader.ts'
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
  /** False where others changed some of it under the reading, again and again: statements that name that are refused. */
  readonly isSettled: boolean
  /** These names, and those of all relations that a change of a relation of one of them may reach: by views, rules, partitions and children. */
  readonly relatives: (names: Iterable<string>) => ReadonlySet<string>
  /** The same for the same schema. */
  readonly fingerprint: string
}

/** Learns one database again and again: of what is as it was nothing is asked but that. */
export class SchemaLearner {
  readonly #config: EncryptorConfig
  readonly #parser: Parser
  readonly #reader = new SchemaReader()
  #last: { readonly schema: DatabaseSchema; readonly learned: LearnedConfig } | null = null

  constructor(config: EncryptorConfig, parser: Parser) {
    this.#config = config
    this.#parser = parser
  }

  /** True where the database tells of changes by itself. */
  get isTold(): boolean {
    return this.#reader.isTold
  }

  /**
   * What the database of `queries` says now; with `isWhole`, nothing is taken over from before. Throws what `queries` throws, and SchemaError
   * where there is more than can be held.
   */
  async learn(queries: SchemaQueries, isWhole: boolean): Promise<LearnedConfig> {
    if (isWhole) this.#reader.forget()
    const schema = await this.#reader.read(queries)
    if (this.#last?.schema === schema) return this.#last.learned
    const learned = await learnedFrom(schema, this.#config, this.#parser)
    this.#last = { schema, learned }
    return learned
  }
}

/** Asks the database of `queries` once. Throws what `queries` throws, and SchemaError. */
export async function learnConfig(
  queries: SchemaQueries,
  config: EncryptorConfig,
  parser: Parser,
): Promise<LearnedConfig> {
  return learnedFrom(await new SchemaReader().read(queries), config, parser)
}

async function learnedFrom(
  schema: DatabaseSchema,
  config: EncryptorConfig,
  parser: Parser,
): Promise<LearnedConfig> {
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
    isSettled: schema.relations.every(({ isUnsettled }) => isUnsettled !== true),
    relatives: (names) => relativesOf(names, schema),
    fingerprint: createHash('sha256').update(JSON.stringify(schema)).digest('hex'),
  }
}
