/** What views show, by the analysis of their queries. */
import { setImmediate } from 'node:timers/promises'
import type { Catalog, Refusal } from '../../../sql/index.ts'
import { analyzeText, type Parser, shapeOf } from '../../../sql/postgres/index.ts'
import {
  type ColumnSetting,
  compositeColumns,
  type DatabaseRelation,
  type DatabaseSchema,
  type EncryptorConfig,
  type Objection,
  relationKey,
  type TableSetting,
  unsettled,
} from '../../../transform/index.ts'
import { printedCatalog } from './printed-catalog.ts'

/** Statements of clients wait for no more than these. */
const VIEWS_IN_A_TURN = 20

/** Tables and views, by `relationKey`, and what there is to say. */
export interface KnownViews {
  readonly tables: ReadonlyMap<string, TableSetting>
  readonly warnings: readonly string[]
}

/**
 * Adds the views of a database to its tables. A column of a view that is a protected one is that column; a view that does something with a
 * protected column which the database cannot do is not to be used. What the config says of a view itself stands.
 */
export async function withViews(
  schema: DatabaseSchema,
  known: ReadonlyMap<string, TableSetting>,
  config: EncryptorConfig,
  parser: Parser,
): Promise<KnownViews> {
  const tables = new Map(known)
  const warnings: string[] = []
  const catalog = printedCatalog(config, tables)
  let count = 0
  for (const relation of schema.relations) {
    if (!relation.kind.endsWith('view')) continue
    if (++count % VIEWS_IN_A_TURN === 0) await setImmediate()
    const key = relationKey(relation)
    const shown = shownBy(relation, tables, catalog, parser)
    const mayHide = hides(relation, tables)
    const own = tables.get(key)
    if (own === undefined) tables.set(key, viewTable(relation, shown, mayHide))
    else {
      tables.set(key, { ...own, protected: new Map([...shown.columns, ...own.protected]) })
      if (shown.noUse !== null)
        warnings.push(
          `The encryptor config names a view as if it were a table: ${shown.noUse.message}`,
        )
    }
  }
  return { tables, warnings }
}

/** What a view shows of protected columns; `noUse` is why it must not be used. */
interface Showing {
  readonly columns: ReadonlyMap<string, ColumnSetting>
  readonly mixed: ReadonlySet<string>
  readonly noUse: Objection | null
}

const NOTHING: Showing = { columns: new Map(), mixed: new Set(), noUse: null }

function shownBy(
  relation: DatabaseRelation,
  tables: ReadonlyMap<string, TableSetting>,
  catalog: Catalog,
  parser: Parser,
): Showing {
  if (relation.isUnsettled === true)
    return { ...NOTHING, noUse: unsettled(relation, NOTHING.columns) }
  return isGuarded(relation, tables) ? showing(relation, catalog, parser) : NOTHING
}

/** True where the view reads something that is protected or not to be used. */
function isGuarded(
  { reads }: DatabaseRelation,
  tables: ReadonlyMap<string, TableSetting>,
): boolean {
  return reads.some((name) => {
    const table = tables.get(relationKey(name))
    return table === undefined || table.protected.size > 0 || table.noUse !== undefined
  })
}

/** True where it shows what is not known: rows of functions, and of tables elsewhere. */
function hides(
  { reads, callsFunctions }: DatabaseRelation,
  tables: ReadonlyMap<string, TableSetting>,
): boolean {
  return callsFunctions || reads.some((name) => tables.get(relationKey(name))?.mayHide === true)
}

function viewTable(
  relation: DatabaseRelation,
  { columns, mixed, noUse }: Showing,
  mayHide: boolean,
): TableSetting {
  const { schema, name } = relation
  const noWriting = noWritingTo(relation, columns)
  return {
    schema,
    name,
    columns: relation.columns.map((column) => column.name),
    isLearned: true,
    composite: compositeColumns(relation),
    protected: columns,
    ...(mixed.size === 0 ? {} : { mixed }),
    ...(mayHide ? { mayHide } : {}),
    ...(noUse === null ? {} : { noUse }),
    ...(noWriting === null ? {} : { noWriting }),
  }
}

function showing(relation: DatabaseRelation, catalog: Catalog, parser: Parser): Showing {
  const view = `the view ${relation.schema}.${relation.name}`
  if (relation.query === null) return unusable(null, `${view} is too long to be read`)
  const text = Buffer.from(relation.query)
  const analysis = analyzeText(parser, text, shapeOf(text), catalog)
  if (analysis.kind === 'untouched') return NOTHING
  if (analysis.kind === 'refused')
    return unusable(settingOf(analysis.refusal), `${view}: ${analysis.refusal.message}`)
  const { values, edits, statements } = analysis
  if (values.length + edits.length > 0) {
    const column = (values[0]?.column ?? null) as ColumnSetting | null
    const what = column === null ? 'a protected column' : `${column.table}.${column.column}`
    return unusable(
      column,
      `${view} compares or groups by ${what}, whose encrypted form the database has there`,
    )
  }
  const [{ results = null, mixed: mixedAt = [] } = {}] = statements
  if (results === null) return NOTHING
  if (results.length !== relation.columns.length || results.includes('star'))
    return unusable(null, `${view} has columns that are not told apart`)
  const columns = new Map<string, ColumnSetting>()
  results.forEach((item, index) => {
    const name = relation.columns[index]?.name
    // The analysis gives back the objects that the catalog gave it.
    if (typeof item === 'object' && name !== undefined) columns.set(name, item as ColumnSetting)
  })
  const mixed = new Set(mixedAt.flatMap((index) => relation.columns[index]?.name ?? []))
  return { columns, mixed, noUse: null }
}

/** The analysis gives back the objects that the catalog gave it. */
function settingOf({ column }: Refusal): ColumnSetting | null {
  return column as ColumnSetting | null
}

function unusable(column: ColumnSetting | null, message: string): Showing {
  const hint = 'Query the tables themselves, or change the view.'
  return { ...NOTHING, noUse: { column, message, hint } }
}

/** Rules and triggers may put a value anywhere, and a default is stored as it is. */
function noWritingTo(
  { schema, name, hasInsteadTriggers, rulesName, columns }: DatabaseRelation,
  shown: ReadonlyMap<string, ColumnSetting>,
): Objection | null {
  const [column = null] = shown.values()
  const open = columns.find((one) => shown.has(one.name) && one.default !== null)
  if (open !== undefined) {
    return {
      column,
      message: `the view ${schema}.${name} has a default for ${open.name}, which would be stored as it is`,
      hint: 'Drop the default, or write to the table itself.',
    }
  }
  if (!hasInsteadTriggers && rulesName === null) return null
  return {
    column,
    message: `a statement writes to the view ${schema}.${name}, whose ${hasInsteadTriggers ? 'triggers' : 'rules'} decide where its values go`,
    hint: 'Write to the tables themselves, or name the view in the encryptor config to say that no protected column gets them.',
  }
}
