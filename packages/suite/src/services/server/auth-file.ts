import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { AcraError } from '../../foundation/index.ts'
import { type Credential, parseAuthFile } from '../../proxy/postgres/index.ts'

const SIZE_MAX = 64 * 1024 * 1024

/** An auth file that must not be used as it is, or is not there. */
class AuthFileUnusable extends AcraError {
  constructor(message: string, options?: ErrorOptions) {
    super('auth-file-unusable', message, options)
  }
}

/**
 * Reads the users whose login is ended here. The file is as good as their passwords: nobody but its owner may read or write it.
 * Throws AcraError: `auth-file-unusable`, or `auth-file-invalid` with the line.
 */
export function readAuthFile(path: string): ReadonlyMap<string, Credential> {
  return parseAuthFile(read(path), path)
}

function read(path: string): string {
  const file = open(path)
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw new AuthFileUnusable(`the auth file is not a file: ${path}`)
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      throw new AuthFileUnusable(
        `the auth file can be read by others than its owner: run chmod 600 ${path}`,
      )
    }
    if (stats.size > SIZE_MAX) {
      throw new AuthFileUnusable(`the auth file is larger than ${SIZE_MAX} bytes: ${path}`)
    }
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new AuthFileUnusable(`the auth file cannot be read (${code}): ${path}`, { cause })
  }
}
