import { randomInt } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, ioError } from '../errors.ts'
import { assertPath } from './path.ts'
import { fileModes, folderMode } from './permissions.ts'
import { type StagedFile, type StorageWriter, temporaryPrefix, type Visibility } from './storage.ts'

type Roots = Readonly<Record<Visibility, string>>

/** Answers of file systems that have no hard links, or no more of them. */
const cannotLink = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']

/** The writing half of `Files`; it exists while the lock is held. */
export class FilesWriter implements StorageWriter {
  readonly #roots: Roots
  #interrupted: boolean
  readonly #staged = new Set<string>()
  #changed = false
  /** Folders with names that are not safe on disk yet, and those that are known to be there. */
  readonly #unsettled = new Set<string>()
  readonly #made = new Set<string>()

  private constructor(roots: Roots, leftovers: readonly string[]) {
    this.#roots = roots
    this.#interrupted = leftovers.length > 0
  }

  static async open(roots: Roots): Promise<FilesWriter> {
    return new FilesWriter(roots, await findTemporaries(roots))
  }

  get interrupted(): boolean {
    return this.#interrupted
  }

  async sweep(): Promise<void> {
    const own = this.#staged
    for (const path of await findTemporaries(this.#roots))
      if (!own.has(path)) await removeIfThere(path)
    this.#interrupted = false
  }

  async announce(): Promise<void> {
    await this.#stageAt(this.#temporary('private'), Buffer.alloc(0), 'private')
  }

  async stage(path: string, content: Uint8Array, visibility: Visibility): Promise<StagedFile> {
    const target = this.#locate(path, visibility)
    await this.#makeFolder(dirname(target))
    const temporary = this.#temporary(visibility)
    await this.#stageAt(temporary, content, visibility)
    return {
      commit: async (how) => {
        await attempt('replace', target, rename(temporary, target))
        this.#staged.delete(temporary)
        this.#changed = true
        if (how?.settleLater === true) this.#unsettled.add(dirname(target))
        else await syncFolder(dirname(target))
      },
    }
  }

  async settle(): Promise<void> {
    const folders = [...this.#unsettled]
    this.#unsettled.clear()
    await Promise.all(folders.map(syncFolder))
  }

  async link(from: string, to: string, visibility: Visibility): Promise<boolean> {
    const source = this.#locate(from, visibility)
    const target = this.#locate(to, visibility)
    await makeFolder(dirname(target))
    try {
      await link(source, target)
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'EEXIST') return false
      if (errno === undefined || !cannotLink.includes(errno)) throw ioError('link', target, error)
      if (!(await this.#copy(source, target, visibility))) return false
    }
    this.#changed = true
    await syncFolder(dirname(target))
    return true
  }

  async remove(path: string, visibility: Visibility): Promise<void> {
    const target = this.#locate(path, visibility)
    if (!(await removeIfThere(target))) return
    this.#changed = true
    await syncFolder(dirname(target))
  }

  /** Runs `work` on this writer and clears away what it staged and did not commit. */
  async finish<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    try {
      const result = await work(this)
      await this.settle()
      this.#changed = false
      return result
    } finally {
      // After a failure between two changes the rest stays: it tells the next writer to mend.
      if (!this.#changed) for (const path of this.#staged) await removeIfThere(path)
    }
  }

  async #stageAt(path: string, content: Uint8Array, visibility: Visibility): Promise<void> {
    this.#staged.add(path)
    await writeDurably(path, content, fileModes[visibility])
  }

  /** A copy must not be seen half-way and must not overwrite: it is made under a temporary name and linked, or renamed where links are unknown. */
  async #copy(source: string, target: string, visibility: Visibility): Promise<boolean> {
    if (await exists(target)) return false
    const temporary = this.#temporary(visibility)
    this.#staged.add(temporary)
    await attempt('copy', source, copyFile(source, temporary, constants.COPYFILE_EXCL))
    await attempt('change the mode of', temporary, chmod(temporary, fileModes[visibility]))
    await sync(temporary)
    await attempt('rename', temporary, rename(temporary, target))
    this.#staged.delete(temporary)
    return true
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#made.has(path)) return
    await makeFolder(path)
    this.#made.add(path)
  }

  #temporary(visibility: Visibility): string {
    return `${this.#roots[visibility]}/${temporaryPrefix}${randomInt(1_000_000_000, 2 ** 47)}`
  }

  #locate(path: string, visibility: Visibility): string {
    assertPath(path)
    return `${this.#roots[visibility]}/${path}`
  }
}

/** Makes the folder and what is missing above it, each exactly 0700 whatever the umask. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: folderMode })
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'EEXIST') return
    if (errno !== 'ENOENT') throw ioError('make', path, error)
    await makeFolder(dirname(path))
    return makeFolder(path)
  }
  await attempt('change the mode of', path, chmod(path, folderMode))
  await syncFolder(dirname(path))
}

/** All of them stand in the roots, so that they are found without looking into ten thousand folders. */
async function findTemporaries(roots: Roots): Promise<string[]> {
  const found: string[] = []
  for (const root of new Set(Object.values(roots)))
    for (const name of await attempt('list', root, readdir(root)))
      if (name.startsWith(temporaryPrefix)) found.push(`${root}/${name}`)
  return found
}

async function writeDurably(path: string, content: Uint8Array, mode: number): Promise<void> {
  const handle = await attempt('create', path, open(path, 'wx', mode))
  try {
    await handle.chmod(mode)
    for (let at = 0; at < content.length; )
      at += (await handle.write(content, at, content.length - at, at)).bytesWritten
    await handle.sync()
  } catch (error) {
    throw ioError('write', path, error)
  } finally {
    await handle.close()
  }
}

/** Makes a file's content, or a folder's names, safe on disk. */
async function sync(path: string): Promise<void> {
  const handle = await attempt('open', path, open(path, 'r'))
  try {
    await handle.sync()
  } catch (error) {
    throw ioError('sync', path, error)
  } finally {
    await handle.close()
  }
}

/** Windows cannot open a folder, and some file systems answer that they cannot sync one. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    await sync(path)
  } catch (error) {
    const errno = error instanceof Error ? errnoOf(error.cause) : undefined
    if (errno !== 'EINVAL' && errno !== 'ENOTSUP') throw error
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)).close()
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw ioError('look at', path, error)
  }
}

async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw ioError('remove', path, error)
  }
}

async function attempt<T>(action: string, path: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw ioError(action, path, error)
  }
}
