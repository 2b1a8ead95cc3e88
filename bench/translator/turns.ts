/** Contestants in turn, round after round, so that what the machine does meanwhile hits all of them alike. What counts is the CPU time of their processes. */
import { cpuTimeNs, median } from '../machine.ts'

/** Rounds that come before, and do not count: what is compiled while it runs is compiled by then. */
const WARM_UP = 8

export interface Contestant {
  readonly what: string
  /** The contestant that it is compared with; null where it is one of those. */
  readonly base: string | null
  /** What it should reach of that; null where nothing is asked. */
  readonly target: number | null
  readonly processId: number
  /** Calls in a round. */
  readonly calls: number
  readonly callsAtOnce: number
  /** Values in a call, or megabytes. */
  readonly amount: number
  call(): Promise<unknown>
}

export interface Outcome {
  readonly contestant: Contestant
  /** CPU time for each value or megabyte, a figure for each round. */
  readonly microseconds: readonly number[]
  /** What calls waited, in milliseconds, in order of size. */
  readonly waits: readonly number[]
}

/** All contestants in every round, after some that do not count. */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Outcome[]> {
  const outcomes = contestants.map((contestant) => ({
    contestant,
    microseconds: [] as number[],
    waits: [] as number[],
  }))
  for (const { contestant } of outcomes) await run(contestant, WARM_UP * contestant.calls, [])
  for (let round = 0; round < rounds; round++) {
    for (const { contestant, microseconds, waits } of outcomes) {
      const begin = cpuTimeNs(contestant.processId)
      await run(contestant, contestant.calls, waits)
      const spent = cpuTimeNs(contestant.processId) - begin
      microseconds.push(spent / 1000 / contestant.calls / contestant.amount)
    }
  }
  for (const { waits } of outcomes) waits.sort((a, b) => a - b)
  return outcomes
}

async function run(contestant: Contestant, calls: number, waits: number[]): Promise<void> {
  let left = calls
  const caller = async () => {
    while (left-- > 0) {
      const begin = performance.now()
      await contestant.call()
      waits.push(performance.now() - begin)
    }
  }
  await Promise.all(Array.from({ length: contestant.callsAtOnce }, caller))
}

/** How much of its base's work a contestant does in the same CPU time: the median of the rounds' ratios; null where it has no base. */
export function ratioOf({ contestant, microseconds }: Outcome, all: readonly Outcome[]) {
  const base = all.find((other) => other.contestant.what === contestant.base)
  if (base === undefined) return null
  return median(microseconds.map((own, round) => base.microseconds[round]! / own))
}
