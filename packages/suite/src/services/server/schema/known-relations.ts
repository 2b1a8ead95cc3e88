import type { PlannerSettings } from '../../../proxy/postgres/index.ts'
import type { Analysis, Catalog, KnownTable, Refusal } from '../../../sql/index.ts'
import { analyzeText, type Parser } from '../../../sql/postgres/index.ts'
import type { EncryptorConfig, TableSetting } from '../../../transform/index.ts'

type Analyze = PlannerSettings['analyze']

/** Analyses by a config that has all relations of a database; says where a text names another one, or another column. */
export function analysisBy(config: EncryptorConfig, parser: Parser): Analyze {
  return (text, shape, paths) => {
    const unknownNames: string[] = []
    const noted = <T extends KnownTable | null>(
      schema: string | null,
      name: string,
      table: T,
    ): T => {
      if (table === null && !isOfSystem(schema, name))
        unknownNames.push(schema === null ? name : `${schema}.${name}`)
      return table
    }
    const catalog: Catalog = {
      ...config,
      isComplete: true,
      table: (schema, name) => noted(schema, name, config.table(schema, name)),
      unqualified(name, paths) {
        const meaning = config.unqualified(name, paths)
        noted(null, name, meaning.table)
        return meaning
      },
      unknownColumn: (name) => unknownNames.push(`*.${name}`),
    }
    const analysis = analyzeText(parser, text, shape, catalog, paths)
    // A statement that makes relations names what is not there yet.
    return unknownNames.length > 0 && analysis.schemaChange === undefined
      ? { ...analysis, unknownNames }
      : analysis
  }
}

/** Analyses by the same config as if it did not know the columns of relations: somebody is changing them. */
export function cautiousAnalysisBy(config: EncryptorConfig, parser: Parser): Analyze {
  const cautious: Catalog = {
    ...config,
    isComplete: true,
    table: (schema, name) => withoutColumns(config.table(schema, name)),
    unqualified(name, paths) {
      const meaning = config.unqualified(name, paths)
      return { ...meaning, table: withoutColumns(meaning.table) }
    },
  }
  return (text, shape, paths) => analyzeText(parser, text, shape, cautious, paths)
}

/** Refuses everything, each time after a look whether the schema can be learned by now. */
export function refusingAnalysis(): Analyze {
  return () => NOT_KNOWN
}

function withoutColumns(table: TableSetting | null): TableSetting | null {
  return table && { ...table, columns: null, composite: new Set() }
}

/** Relations of the system are not learned: nothing protected is in them. */
function isOfSystem(schema: string | null, name: string): boolean {
  return schema === null ? name.startsWith('pg_') : isSystemSchema(schema)
}

function isSystemSchema(schema: string): boolean {
  return schema === 'information_schema' || schema.startsWith('pg_')
}

const refusal: Refusal = {
  sqlState: '55000',
  message: 'the schema of the database has changed, and acra-server could not learn it',
  hint: 'Try again; the log of acra-server says what is in the way.',
  column: null,
}

const NOT_KNOWN: Analysis = {
  kind: 'refused',
  refusal,
  exact: false,
  transient: true,
  unknownNames: [],
}
