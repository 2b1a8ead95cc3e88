import { AcraError } from '../../../foundation/index.ts'
import type { Environment } from '../../../keystore/index.ts'
import { readSecretFile } from '../secret-file.ts'

const PASSWORD_VARIABLE = 'ACRA_SCHEMA_INTROSPECTION_PASSWORD'

/** A file with a password that must not be used as it is, or is not there. */
class PasswordFileError extends AcraError {
  constructor(message: string, options?: ErrorOptions) {
    super('password-file-unusable', message, options)
  }
}

const passwordFile = {
  name: 'password file',
  sizeMax: 4096,
  failure: (message: string, options?: ErrorOptions) => new PasswordFileError(message, options),
}

/**
 * The password of the account: from its file, without the end of its line, else from the environment; empty where there is none. Throws
 * AcraError: `password-file-unusable`.
 */
export function readPassword(path: string, environment: Environment): string {
  if (path === '') return environment[PASSWORD_VARIABLE] ?? ''
  return readSecretFile(path, passwordFile).replace(/\r?\n$/, '')
}
