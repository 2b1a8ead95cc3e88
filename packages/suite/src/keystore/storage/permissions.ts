import type { Stats } from 'node:fs'
import { KeystoreError } from '../errors.ts'

/** Mode of every folder that a keystore makes, and the only one that its root may have. */
export const folderMode = 0o700
/** Modes of files, set whatever the umask. */
export const fileModes = { private: 0o600, public: 0o644 } as const

/** Windows has no such bits: Node reports made-up ones there. */
const hasModes = process.platform !== 'win32'

/** Refuses a key folder that is not exactly 0700. */
export function checkFolder(path: string, { mode }: Stats): void {
  if (!hasModes || (mode & 0o7777) === folderMode) return
  throw new KeystoreError(
    'keystore-folder-permissions',
    `keystore folder has an incorrect permissions: ${path} is ${octal(mode)} and must be 0700; run: chmod 700 ${quote(path)}`,
  )
}

/** Refuses a private key file with any bit for group or others. */
export function checkPrivateFile(path: string, { mode }: Stats): void {
  if (!hasModes || (mode & 0o077) === 0) return
  throw new KeystoreError(
    'keystore-file-permissions',
    `private key file has incorrect permissions: ${path} is ${octal(mode)} and must be 0600; run: chmod 600 ${quote(path)}`,
  )
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

/** The path as one word of a shell. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
