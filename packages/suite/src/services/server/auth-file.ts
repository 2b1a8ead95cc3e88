import { AcraError } from '../../foundation/index.ts'
import { type Credential, parseAuthFile } from '../../proxy/postgres/index.ts'
import { readSecretFile } from './secret-file.ts'

/** An auth file that must not be used as it is, or is not there. */
class AuthFileUnusable extends AcraError {
  constructor(message: string, options?: ErrorOptions) {
    super('auth-file-unusable', message, options)
  }
}

const authFile = {
  name: 'auth file',
  sizeMax: 64 * 1024 * 1024,
  failure: (message: string, options?: ErrorOptions) => new AuthFileUnusable(message, options),
}

/**
 * Reads the users whose login is ended here. The file is as good as their passwords: nobody but its owner may read or write it.
 * Throws AcraError: `auth-file-unusable`, or `auth-file-invalid` with the line.
 */
export function readAuthFile(path: string): ReadonlyMap<string, Credential> {
  return parseAuthFile(readSecretFile(path, authFile), path)
}
