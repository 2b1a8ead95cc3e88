import { KeystoreError } from '../errors.ts'
import { assertPath, byBytes } from './path.ts'
import {
  fileSizeMax,
  type Names,
  type StagedFile,
  type Storage,
  type StorageWriter,
  type Visibility,
} from './storage.ts'

/** A keystore in the memory of the process: for tests and dry runs. Nothing is encrypted beyond what the layout encrypts. */
export class Memory implements Storage {
  readonly place = 'memory'
  readonly #files = new Map<string, Buffer>()
  readonly #leftovers = new Set<symbol>()
  #turn: Promise<unknown> = Promise.resolve()

  async read(path: string, _visibility: Visibility): Promise<Buffer | null> {
    assertPath(path)
    const content = this.#files.get(path)
    return content === undefined ? null : Buffer.from(content)
  }

  readMany(paths: readonly string[], visibility: Visibility) {
    return Promise.all(paths.map((path) => this.read(path, visibility)))
  }

  async verify(path: string, _visibility: Visibility): Promise<void> {
    assertPath(path)
  }

  async list(folder: string, _visibility: Visibility): Promise<readonly string[]> {
    if (folder !== '') assertPath(folder)
    const start = folder === '' ? '' : `${folder}/`
    const below = [...this.#files.keys()].filter((path) => path.startsWith(start))
    const names = below.map((path) => path.slice(start.length).replace(/\/.*/, '/'))
    return [...new Set(names)].sort(byBytes)
  }

  async names(): Promise<Names> {
    return this
  }

  locate(path: string, _visibility: Visibility): string {
    assertPath(path)
    return `memory:${path}`
  }

  exclusively<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => this.#write(work))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #write<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    return new MemoryWriter(this.#files, this.#leftovers).finish(work)
  }
}

class MemoryWriter implements StorageWriter {
  readonly #files: Map<string, Buffer>
  readonly #leftovers: Set<symbol>
  readonly #mine = new Set<symbol>()
  readonly interrupted: boolean
  #changed = false

  constructor(files: Map<string, Buffer>, leftovers: Set<symbol>) {
    this.#files = files
    this.#leftovers = leftovers
    this.interrupted = leftovers.size > 0
  }

  async sweep(): Promise<void> {
    for (const leftover of this.#leftovers)
      if (!this.#mine.has(leftover)) this.#leftovers.delete(leftover)
  }

  async announce(): Promise<void> {
    this.#mark()
  }

  async stage(path: string, content: Uint8Array, _visibility: Visibility): Promise<StagedFile> {
    assertPath(path)
    if (content.length > fileSizeMax)
      throw new KeystoreError('keystore-file-too-large', `not a key: ${path} is too large`)
    const temporary = this.#mark()
    const copy = Buffer.from(content)
    return {
      commit: async () => {
        this.#files.set(path, copy)
        this.#leftovers.delete(temporary)
        this.#mine.delete(temporary)
        this.#changed = true
      },
    }
  }

  async link(from: string, to: string, _visibility: Visibility): Promise<boolean> {
    assertPath(from)
    assertPath(to)
    const content = this.#files.get(from)
    if (content === undefined)
      throw new KeystoreError('keystore-io', `cannot link ${from}: no such file`)
    if (this.#files.has(to)) return false
    this.#files.set(to, content)
    this.#changed = true
    return true
  }

  async remove(path: string, _visibility: Visibility): Promise<void> {
    assertPath(path)
    if (this.#files.delete(path)) this.#changed = true
  }

  /** Runs `work` on this writer and clears away what it staged and did not commit. */
  async finish<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    try {
      const result = await work(this)
      this.#changed = false
      return result
    } finally {
      if (!this.#changed) for (const temporary of this.#mine) this.#leftovers.delete(temporary)
    }
  }

  #mark(): symbol {
    const mark = Symbol('temporary')
    this.#leftovers.add(mark)
    this.#mine.add(mark)
    return mark
  }
}
