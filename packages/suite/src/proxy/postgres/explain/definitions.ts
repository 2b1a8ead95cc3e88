/**
 * What the database has to be given so that it serves protected columns: the type of their cells, and indexes on just the expression that the
 * analysis writes where such a column is compared (sql/postgres/comparisons.ts).
 */
import { SEARCH_HASH_SIZE } from '@acra-ts/crypto'
import type { ColumnSetting, TableSetting } from '../../../transform/index.ts'
import { storedAs } from './description.ts'
import { quotedName } from './quoted-name.ts'

/** Longer names are cut by the database, and might then be the same. */
const NAME_SIZE_MAX = 63

type Table = Pick<TableSetting, 'schema' | 'name'>

/** The index by which a column's values are found; `isUnique` where each may stand once only. */
export function indexDefinition(table: Table, setting: ColumnSetting, isUnique: boolean): string {
  const kind = isUnique ? 'UNIQUE INDEX' : 'INDEX'
  const name = indexName(table, setting, isUnique)
  const named = name === null ? kind : `${kind} IF NOT EXISTS ${quotedName(name)}`
  return `CREATE ${named} ON ${tableName(table)} (${comparedPart(setting)});`
}

/**
 * The statements for all protected columns of these tables, with remarks, line by line. `unique` has the columns, as `table.column` or
 * `schema.table.column`, whose values may stand once only.
 */
export function definitionsFor(
  tables: readonly TableSetting[],
  unique: ReadonlySet<string>,
): readonly string[] {
  const blocks = tables.flatMap((table) =>
    [...table.protected.values()].map((setting) => columnDefinitions(table, setting, unique)),
  )
  return blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}

function columnDefinitions(
  table: TableSetting,
  setting: ColumnSetting,
  unique: ReadonlySet<string>,
): readonly string[] {
  const isUnique = namesOf(table, setting).some((name) => unique.has(name))
  return [
    `-- ${namesOf(table, setting).at(-1)}: ${storedAs(setting)}`,
    typeHint(table, setting),
    ...(setting.equality === 'none'
      ? ['-- Its values cannot be compared: no index serves them.']
      : [indexDefinition(table, setting, isUnique)]),
  ]
}

/** The names of all columns that an index serves, as `unique` may have them. */
export function indexedColumns(tables: readonly TableSetting[]): readonly string[] {
  return tables.flatMap((table) =>
    [...table.protected.values()]
      .filter(({ equality }) => equality !== 'none')
      .flatMap((setting) => namesOf(table, setting)),
  )
}

function namesOf({ schema, name }: Table, { column }: ColumnSetting): readonly string[] {
  const short = `${name}.${column}`
  return schema === null ? [short] : [short, `${schema}.${short}`]
}

/** What the column has to be, as a remark: it may be that already, and what is in it may have to be encrypted first. */
function typeHint(table: Table, setting: ColumnSetting): string {
  const column = quotedName(setting.column)
  const type = storedType(setting)
  const using = type === 'bytea' ? ` USING convert_to(${column}::text, 'UTF8')` : ''
  return `-- The column is of type ${type}: ALTER TABLE ${tableName(table)} ALTER COLUMN ${column} TYPE ${type}${using};`
}

function storedType({ tokenization }: ColumnSetting): string {
  switch (tokenization?.type) {
    case 'int32':
      return 'integer'
    case 'int64':
      return 'bigint'
    case 'str':
    case 'email':
      return 'text'
    default:
      return 'bytea'
  }
}

function comparedPart(setting: ColumnSetting): string {
  const column = quotedName(setting.column)
  return setting.equality === 'whole'
    ? column
    : `pg_catalog.substr(${column}, 1, ${SEARCH_HASH_SIZE})`
}

function tableName({ schema, name }: Table): string {
  return schema === null ? quotedName(name) : `${quotedName(schema)}.${quotedName(name)}`
}

/** Null where it would be too long: then the database finds one. */
function indexName({ name }: Table, { column }: ColumnSetting, isUnique: boolean): string | null {
  const index = `${name}_${column}_${isUnique ? 'unique' : 'search'}`
  return Buffer.byteLength(index) > NAME_SIZE_MAX ? null : index
}
