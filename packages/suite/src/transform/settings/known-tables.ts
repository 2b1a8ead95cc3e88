/** The tables of a database under an encryptor config: which columns they have, and which of these are protected. */
import type { ConfigProblem } from './config-error.ts'
import { type DatabaseRelation, type DatabaseSchema, relationKey } from './database-schema.ts'
import type { ColumnSetting, EncryptorConfig, Objection, TableSetting } from './encryptor-config.ts'
import { ConfigCheck } from './schema-check.ts'

/** What becomes of a config where the database says what its relations are. */
export interface KnownTables {
  /** By `relationKey`: every relation that is no view, and the views that the config names. */
  readonly tables: ReadonlyMap<string, TableSetting>
  /** Entries of tables that the database does not have. */
  readonly missing: readonly TableSetting[]
  /** Entries that are for the tables of their name in every schema, also in those to come. */
  readonly further: readonly TableSetting[]
  /** What the config says and the database contradicts. */
  readonly contradictions: readonly ConfigProblem[]
  readonly warnings: readonly string[]
}

const NOTHING: ReadonlyMap<string, ColumnSetting> = new Map()

/**
 * Finds the entry of each relation. A partition or child has its parent's protected columns, whether the config names it or not; the objects
 * that stand for columns remain the config's own.
 */
export function knownTables(config: EncryptorConfig, schema: DatabaseSchema): KnownTables {
  const check = new ConfigCheck()
  const tables = new Map<string, TableSetting>()
  const missing = new Set(config.tables)
  for (const relation of schema.relations) {
    const entry = config.table(relation.schema, relation.name)
    if (entry !== null) missing.delete(entry)
    const isView = relation.kind === 'view' || relation.kind === 'materialized view'
    if (entry === null && isView) continue
    tables.set(relationKey(relation), tableOf(relation, entry, tables, check))
  }
  refuseRules(schema.relations, tables, config)
  check.entries(config, schema)
  for (const entry of missing) check.missing(entry)
  refuseOpenParents(schema.relations, tables, check)
  const further = config.tables.filter((entry) => entry.schema === null && !missing.has(entry))
  const { warnings } = check
  const contradictions = check.contradictions.toSorted(inFile)
  return { tables, missing: [...missing], further, contradictions, warnings }
}

function inFile(one: ConfigProblem, other: ConfigProblem): number {
  return one.line - other.line || one.column - other.column
}

function tableOf(
  relation: DatabaseRelation,
  entry: TableSetting | null,
  tables: ReadonlyMap<string, TableSetting>,
  check: ConfigCheck,
): TableSetting {
  const { schema, name } = relation
  const columns = relation.columns.map((column) => column.name)
  const there = new Set(columns)
  const own = [...(entry?.protected ?? NOTHING)].filter(([column]) => there.has(column))
  const protects = new Map(own)
  for (const parent of relation.parents) {
    for (const [column, setting] of tables.get(relationKey(parent))?.protected ?? NOTHING) {
      const other = protects.get(column)
      if (other === undefined) protects.set(column, setting)
      else check.sameAsParent(relation, parent, other, setting, entry)
    }
  }
  return {
    schema,
    name,
    columns,
    isLearned: true,
    composite: compositeColumns(relation),
    protected: protects,
    // It stands for a table of another database.
    ...(relation.kind === 'foreign table' && entry === null ? { mayHide: true } : {}),
    ...(entry?.places === undefined ? {} : { places: entry.places }),
    ...(relation.isUnsettled === true ? { noUse: unsettled(relation, protects) } : {}),
  }
}

/** For a relation that is changed again and again under the reading. */
export function unsettled(
  { schema, name }: DatabaseRelation,
  shown: ReadonlyMap<string, ColumnSetting>,
): Objection {
  const [column = null] = shown.values()
  return {
    column,
    message: `${schema}.${name} was changed by others while acra-server looked at it`,
    hint: 'Try again in a moment.',
  }
}

/** The columns of a relation that have fields. */
export function compositeColumns({ columns }: DatabaseRelation): ReadonlySet<string> {
  return new Set(columns.filter(({ isComposite }) => isComposite).map(({ name }) => name))
}

/** Rows of a child are read and written through its parents too: what it protects, they have to. */
function refuseOpenParents(
  relations: readonly DatabaseRelation[],
  tables: Map<string, TableSetting>,
  check: ConfigCheck,
): void {
  for (const relation of relations.toReversed()) {
    const child = tables.get(relationKey(relation))
    if (child === undefined) continue
    for (const parent of relation.parents) {
      const above = tables.get(relationKey(parent))
      if (above === undefined) continue
      const open = [...child.protected].find(
        ([name]) => !above.protected.has(name) && above.columns?.includes(name),
      )
      if (open === undefined) continue
      const [column, setting] = open
      check.openParent(relation, parent, column, child)
      tables.set(relationKey(parent), { ...above, noUse: openParent(above, child, setting) })
    }
  }
}

/** Rules of a table that protects nothing may write its values into one that does. */
function refuseRules(
  relations: readonly DatabaseRelation[],
  tables: Map<string, TableSetting>,
  config: EncryptorConfig,
): void {
  for (const relation of relations) {
    const table = tables.get(relationKey(relation))
    const isOpen = table !== undefined && table.protected.size === 0
    if (!isOpen || relation.rulesName === null || config.table(relation.schema, relation.name))
      continue
    const reached = relation.rulesName.flatMap((name) => [
      ...(tables.get(relationKey(name))?.protected.values() ?? []),
    ])
    const [column] = reached
    if (column === undefined) continue
    const noWriting = {
      column,
      message: `the rules of ${table.schema}.${table.name} may write its values into ${column.table}, which has protected columns`,
      hint: 'Write to that table itself, or name this one in the encryptor config to say that they do not.',
    }
    tables.set(relationKey(relation), { ...table, noWriting })
  }
}

function openParent(parent: TableSetting, child: TableSetting, column: ColumnSetting): Objection {
  return {
    column,
    message: `${parent.schema}.${parent.name} has rows of ${child.schema}.${child.name}, in which ${column.table}.${column.column} is protected, and does not protect them itself`,
    hint: 'Protect the column of the parent table in the encryptor config: its partitions and children then are too.',
  }
}
