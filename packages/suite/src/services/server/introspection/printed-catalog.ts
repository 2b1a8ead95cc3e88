import type { Catalog } from '../../../sql/index.ts'
import { type EncryptorConfig, relationKey, type TableSetting } from '../../../transform/index.ts'

/**
 * The catalog for what a database prints of its own definitions: in them every name has its schema, but for those of common tables and of the
 * system.
 */
export function printedCatalog(
  config: EncryptorConfig,
  tables: ReadonlyMap<string, TableSetting>,
): Catalog {
  const { unqualified, ...rest } = config
  return {
    ...rest,
    // What the database prints names relations that are known.
    trustsUnlisted: false,
    table: (schema, name) =>
      schema === null ? null : (tables.get(relationKey({ schema, name })) ?? null),
  }
}
