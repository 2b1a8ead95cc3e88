import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RedisConnection, RedisError, type RedisReply } from '../../net/redis/index.ts'
import { KeystoreError } from '../errors.ts'
import { assertPath, byBytes } from './path.ts'
import { RedisWriter } from './redis-writer.ts'
import {
  fileSizeMax,
  type Names,
  type Storage,
  type StorageWriter,
  type Visibility,
} from './storage.ts'

export interface RedisSettings {
  readonly connection: RedisConnection
  /** What every name begins with: the key folder that files would be in. */
  readonly folder: string
  /** What names of `.pub` files begin with; `folder` where it is not given. */
  readonly publicFolder?: string | null
  /** Name of the lock inside the folder, as keystore v2 has it; beside the folder where it is not given. */
  readonly lock?: string
  /** Content that is stored as it is and not in base64: the marker of keystore v2. */
  readonly bare: string
  readonly waitSeconds?: number
}

/** How long a lock stands whose owner is gone. */
const LOCK_MS = 10_000
const RENEW_MS = 3000
const WAIT_SECONDS = 30
const POLL_MS = 20
/** Names that Redis looks at for one answer. */
const SCAN_COUNT = 10_000

/**
 * A keystore in Redis: a string per file under the path that the file would have, in base64. Modes and links do not exist there; who may
 * log in to Redis decides. spec: keystore §2.5, §3.4; docs/formats/keystore-redis.md
 */
export class RedisStorage implements Storage {
  readonly #redis: RedisConnection
  readonly #roots: Readonly<Record<Visibility, string>>
  readonly #lock: string
  readonly #bare: string
  readonly #waitSeconds: number
  #listing: Promise<Names> | null = null
  #kept: { readonly state: string; readonly names: Names } | null = null

  constructor(settings: RedisSettings) {
    const { connection, folder, publicFolder, lock, bare, waitSeconds = WAIT_SECONDS } = settings
    const root = clean(folder)
    this.#redis = connection
    this.#roots = { private: root, public: publicFolder ? clean(publicFolder) : root }
    this.#lock = lock === undefined ? `${root}.lock` : `${root}/${lock}`
    this.#bare = bare
    this.#waitSeconds = waitSeconds
  }

  get #changes(): string {
    return `${this.#roots.private}.changes`
  }

  get #revision(): string {
    return `${this.#roots.private}.revision`
  }

  get place(): string {
    return `${this.#redis.place} ${this.#roots.private}`
  }

  async read(path: string, visibility: Visibility): Promise<Buffer | null> {
    const sizeMax = Math.ceil(fileSizeMax / 3) * 4
    const key = this.#key(path, visibility)
    const reply = await this.#ask('read', key, 'GETRANGE', key, '0', String(sizeMax))
    const text = typeof reply === 'string' ? reply : ''
    if (text === '') return null
    if (text === this.#bare) return Buffer.from(text, 'latin1')
    if (text.length > sizeMax) throw tooLarge(this.locate(path, visibility))
    // In memory that the garbage collector never moves, as from a file.
    const content = Buffer.from(new ArrayBuffer(Buffer.byteLength(text, 'base64')))
    const size = content.write(text, 'base64')
    if (content.subarray(0, size).toString('base64') === text) return content.subarray(0, size)
    throw new KeystoreError(
      'keystore-key-malformed',
      `not a key: ${this.locate(path, visibility)} is not base64`,
    )
  }

  readMany(paths: readonly string[], visibility: Visibility) {
    return Promise.all(
      paths.map((path) =>
        this.read(path, visibility).catch((error) => {
          if (error instanceof KeystoreError) return error
          throw error
        }),
      ),
    )
  }

  /** There are no modes to check. */
  async verify(path: string, _visibility: Visibility): Promise<void> {
    assertPath(path)
  }

  /** All who ask in the same turn are answered from one look at Redis, and from the names of an earlier one where nothing has changed. */
  async list(folder: string, visibility: Visibility): Promise<readonly string[]> {
    this.#listing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#listing = null
      return this.#currentNames()
    })
    return (await this.#listing).list(folder, visibility)
  }

  /** To look through all names takes longer with every client: a keystore v1 asks for the history of each key that it opens. */
  async #currentNames(): Promise<Names> {
    // Asked for before the names: what changes meanwhile is another state.
    const state = await this.#state()
    if (state !== null && state === this.#kept?.state) return this.#kept.names
    const names = await this.names()
    this.#kept = state === null ? null : { state, names }
    return names
  }

  /**
   * Tells whether names may have changed: each of our writers leaves its mark, and the number of keys in the database shows those of others, who do not.
   * Null while somebody writes, or has stopped half-way.
   */
  async #state(): Promise<string | null> {
    const [busy, revision, size] = await Promise.all([
      this.#ask('look at', this.#lock, 'EXISTS', this.#lock, this.#changes),
      this.#ask('read', this.#revision, 'GET', this.#revision),
      this.#ask('look at', this.#roots.private, 'DBSIZE'),
    ])
    return busy === 0 ? `${revision} ${size}` : null
  }

  async names(): Promise<Names> {
    const found = {
      private: await this.#scanAll('private'),
      public: this.#roots.public === this.#roots.private ? null : await this.#scanAll('public'),
    }
    return {
      list: async (folder, visibility) => {
        if (folder !== '') assertPath(folder)
        const folders = (visibility === 'public' && found.public) || found.private
        return [...(folders.get(folder) ?? [])].sort(byBytes)
      },
    }
  }

  locate(path: string, visibility: Visibility): string {
    return `${this.#redis.place} ${this.#key(path, visibility)}`
  }

  async exclusively<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    const token = randomUUID()
    await this.#takeLock(token)
    const renewal = setInterval(() => void this.#renewLock(token), RENEW_MS).unref()
    try {
      const writer = await RedisWriter.open({
        ask: (action, key, ...words) => this.#ask(action, key, ...words),
        key: (path, visibility) => this.#key(path, visibility),
        encode: (content) =>
          content.toString('latin1') === this.#bare ? this.#bare : content.toString('base64'),
        changes: this.#changes,
        lock: this.#lock,
        token,
      })
      return await writer.finish(work)
    } finally {
      clearInterval(renewal)
      await this.#leaveMark(token)
      await this.#releaseLock(token)
    }
  }

  async #takeLock(token: string): Promise<void> {
    const deadline = performance.now() + this.#waitSeconds * 1000
    const words = ['SET', this.#lock, token, 'NX', 'PX', String(LOCK_MS)] as const
    while ((await this.#ask('lock', this.#lock, ...words)) === null) {
      if (performance.now() > deadline)
        throw new KeystoreError(
          'keystore-locked',
          `${this.place} is being written by another process for too long: ${this.#lock} exists; wait for it`,
        )
      await sleep(POLL_MS)
    }
  }

  /** A renewal that fails shows in the next change: every change asks for the lock. */
  async #renewLock(token: string): Promise<void> {
    const script = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`
    await this.#redis
      .send('EVAL', script, '1', this.#lock, token, String(LOCK_MS))
      .catch(() => undefined)
  }

  /** Where no mark can be left the number of keys has to show what has changed. */
  async #leaveMark(token: string): Promise<void> {
    await this.#redis.send('SET', this.#revision, token).catch(() => undefined)
  }

  /** A lock that cannot be given back ends by itself. */
  async #releaseLock(token: string): Promise<void> {
    const script = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`
    await this.#redis.send('EVAL', script, '1', this.#lock, token).catch(() => undefined)
  }

  /** The names in every folder; those of folders have a `/` at the end. */
  async #scanAll(visibility: Visibility): Promise<Map<string, Set<string>>> {
    const start = `${this.#roots[visibility]}/`
    const pattern = `${start.replace(/[\\*?[\]]/g, '\\$&')}*`
    const folders = new Map<string, Set<string>>()
    let cursor = '0'
    do {
      const words = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SCAN_COUNT)] as const
      const [next, keys] = (await this.#ask('list', start, ...words)) as [string, string[]] // What SCAN answers.
      for (const key of keys) if (key !== this.#lock) enter(folders, key.slice(start.length))
      cursor = next
    } while (cursor !== '0')
    return folders
  }

  async #ask(action: string, key: string, ...words: readonly string[]): Promise<RedisReply> {
    try {
      return await this.#redis.send(...words)
    } catch (error) {
      if (!(error instanceof RedisError)) throw error
      // Its message is told here; its cause is what lies behind both.
      const { message, cause } = error
      throw new KeystoreError('keystore-io', `cannot ${action} ${key}: ${message}`, { cause })
    }
  }

  #key(path: string, visibility: Visibility): string {
    assertPath(path)
    return `${this.#roots[visibility]}/${path}`
  }
}

function enter(folders: Map<string, Set<string>>, path: string): void {
  const parts = path.split('/')
  for (const [at, part] of parts.entries()) {
    const folder = parts.slice(0, at).join('/')
    const names = folders.get(folder) ?? new Set()
    names.add(at === parts.length - 1 ? part : `${part}/`)
    folders.set(folder, names)
  }
}

/** The original composes names from the folder as it was given: a clean one is written alike by both. */
function clean(folder: string): string {
  return posix.normalize(folder).replace(/\/$/, '')
}

function tooLarge(place: string): KeystoreError {
  return new KeystoreError(
    'keystore-file-too-large',
    `not a key: ${place} has more than ${fileSizeMax} bytes`,
  )
}
