import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'

/** How a kind of file is spoken of, and refused. */
export interface SecretFileKind {
  /** As in `the auth file`. */
  readonly name: string
  /** In bytes. */
  readonly sizeMax: number
  readonly failure: (message: string, options?: ErrorOptions) => Error
}

/** The text of a file that nobody but its owner may read or write. Throws the failure of its kind where it cannot be used as it is. */
export function readSecretFile(path: string, { name, sizeMax, failure }: SecretFileKind): string {
  const file = open(path, { name, failure })
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw failure(`the ${name} is not a file: ${path}`)
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
      throw failure(`the ${name} can be read by others than its owner: run chmod 600 ${path}`)
    if (stats.size > sizeMax) throw failure(`the ${name} is larger than ${sizeMax} bytes: ${path}`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function open(path: string, { name, failure }: Omit<SecretFileKind, 'sizeMax'>): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw failure(`the ${name} cannot be read (${code}): ${path}`, { cause })
  }
}
