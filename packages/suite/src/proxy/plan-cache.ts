/** What an entry takes besides its key, in bytes: a plan and its slots. An estimate; the bound is on the order of memory. */
const ENTRY_SIZE = 512

/**
 * Plans by key, bounded in number and in bytes. Two generations: a hit in the old one moves the entry to the young one; when the
 * young one holds half of what is allowed, it becomes the old one and the old one goes. A hit costs one lookup, no reordering.
 */
export class PlanCache<T> {
  readonly #countMax: number
  readonly #sizeMax: number
  readonly #onTurn: (() => void) | null
  readonly #sizeOf: (plan: T) => number
  #young = new Map<string, T>()
  #youngSize = 0
  #old = new Map<string, T>()

  /** `onTurn` is told each time that plans had to go to make room; `sizeOf` says what a plan takes beyond ENTRY_SIZE, in bytes. */
  constructor(
    countMax: number,
    sizeMax: number,
    onTurn: (() => void) | null = null,
    sizeOf: (plan: T) => number = () => 0,
  ) {
    this.#sizeOf = sizeOf
    this.#countMax = Math.max(2, countMax)
    this.#sizeMax = Math.max(2 * ENTRY_SIZE, sizeMax)
    this.#onTurn = onTurn
  }

  get count(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): T | undefined {
    const plan = this.#young.get(key)
    if (plan !== undefined) return plan
    const old = this.#old.get(key)
    if (old === undefined) return undefined
    this.#old.delete(key)
    this.set(key, old)
    return old
  }

  set(key: string, plan: T): void {
    const size = key.length * 2 + ENTRY_SIZE + this.#sizeOf(plan)
    if (size > this.#sizeMax / 2) return
    if (this.#young.size + 1 > this.#countMax / 2 || this.#youngSize + size > this.#sizeMax / 2) {
      if (this.#old.size > 0) this.#onTurn?.()
      this.#old = this.#young
      this.#young = new Map()
      this.#youngSize = 0
    }
    this.#young.set(key, plan)
    this.#youngSize += size
  }
}
