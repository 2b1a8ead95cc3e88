import type { Family, Registry, Snapshot } from './registry.ts'

/**
 * Adds up the metrics of several processes that have the same registry. What a process has counted stays when it is gone, so
 * that no counter ever goes back; its gauges go with it.
 */
export class Totals<K> {
  readonly #own: Registry
  readonly #living = new Map<K, Snapshot>()
  readonly #gone: number[] = []

  /** `own` is the registry of this process, which counts too. */
  constructor(own: Registry) {
    this.#own = own
  }

  /** What the process `key` has counted up to now. */
  update(key: K, snapshot: Snapshot): void {
    this.#living.set(key, snapshot)
  }

  /** The process is gone. */
  remove(key: K): void {
    const last = this.#living.get(key)
    if (last === undefined) return
    this.#living.delete(key)
    for (const at of this.#counted()) this.#gone[at] = (this.#gone[at] ?? 0) + (last[at] ?? 0)
  }

  snapshot(): Snapshot {
    const total = [...this.#own.snapshot()]
    for (const at of this.#counted()) total[at]! += this.#gone[at] ?? 0
    for (const snapshot of this.#living.values()) {
      for (const family of this.#own.families) {
        for (const at of cellsOf(family)) total[at] = merged(family, total[at]!, snapshot[at] ?? 0)
      }
    }
    return total
  }

  *#counted(): Generator<number> {
    for (const family of this.#own.families) {
      if (family.type !== 'gauge' && family.merge === 'sum') yield* cellsOf(family)
    }
  }
}

function merged({ merge }: Family, a: number, b: number): number {
  switch (merge) {
    case 'sum':
      return a + b
    case 'max':
      return Math.max(a, b)
    case 'first':
      return a
  }
}

function* cellsOf({ series, bounds, type }: Family): Generator<number> {
  const width = type === 'histogram' ? bounds.length + 2 : 1
  for (const { at } of series) for (let i = 0; i < width; i++) yield at + i
}
