import type { Environment } from '../../../keystore/index.ts'
import { ConfigurationError } from '../../../options/index.ts'
import type { DatabaseDialSettings } from '../../../proxy/postgres/index.ts'
import type { SchemaQueries } from '../introspection/index.ts'
import type { ServerOptions } from '../options.ts'
import { type Account, withAccount } from './account.ts'
import { databasesAtStart } from './options-check.ts'
import { readPassword } from './password.ts'

/** The account that schemas are learned by. Throws AcraError (`password-file-unusable`). */
export function accountOf(
  options: ServerOptions,
  environment: Environment,
  dial: DatabaseDialSettings,
): Account {
  const password = readPassword(options.schema_introspection_password_file, environment)
  return { user: options.schema_introspection_user, password, dial }
}

/**
 * Lets `use` ask the first of the databases that the options name for the start, by the account of the options. Throws what `use` throws, and
 * what is in the way of asking, a database that does not answer included.
 */
export async function askDatabase<T>(
  options: ServerOptions,
  environment: Environment,
  dial: DatabaseDialSettings,
  use: (queries: SchemaQueries) => Promise<T>,
): Promise<T> {
  const [database] = databasesAtStart(options)
  if (database === undefined) {
    const text =
      'no database is named whose schema is to be learned: name it with --schema_introspection_databases, or leave the schema out with --schema_introspection=false'
    throw new ConfigurationError([{ origin: null, text }])
  }
  return withAccount(accountOf(options, environment, dial), database, use)
}
