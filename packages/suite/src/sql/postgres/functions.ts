/** Which function calls may carry a value. */
import type { Catalog } from '../analysis.ts'
import { CATALOG_FUNCTIONS, CATALOG_RELATIONS, CATALOG_TYPES } from './catalog-names.ts'
import { type FuncCall, qualifiedName } from './tree.ts'

/**
 * Functions of pg_catalog that run SQL given as text, read tables given by name, read or write the server's files, or write statistics
 * that hold column values. They are refused, whatever their arguments.
 */
const UNSAFE = new Set([
  'cursor_to_xml',
  'cursor_to_xmlschema',
  'database_to_xml',
  'database_to_xml_and_xmlschema',
  'database_to_xmlschema',
  'lo_export',
  'lo_import',
  'pg_read_binary_file',
  'pg_read_file',
  'pg_restore_attribute_stats',
  'query_to_xml',
  'query_to_xml_and_xmlschema',
  'query_to_xmlschema',
  'schema_to_xml',
  'schema_to_xml_and_xmlschema',
  'schema_to_xmlschema',
  'table_to_xml',
  'table_to_xml_and_xmlschema',
  'table_to_xmlschema',
  'ts_rewrite',
  'ts_stat',
])

export type FunctionKind =
  /** Known to do nothing with tables. */
  | 'known'
  /** Listed by the operator as doing nothing with protected values. */
  | 'trusted'
  /** Known to reach tables or files by its text arguments. */
  | 'unsafe'
  | 'unknown'

/** pg_catalog is searched first where a function is not qualified: a known name means that function. */
export function kindOfFunction(
  catalog: Catalog,
  schema: string | null,
  name: string,
): FunctionKind {
  const isCatalog = schema === null || schema === 'pg_catalog'
  if (isCatalog && UNSAFE.has(name)) return 'unsafe'
  if (isCatalog && CATALOG_FUNCTIONS.has(name)) return 'known'
  if (schema === 'information_schema') return 'known'
  return catalog.trusts(schema, name) ? 'trusted' : 'unknown'
}

/** `uuid('...')`: a cast that is written as a call. Functions of pg_catalog go before types. */
export function isCast({ funcname, args = [], funcformat, location, ...rest }: FuncCall): boolean {
  const { schema, name } = qualifiedName(funcname)
  const isCatalog = schema === null || schema === 'pg_catalog'
  return isCatalog && args.length === 1 && CATALOG_TYPES.has(name) && Object.keys(rest).length === 0
}

/** True for the tables and views of the system catalogs. */
export function isCatalogRelation(schema: string | null, name: string): boolean {
  if (schema === null) return CATALOG_RELATIONS.has(name)
  return schema === 'pg_catalog' || schema === 'information_schema'
}
