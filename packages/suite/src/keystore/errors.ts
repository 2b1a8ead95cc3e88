import { AcraError } from '../foundation/index.ts'

/** What can be wrong with a keystore; every code has an entry in docs/errors.md. */
export type KeystoreErrorCode =
  | 'keystore-owner-invalid'
  | 'keystore-folder-permissions'
  | 'keystore-file-permissions'
  | 'keystore-file-kind'
  | 'keystore-file-too-large'
  | 'keystore-key-unreadable'
  | 'keystore-key-malformed'
  | 'keystore-key-missing'
  | 'keystore-key-unfit'
  | 'keystore-version-conflict'
  | 'keystore-cache-conflict'
  | 'keystore-redis-settings'
  | 'keystore-locked'
  | 'keystore-io'
  | 'bundle-malformed'
  | 'bundle-not-opened'
  | 'bundle-member-unknown'
  | 'bundle-conflict'
  | 'other-master-key'
  | 'master-key-missing'
  | 'master-key-malformed'
  | 'master-key-exists'
  | 'master-key-source-invalid'
  | 'master-key-refused'
  | 'master-key-unavailable'

/** A keystore that cannot be used as asked. The message names the file and the remedy, never key material. */
export class KeystoreError extends AcraError {
  declare readonly code: KeystoreErrorCode

  constructor(code: KeystoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** The error of the operating system behind `error`: `ENOENT` and its like; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/** Wraps a failed call to the file system: what was tried, on which path, and what the system answered. */
export function ioError(action: string, path: string, cause: unknown): KeystoreError {
  if (cause instanceof KeystoreError) return cause
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such folder',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    ENOSPC: 'no space left on the device',
    EDQUOT: 'disk quota exceeded',
    EROFS: 'the file system is read-only',
    ENAMETOOLONG: 'the name is too long for this file system; use a shorter client id',
    ENOTDIR: 'a part of the path is not a folder',
  }
  const errno = errnoOf(cause)
  const reason = errno === undefined ? 'unknown reason' : (reasons[errno] ?? errno)
  return new KeystoreError('keystore-io', `cannot ${action} ${path}: ${reason}`, { cause })
}
