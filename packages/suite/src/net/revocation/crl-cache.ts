import type { RevocationList } from './crl-list.ts'

/** All lists together, in bytes: those that do not fit are not kept. */
const SIZE_MAX = 128 * 1024 * 1024

interface Kept {
  readonly list: RevocationList
  readonly since: number
}

/** Lists that were read and found good, by address and authority; the one that was used longest ago gives way. Times are milliseconds since 1970. */
export class CrlCache {
  readonly #countMax: number
  readonly #timeMs: number
  readonly #kept = new Map<string, Kept>()
  #size = 0

  constructor(countMax: number, timeMs: number) {
    this.#countMax = countMax
    this.#timeMs = timeMs
  }

  /** A list that is neither older than lists are kept, nor out of date. */
  get(key: string, now: number): RevocationList | null {
    const kept = this.#kept.get(key)
    if (kept === undefined) return null
    this.#drop(key)
    const age = now - kept.since
    // A clock that was set back makes no list younger.
    if (age < 0 || age >= this.#timeMs || !(now < (kept.list.nextUpdate ?? 0))) return null
    this.#put(key, kept)
    return kept.list
  }

  set(key: string, list: RevocationList, now: number): void {
    this.#drop(key)
    if (this.#countMax === 0 || this.#timeMs === 0 || list.size > SIZE_MAX) return
    this.#put(key, { list, since: now })
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#countMax && this.#size <= SIZE_MAX) break
      this.#drop(oldest)
    }
  }

  #put(key: string, kept: Kept): void {
    this.#kept.set(key, kept)
    this.#size += kept.list.size
  }

  #drop(key: string): void {
    this.#size -= this.#kept.get(key)?.list.size ?? 0
    this.#kept.delete(key)
  }
}
