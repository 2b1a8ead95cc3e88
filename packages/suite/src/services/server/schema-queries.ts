import type { Environment } from '../../keystore/index.ts'
import type { Logger } from '../../observe/index.ts'
import { checkOptions } from './check-options.ts'
import type { SchemaQueries } from './introspection/index.ts'
import type { ServerOptions } from './options.ts'
import { askDatabase } from './schema/index.ts'
import { openDatabaseDial } from './tls.ts'

/**
 * Lets `use` ask a database as a server with these options would, without one: the first of `schema_introspection_databases`. Throws what
 * `use` throws, and what is wrong with the options or in the way of asking.
 */
export async function withSchemaQueries<T>(
  options: ServerOptions,
  environment: Environment,
  log: Logger,
  use: (queries: SchemaQueries) => Promise<T>,
): Promise<T> {
  checkOptions(options)
  return askDatabase(options, environment, openDatabaseDial(options, environment, log), use)
}
