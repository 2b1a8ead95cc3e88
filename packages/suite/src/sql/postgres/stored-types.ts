import type { Catalog, ProtectedColumn, StoredAs } from '../analysis.ts'

/** The type of the database that what is stored in a column has. */
export function storedTypeIn(catalog: Catalog, column: ProtectedColumn): string {
  return STORED_TYPES[catalog.storedAs?.(column) ?? 'bytes']
}

const STORED_TYPES: Readonly<Record<StoredAs, string>> = {
  bytes: 'pg_catalog.bytea',
  str: 'pg_catalog.text',
  int32: 'pg_catalog.int4',
  int64: 'pg_catalog.int8',
}
