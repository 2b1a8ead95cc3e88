/** What a database works out of stored values: of encrypted ones it is nonsense. */
import type { Catalog } from '../../../sql/index.ts'
import { analyzeText, type Parser, shapeOf } from '../../../sql/postgres/index.ts'
import {
  type DatabaseExpression,
  type DatabaseRelation,
  type DatabaseSchema,
  type EncryptorConfig,
  relationKey,
  type TableSetting,
} from '../../../transform/index.ts'
import { printedCatalog } from './printed-catalog.ts'

/** A sentence for each check, generated column and unique index that cannot mean the plain values. */
export function expressionWarnings(
  schema: DatabaseSchema,
  tables: ReadonlyMap<string, TableSetting>,
  config: EncryptorConfig,
  parser: Parser,
): string[] {
  const catalog = printedCatalog(config, tables)
  return schema.relations.flatMap((relation) => {
    const table = tables.get(relationKey(relation))
    if (table === undefined || table.protected.size === 0) return []
    return [
      ...relation.expressions.flatMap((one) => expressionWarning(relation, one, catalog, parser)),
      ...uniqueWarnings(relation, table),
    ]
  })
}

function expressionWarning(
  relation: DatabaseRelation,
  { of, name, text }: DatabaseExpression,
  catalog: Catalog,
  parser: Parser,
): string[] {
  const sql = Buffer.from(
    `SELECT (${text}) FROM ${quoted(relation.schema)}.${quoted(relation.name)}`,
  )
  const analysis = analyzeText(parser, sql, shapeOf(sql), catalog)
  if (analysis.kind === 'untouched') return []
  if (analysis.kind === 'refused') {
    // What is no SQL was cut.
    const { column } = analysis.refusal
    return column === null ? [] : [sentence(relation, of, name, `${column.table}.${column.column}`)]
  }
  const [value] = analysis.values
  if (value === undefined) return []
  return [sentence(relation, of, name, `${value.column.table}.${value.column.column}`)]
}

function sentence({ schema, name }: DatabaseRelation, of: string, what: string, column: string) {
  return `The ${of} ${what} of ${schema}.${name} is worked out of ${column}, of which the database has only the encrypted form`
}

function uniqueWarnings({ schema, name, unique }: DatabaseRelation, table: TableSetting): string[] {
  return unique.flatMap((index) => {
    const column = index.columns.find((one) => {
      const setting = table.protected.get(one)
      return setting !== undefined && setting.equality !== 'whole'
    })
    if (column === undefined) return []
    const remedy =
      table.protected.get(column)?.equality === 'prefix' ? ': see acra-server --print_ddl' : ''
    return [
      `The unique index ${index.name} of ${schema}.${name} refuses no value of ${column} twice, since every encrypted form is another${remedy}`,
    ]
  })
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
