/** Random choices that a seed repeats. */
export interface Random {
  /** An integer from 0 to `below - 1`. */
  int(below: number): number
  /** True once in `n` times. */
  oneIn(n: number): boolean
  pick<T>(from: readonly T[]): T
}

/** mulberry32: 32 bits of state are enough for choices. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number) => Math.floor(next() * below)
  return {
    int,
    oneIn: (n) => int(n) === 0,
    pick: <T>(from: readonly T[]) => from[int(from.length)] as T,
  }
}

/** How many seeds a random test tries: a few unless ACRA_ATTACK_RUNS says otherwise. */
export function runsOf(few: number): number {
  return Number(process.env.ACRA_ATTACK_RUNS ?? few)
}

/** The first seed: of this moment, unless ACRA_ATTACK_SEED says otherwise. */
export function firstSeed(): number {
  return Number(process.env.ACRA_ATTACK_SEED ?? Date.now() % 2 ** 31)
}
