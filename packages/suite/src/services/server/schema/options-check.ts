import { ConfigurationError } from '../../../options/index.ts'
import type { ServerOptions } from '../options.ts'

/** Throws where the options of the schema do not go together. */
export function checkSchemaOptions(options: ServerOptions): void {
  if (!options.schema_introspection) {
    for (const name of dependent) {
      if (options[name] !== '')
        throw wrong(`${name} needs schema_introspection: add --schema_introspection`)
    }
    return
  }
  if (options.schema_introspection_user === '') {
    throw wrong(
      'schema_introspection needs an account of the database: name it with --schema_introspection_user',
    )
  }
  if (options.encryptor_config_file === '') {
    throw wrong(
      'schema_introspection adds to what the encryptor config says: name it with --encryptor_config_file',
    )
  }
}

/** The databases to be learned at start. */
export function databasesAtStart(options: ServerOptions): readonly string[] {
  const names = options.schema_introspection_databases.split(',').map((name) => name.trim())
  return [...new Set(names.filter((name) => name !== ''))]
}

const dependent = [
  'schema_introspection_user',
  'schema_introspection_password_file',
  'schema_introspection_databases',
] as const

function wrong(text: string): ConfigurationError {
  return new ConfigurationError([{ origin: null, text }])
}
