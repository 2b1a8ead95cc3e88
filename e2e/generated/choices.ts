/** Choices that a seed repeats, and that can be told again in another way: what a failing statement is made smaller by. */
export class Choices {
  readonly #taken: number[] = []
  readonly #next: (bound: number) => number

  private constructor(next: (bound: number) => number) {
    this.#next = next
  }

  /** The choices of the statement `index` of a run. */
  static seeded(seed: number, index: number): Choices {
    // mulberry32, from a state in which neighbouring statements have nothing in common.
    let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
    return new Choices((bound) => {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
    })
  }

  /** Choices told one by one; when they run out, the first possibility each time, which is the simplest. */
  static told(list: readonly number[]): Choices {
    let at = 0
    return new Choices((bound) => (list[at++] ?? 0) % bound)
  }

  /** All that was chosen so far. */
  get taken(): readonly number[] {
    return this.#taken
  }

  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number {
    const choice = this.#next(bound)
    this.#taken.push(choice)
    return choice
  }

  /** True in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('nothing to pick from')
    return list[this.below(list.length)] as T
  }

  /** Picks by weight; the simplest belongs first. */
  weigh<T>(list: readonly (readonly [number, T])[]): T {
    const total = list.reduce((sum, [weight]) => sum + weight, 0)
    let left = this.below(total)
    for (const [weight, value] of list) {
      if (left < weight) return value
      left -= weight
    }
    throw new Error('nothing to pick from')
  }

  /** `count` elements, or all there are, in their order. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = [...list.keys()]
    const kept = Array.from({ length: Math.min(count, list.length) }, () => {
      const [index = 0] = left.splice(this.below(left.length), 1)
      return index
    })
    return kept.sort((a, b) => a - b).map((index) => list[index] as T)
  }
}

/**
 * A shorter list of choices of which `fails` still says yes: pieces are left out and choices made the simplest, as long as that
 * helps and the budget of trials lasts.
 */
export async function shrink(
  choices: readonly number[],
  fails: (choices: readonly number[]) => Promise<boolean>,
  budget: number,
): Promise<readonly number[]> {
  let best = choices
  let left = budget
  const improves = async (candidate: readonly number[]) => {
    if (left <= 0) return false
    left--
    if (!(await fails(candidate))) return false
    best = candidate
    return true
  }
  for (let hasImproved = true; hasImproved && left > 0; ) {
    hasImproved = false
    for (const size of [16, 8, 4, 2, 1]) {
      for (let at = 0; at < best.length; ) {
        const without = [...best.slice(0, at), ...best.slice(at + size)]
        if (await improves(without)) hasImproved = true
        else at += size
      }
    }
    for (let at = 0; at < best.length; at++) {
      if (best[at] === 0) continue
      if (await improves(best.map((choice, i) => (i === at ? 0 : choice)))) hasImproved = true
    }
  }
  return best
}
