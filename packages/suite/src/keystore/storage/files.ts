import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
} from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errnoOf, ioError, KeystoreError } from '../errors.ts'
import { type LockSettings, lockFolder } from './file-lock.ts'
import { FilesWriter, makeFolder } from './files-writer.ts'
import { assertPath, byBytes } from './path.ts'
import { checkFolder, checkPrivateFile } from './permissions.ts'
import {
  fileSizeMax,
  type Names,
  type Storage,
  type StorageWriter,
  temporaryPrefix,
  type Visibility,
} from './storage.ts'

export interface FilesSettings {
  /** The key folder. It may be missing; the first write makes it. */
  readonly folder: string
  /** Where `.pub` files stand; the key folder where it is not given. */
  readonly publicFolder?: string | null
  readonly lock?: LockSettings
}

/** Going through a whole store, calls cost less than handing them to a thread; after so many others get a turn. */
const CALLS_PER_TURN = 128

/** A keystore in a folder of the file system. Private files are never read through a symbolic link. */
export class Files implements Storage {
  readonly #roots: Readonly<Record<Visibility, string>>
  readonly #lock: LockSettings
  readonly #turns = new Turns()

  constructor({ folder, publicFolder, lock = {} }: FilesSettings) {
    const root = resolve(folder)
    this.#roots = { private: root, public: publicFolder ? resolve(publicFolder) : root }
    this.#lock = lock
  }

  get place(): string {
    return this.#roots.private
  }

  async read(path: string, visibility: Visibility): Promise<Buffer | null> {
    const full = this.locate(path, visibility)
    await this.#checkRoot(visibility)
    return readWhole(full, visibility)
  }

  async readMany(paths: readonly string[], visibility: Visibility) {
    await this.#checkRoot(visibility)
    const read: (Buffer | null | KeystoreError)[] = []
    for (const path of paths) {
      read.push(readAtOnce(this.locate(path, visibility), visibility))
      await this.#turns.pass()
    }
    return read
  }

  async verify(path: string, visibility: Visibility): Promise<void> {
    const full = this.locate(path, visibility)
    const found = lstatSync(full, { throwIfNoEntry: false })
    if (found !== undefined) checkFile(full, found, visibility)
    await this.#turns.pass()
  }

  async modifiedAt(path: string, visibility: Visibility): Promise<Date | null> {
    const full = this.locate(path, visibility)
    return lstatSync(full, { throwIfNoEntry: false })?.mtime ?? null
  }

  async list(folder: string, visibility: Visibility): Promise<readonly string[]> {
    const full = folder === '' ? this.#roots[visibility] : this.locate(folder, visibility)
    await this.#checkRoot(visibility)
    const entries = await absentAsNull('list', full, readdir(full, { withFileTypes: true }))
    return namesOf(entries ?? [])
  }

  async names(): Promise<Names> {
    for (const visibility of ['private', 'public'] as const) await this.#checkRoot(visibility)
    const known = new Map<string, readonly string[]>()
    return {
      list: async (folder, visibility) => {
        const full = folder === '' ? this.#roots[visibility] : this.locate(folder, visibility)
        const names = known.get(full) ?? namesOf(entriesAtOnce(full))
        known.set(full, names)
        await this.#turns.pass()
        return names
      },
    }
  }

  locate(path: string, visibility: Visibility): string {
    assertPath(path)
    return `${this.#roots[visibility]}/${path}`
  }

  async exclusively<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    await makeFolder(this.#roots.private)
    await makeFolder(this.#roots.public)
    await this.#checkRoot('private')
    const unlock = await lockFolder(this.#roots.private, this.#lock)
    try {
      const writer = await FilesWriter.open(this.#roots)
      return await writer.finish(work)
    } finally {
      await unlock()
    }
  }

  /** A folder of its own for public keys may have any mode: nothing in it is secret. */
  async #checkRoot(visibility: Visibility): Promise<void> {
    const root = this.#roots[visibility]
    if (root !== this.#roots.private) return
    const found = await absentAsNull('look at', root, stat(root))
    if (found !== null) checkFolder(root, found)
  }
}

/** Lets others have their turn among many short waits for the file system. */
class Turns {
  #left = CALLS_PER_TURN

  async pass(): Promise<void> {
    if (this.#left-- > 0) return
    this.#left = CALLS_PER_TURN
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

function namesOf(entries: readonly Dirent[]): readonly string[] {
  return entries
    .filter(({ name }) => !name.startsWith(temporaryPrefix))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort(byBytes)
}

function entriesAtOnce(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw ioError('list', folder, error)
  }
}

/** Like `readWhole`, and the error as a value. */
function readAtOnce(path: string, visibility: Visibility): Buffer | null | KeystoreError {
  let file: number | null = null
  try {
    file = openSync(path, flagsFor(visibility))
    const found = fstatSync(file)
    checkFile(path, found, visibility)
    const content = Buffer.from(new ArrayBuffer(found.size))
    return content.subarray(0, readSync(file, content, 0, found.size, 0))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    return errnoOf(error) === 'ELOOP' ? notAFile(path) : ioError('read', path, error)
  } finally {
    if (file !== null) closeSync(file)
  }
}

/** Without O_NONBLOCK a FIFO in the folder would hang the process. */
function flagsFor(visibility: Visibility): number {
  const follow = visibility === 'private' ? constants.O_NOFOLLOW : 0
  return constants.O_RDONLY | constants.O_NONBLOCK | follow
}

async function readWhole(path: string, visibility: Visibility): Promise<Buffer | null> {
  const handle = await absentAsNull('read', path, open(path, flagsFor(visibility)))
  if (handle === null) return null
  try {
    const found = await handle.stat()
    checkFile(path, found, visibility)
    // Some keys stand there bare: memory that the garbage collector never moves.
    const content = Buffer.from(new ArrayBuffer(found.size))
    const { bytesRead } = await handle.read(content, 0, found.size, 0)
    return content.subarray(0, bytesRead)
  } catch (error) {
    throw ioError('read', path, error)
  } finally {
    await handle.close()
  }
}

function checkFile(path: string, found: Stats, visibility: Visibility): void {
  if (visibility === 'private' && found.isSymbolicLink()) throw notAFile(path)
  if (!found.isFile() && !found.isSymbolicLink()) throw notAFile(path)
  if (visibility === 'private') checkPrivateFile(path, found)
  if (found.size <= fileSizeMax) return
  throw new KeystoreError(
    'keystore-file-too-large',
    `not a key: ${path} has ${found.size} bytes, more than ${fileSizeMax}`,
  )
}

function notAFile(path: string): KeystoreError {
  return new KeystoreError(
    'keystore-file-kind',
    `not a regular file: ${path}; keys are not read through links, folders or devices`,
  )
}

/** Null where there is no such file or folder. */
async function absentAsNull<T>(action: string, path: string, asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return null
    // What O_NOFOLLOW answers for a symbolic link.
    if (errno === 'ELOOP') throw notAFile(path)
    throw ioError(action, path, error)
  }
}
