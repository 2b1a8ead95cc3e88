import { ColumnTable } from '../../proxy/index.ts'
import {
  definitionsFor,
  type Explanation,
  explanationLines,
  explanationOf,
  indexedColumns,
} from '../../proxy/postgres/explain/index.ts'
import { postgresTraits } from '../../proxy/postgres/index.ts'
import {
  analyzeText,
  loadParser,
  type Parser,
  type ParserLimits,
  shapeOf,
} from '../../sql/postgres/index.ts'
import {
  anyColumn,
  columnFor,
  type EncryptorConfig,
  EncryptorConfigError,
  loadEncryptorConfig,
  type OnUnprotected,
  type TableSetting,
} from '../../transform/index.ts'
import { learnConfig, type SchemaQueries } from '../server/introspection/index.ts'
import { UnknownColumns } from './unknown-columns.ts'

/** What acra-server's own options would say. */
export interface ExplainerOptions {
  /** The name of the config, for its errors. */
  readonly file?: string
  /** `--on_unprotected`: `refuse` where it is left away. */
  readonly onUnprotected?: OnUnprotected
  /** `--statement_size_max` and its like: their defaults where they are left away. */
  readonly limits?: Partial<ParserLimits>
  /**
   * A session of the database, outside of any transaction, by which its tables, views and columns are learned: `--schema_introspection`. It is
   * asked once. Absent: the config alone says what there is.
   */
  readonly database?: SchemaQueries
}

/** What an explainer knows of a database. */
interface Known {
  readonly config: EncryptorConfig
  /** The tables that definitions are for. */
  readonly definable: readonly TableSetting[]
  readonly warnings: readonly string[]
}

/** Explains statements of PostgreSQL by one encryptor config. */
export class Explainer {
  /** Sentences about the config and the database, as acra-server logs them. */
  readonly warnings: readonly string[]
  readonly #config: EncryptorConfig
  readonly #definable: readonly TableSetting[]
  readonly #parser: Parser
  readonly #columns: ColumnTable

  /** Use `loadExplainer`. */
  constructor({ config, definable, warnings }: Known, parser: Parser) {
    this.warnings = warnings
    this.#config = config
    this.#definable = definable
    this.#parser = parser
    this.#columns = new ColumnTable(config.columns, columnFor, anyColumn)
  }

  /** What acra-server would do with `sql`, one statement or several. Throws nothing: SQL that cannot be parsed is refused. */
  explain(sql: string): Explanation {
    const text = Buffer.from(sql)
    const shape = shapeOf(text)
    const analysis = analyzeText(this.#parser, text, shape, this.#config)
    return explanationOf(text, shape, analysis, this.#columns)
  }

  /** The same as text for people, without a line feed at its end. */
  describe(sql: string): string {
    return explanationLines(this.explain(sql)).join('\n')
  }

  /**
   * The SQL by which the database is made ready for the config: indexes for what is searched, and as remarks the types of protected columns.
   * `unique` names the columns, as `table.column`, whose values may stand once only. Throws AcraError (`columns-unknown`) where the config has
   * no such columns.
   */
  definitions(unique: readonly string[] = []): string {
    const known = new Set(indexedColumns(this.#definable))
    const unknown = unique.filter((name) => !known.has(name))
    if (unknown.length > 0) throw new UnknownColumns(unknown)
    return definitionsFor(this.#definable, new Set(unique)).join('\n')
  }
}

/**
 * Reads the text of an encryptor config and loads the parser of PostgreSQL, which takes some 60 ms. Throws EncryptorConfigError with all
 * problems of the text, or with all that the database contradicts, and what asking the database throws.
 *
 * @example
 * const explainer = await loadExplainer('schemas:\n  - table: users\n    encrypted:\n      - column: email\n')
 * explainer.explain('SELECT email FROM users').class // 'rewritten'
 */
export async function loadExplainer(
  text: string,
  {
    file = 'encryptor_config',
    onUnprotected = 'refuse',
    limits = {},
    database,
  }: ExplainerOptions = {},
): Promise<Explainer> {
  const config = loadEncryptorConfig(text, file, postgresTraits, { onUnprotected })
  const parser = (await loadParser()).within(limits)
  // Where nothing is protected acra-server looks at no statement, and learns nothing.
  if (database === undefined || config.empty)
    return new Explainer({ config, definable: config.tables, warnings: [] }, parser)
  const learned = await learnConfig(database, config, parser)
  if (learned.contradictions.length > 0)
    throw new EncryptorConfigError(file, learned.contradictions, 0)
  return new Explainer(learned, parser)
}
