import type { Soon } from '../foundation/index.ts'

/** How long it is believed that a client has no key, or that its keys cannot be had. */
const EMPTY_MS = 5_000

/** What makes prepared keys of one kind. */
export interface PreparedKeysOptions<K> {
  /** All versions of an owner's key, newest first; empty where there is none. */
  readonly load: (owner: string) => Soon<readonly K[]>
  /** Overwrites what a prepared key holds. */
  readonly wipe: (key: K) => void
  /** Owners whose keys are kept; 0: none longer than they are used, Infinity: all. */
  readonly ownersMax: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

interface Entry<K> {
  /** Null while they are loaded, and where that has failed. */
  keys: readonly K[] | null
  loading: Promise<readonly K[]> | null
  failure: { readonly error: unknown } | null
  /** When an answer without keys has to be asked for again. */
  staleAt: number
  /** Calls that hold the keys now: they are not overwritten before the last one ends. */
  holders: number
  /** Out of the cache: the last holder overwrites the keys. */
  dropped: boolean
  /** Used since it was last considered for dropping. */
  recent: boolean
}

/**
 * Prepared keys of one kind by owner: at most `ownersMax` of them, the longest unused dropped first, and overwritten as soon as
 * nobody works with them. Callers that miss at the same time share one load.
 */
export class PreparedKeys<K> {
  readonly #options: PreparedKeysOptions<K>
  readonly #entries = new Map<string, Entry<K>>()

  constructor(options: PreparedKeysOptions<K>) {
    this.#options = options
  }

  /** Owners in memory. */
  get size(): number {
    return this.#entries.size
  }

  /**
   * Calls `next` with the keys of `owner`: at once where they are there. They must not be kept beyond what `next` returns.
   * Where they cannot be loaded, `onFailure` is told and `next` gets none; without it the error is thrown.
   */
  use<R>(
    owner: string,
    next: (keys: readonly K[]) => Soon<R>,
    onFailure?: (error: unknown) => void,
  ): Soon<R> {
    const entry = this.#hold(owner)
    if (entry.loading !== null) return this.#useLater(entry, next, onFailure)
    // Once per cell: nothing is made for it where all is at hand.
    let used: Soon<R>
    try {
      used = next(keysOf(entry, onFailure))
    } catch (error) {
      this.#release(entry)
      throw error
    }
    if (used instanceof Promise) return used.finally(() => this.#release(entry))
    this.#release(entry)
    return used
  }

  /** Drops everything; what is in use is overwritten when it is not any more. */
  reset(): void {
    for (const [owner, entry] of [...this.#entries]) this.#drop(owner, entry)
  }

  async #useLater<R>(
    entry: Entry<K>,
    next: (keys: readonly K[]) => Soon<R>,
    onFailure?: (error: unknown) => void,
  ): Promise<R> {
    try {
      await entry.loading?.catch(() => undefined)
      return await next(keysOf(entry, onFailure))
    } finally {
      this.#release(entry)
    }
  }

  #hold(owner: string): Entry<K> {
    const known = this.#entries.get(owner)
    if (known !== undefined) {
      if (known.staleAt === Number.POSITIVE_INFINITY || known.staleAt > this.#options.now()) {
        known.holders++
        known.recent = true
        return known
      }
      this.#drop(owner, known)
    }
    const entry = this.#load(owner)
    this.#entries.set(owner, entry)
    this.#shrink()
    return entry
  }

  /** A new entry, held once. */
  #load(owner: string): Entry<K> {
    const entry: Entry<K> = {
      keys: null,
      loading: null,
      failure: null,
      staleAt: Number.POSITIVE_INFINITY,
      holders: 1,
      dropped: false,
      recent: true,
    }
    try {
      const loaded = this.#options.load(owner)
      if (loaded instanceof Promise) {
        entry.loading = loaded
        loaded.then(
          (keys) => this.#settle(entry, keys),
          (error) => this.#fail(entry, error),
        )
      } else this.#settle(entry, loaded)
    } catch (error) {
      this.#fail(entry, error)
    }
    return entry
  }

  #settle(entry: Entry<K>, keys: readonly K[]): void {
    entry.loading = null
    entry.keys = keys
    if (keys.length === 0) entry.staleAt = this.#options.now() + EMPTY_MS
  }

  #fail(entry: Entry<K>, error: unknown): void {
    entry.loading = null
    entry.failure = { error }
    entry.staleAt = this.#options.now() + EMPTY_MS
  }

  /** Drops the longest unused entries: the map is in their order, but those used since go behind it once more. */
  #shrink(): void {
    for (const [owner, entry] of this.#entries) {
      if (this.#entries.size <= this.#options.ownersMax) return
      if (entry.recent && this.#options.ownersMax > 0) {
        entry.recent = false
        this.#entries.delete(owner)
        this.#entries.set(owner, entry)
      } else this.#drop(owner, entry)
    }
  }

  #drop(owner: string, entry: Entry<K>): void {
    this.#entries.delete(owner)
    entry.dropped = true
    if (entry.holders === 0) this.#wipe(entry)
  }

  #release(entry: Entry<K>): void {
    entry.holders--
    if (entry.holders === 0 && entry.dropped) this.#wipe(entry)
  }

  #wipe(entry: Entry<K>): void {
    for (const key of entry.keys ?? []) this.#options.wipe(key)
    entry.keys = []
  }
}

function keysOf<K>(entry: Entry<K>, onFailure?: (error: unknown) => void): readonly K[] {
  if (entry.failure === null) return entry.keys ?? []
  if (onFailure === undefined) throw entry.failure.error
  onFailure(entry.failure.error)
  return []
}
