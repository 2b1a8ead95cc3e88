import { randomUUID } from 'node:crypto'
import type { RedisReply } from '../../net/redis/index.ts'
import { KeystoreError } from '../errors.ts'
import { fileSizeMax, type StagedFile, type StorageWriter, type Visibility } from './storage.ts'

/** What a writer works with. */
export interface RedisWriting {
  ask(action: string, key: string, ...words: readonly string[]): Promise<RedisReply>
  key(path: string, visibility: Visibility): string
  encode(content: Buffer): string
  /** A hash of what is staged and not committed, and of announcements: who finds it knows that a writer was cut off. */
  readonly changes: string
  readonly lock: string
  readonly token: string
}

/** Every script begins so: who lost the lock changes nothing. KEYS[1] is the lock, ARGV[1] the token. */
const guarded = (script: string) =>
  `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end ${script}`

/**
 * Each of these happens as a whole or not at all, and none writes twice: two writes of a script would stand as a transaction in the append-only file
 * of Redis, and Redis 7 drops transactions in silence when it reads that file and its user `default` has no rights. KEYS: lock, changes, then
 * names. ARGV: token, then the rest.
 */
const scripts = {
  stage: guarded(`redis.call('HSET', KEYS[2], ARGV[2], ARGV[3]) return 'done'`),
  commit: guarded(
    `local content = redis.call('HGET', KEYS[2], ARGV[2]) if not content then return 'gone' end redis.call('SET', KEYS[3], content) return 'done'`,
  ),
  link: guarded(
    `local content = redis.call('GET', KEYS[3]) if not content then return 'gone' end if redis.call('SETNX', KEYS[4], content) == 0 then return 'taken' end return 'done'`,
  ),
  remove: guarded(`return redis.call('DEL', KEYS[3]) == 1 and 'done' or 'gone'`),
  forget: guarded(`redis.call('HDEL', KEYS[2], unpack(ARGV, 2)) return 'done'`),
} as const

/** The writing half of `RedisStorage`; it exists while the lock is held. */
export class RedisWriter implements StorageWriter {
  readonly #redis: RedisWriting
  readonly #staged = new Set<string>()
  #interrupted: boolean
  #changed = false

  private constructor(redis: RedisWriting, interrupted: boolean) {
    this.#redis = redis
    this.#interrupted = interrupted
  }

  static async open(redis: RedisWriting): Promise<RedisWriter> {
    const leftovers = await redis.ask('look at', redis.changes, 'HLEN', redis.changes)
    return new RedisWriter(redis, leftovers !== 0)
  }

  get interrupted(): boolean {
    return this.#interrupted
  }

  async sweep(): Promise<void> {
    const { changes } = this.#redis
    const names = (await this.#redis.ask('look at', changes, 'HKEYS', changes)) as string[] // What HKEYS answers.
    await this.#forget(names.filter((name) => !this.#staged.has(name)))
    this.#interrupted = false
  }

  async announce(): Promise<void> {
    await this.#stage(Buffer.alloc(0))
  }

  async stage(path: string, content: Uint8Array, visibility: Visibility): Promise<StagedFile> {
    const key = this.#redis.key(path, visibility)
    if (content.length > fileSizeMax)
      throw new KeystoreError(
        'keystore-file-too-large',
        `${key} would have ${content.length} bytes, more than ${fileSizeMax}`,
      )
    const id = await this.#stage(Buffer.from(content))
    return {
      commit: async () => {
        await this.#run('commit', key, [key], [id])
        this.#changed = true
        await this.#forget([id])
        this.#staged.delete(id)
      },
    }
  }

  async link(from: string, to: string, visibility: Visibility): Promise<boolean> {
    const keys = [this.#redis.key(from, visibility), this.#redis.key(to, visibility)]
    const outcome = await this.#run('link', keys[1]!, keys, [], ['taken'])
    if (outcome === 'taken') return false
    this.#changed = true
    return true
  }

  async remove(path: string, visibility: Visibility): Promise<void> {
    const key = this.#redis.key(path, visibility)
    if ((await this.#run('remove', key, [key], [], ['gone'])) === 'done') this.#changed = true
  }

  /** Runs `work` on this writer and clears away what it staged and did not commit. */
  async finish<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    try {
      const result = await work(this)
      this.#changed = false
      return result
    } finally {
      // After a failure between two changes the rest stays: it tells the next writer to mend.
      if (!this.#changed) await this.#forget([...this.#staged])
    }
  }

  async #stage(content: Buffer): Promise<string> {
    const id = randomUUID()
    this.#staged.add(id)
    await this.#run('stage', this.#redis.changes, [], [id, this.#redis.encode(content)])
    return id
  }

  async #forget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#run('forget', this.#redis.changes, [], ids)
  }

  /** Runs a script. Throws KeystoreError where it answers anything but `done` and what is `expected`. */
  async #run(
    name: keyof typeof scripts,
    place: string,
    keys: readonly string[],
    args: readonly string[],
    expected: readonly string[] = [],
  ): Promise<RedisReply> {
    const { changes, lock, token } = this.#redis
    const allKeys = [lock, changes, ...keys]
    const words = ['EVAL', scripts[name], String(allKeys.length), ...allKeys, token, ...args]
    const outcome = await this.#redis.ask(name, place, ...words)
    if (outcome === 'done' || expected.includes(String(outcome))) return outcome
    if (outcome === 'lost')
      throw new KeystoreError(
        'keystore-locked',
        `cannot ${name} ${place}: the lock ${lock} was lost, because this process or Redis stood still for too long; try again`,
      )
    throw new KeystoreError('keystore-io', `cannot ${name} ${place}: no such file`)
  }
}
