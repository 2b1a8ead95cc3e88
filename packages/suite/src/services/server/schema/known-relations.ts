import type { PlannerSettings } from '../../../proxy/postgres/index.ts'
import type { Analysis, Catalog, KnownTable, Refusal } from '../../../sql/index.ts'
import { analyzeText, type Parser } from '../../../sql/postgres/index.ts'
import type { EncryptorConfig, TableSetting } from '../../../transform/index.ts'

type Analyze = PlannerSettings['analyze']

/** Names of relations that may have changed since the database was asked. */
export type DoubtfulNames = ReadonlySet<string>

const NONE: DoubtfulNames = new Set()

/**
 * Analyses by a config that has all relations of a database; says where a text names another one, or another column, and where it gives values
 * to relations. What names one that is in doubt is refused.
 */
export function analysisBy(
  config: EncryptorConfig,
  parser: Parser,
  doubtful: DoubtfulNames = NONE,
): Analyze {
  return (text, shape, paths) => {
    const unknownNames: string[] = []
    let isInDoubt = false
    let namesRelation = false
    const noted = <T extends KnownTable | null>(
      schema: string | null,
      name: string,
      table: T,
    ): T => {
      if (doubtful.has(name)) isInDoubt = true
      if (!isOfSystem(schema, name)) namesRelation = true
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
    if (isInDoubt) return NOT_KNOWN
    const givesValues = namesRelation && (shape.literals.length > 0 || text.includes('$'))
    // A statement that makes relations names what is not there yet.
    const isUnknown = unknownNames.length > 0 && analysis.schemaChange === undefined
    if (!isUnknown && !givesValues) return analysis
    return {
      ...analysis,
      ...(isUnknown ? { unknownNames } : {}),
      ...(givesValues ? { givesValues } : {}),
    }
  }
}

/** Analyses by the same config as if it did not know the columns of relations: somebody is changing them. */
export function cautiousAnalysisBy(
  config: EncryptorConfig,
  parser: Parser,
  doubtful: DoubtfulNames = NONE,
): Analyze {
  let isInDoubt = false
  const seen = (name: string, table: TableSetting | null) => {
    if (doubtful.has(name)) isInDoubt = true
    return withoutColumns(table)
  }
  const cautious: Catalog = {
    ...config,
    isComplete: true,
    table: (schema, name) => seen(name, config.table(schema, name)),
    unqualified(name, paths) {
      const meaning = config.unqualified(name, paths)
      return { ...meaning, table: seen(name, meaning.table) }
    },
  }
  return (text, shape, paths) => {
    isInDoubt = false
    const analysis = analyzeText(parser, text, shape, cautious, paths)
    return isInDoubt ? NOT_KNOWN : analysis
  }
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
  message:
    'what the statement names has changed in the database, and acra-server could not learn how',
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
