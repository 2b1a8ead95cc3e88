import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { AcraError } from '../../../foundation/index.ts'
import type { Environment } from '../../../keystore/index.ts'

const PASSWORD_VARIABLE = 'ACRA_SCHEMA_INTROSPECTION_PASSWORD'
const SIZE_MAX = 4096

/** A file with a password that must not be used as it is, or is not there. */
class PasswordFileError extends AcraError {
  constructor(message: string, options?: ErrorOptions) {
    super('password-file-unusable', message, options)
  }
}

/**
 * The password of the account: from its file, without the end of its line, else from the environment; empty where there is none. Throws
 * AcraError: `password-file-unusable`.
 */
export function readPassword(path: string, environment: Environment): string {
  if (path === '') return environment[PASSWORD_VARIABLE] ?? ''
  const file = open(path)
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw new PasswordFileError(`the password file is not a file: ${path}`)
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      throw new PasswordFileError(
        `the password file can be read by others than its owner: run chmod 600 ${path}`,
      )
    }
    if (stats.size > SIZE_MAX)
      throw new PasswordFileError(`the password file is larger than ${SIZE_MAX} bytes: ${path}`)
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } finally {
    closeSync(file)
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new PasswordFileError(`the password file cannot be read (${code}): ${path}`, { cause })
  }
}
