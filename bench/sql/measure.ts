/** CPU time of one call, for candidates that take turns in one process. */
import type { Soon } from '#testing/workbench'
import { median } from '../machine.ts'
import type { PartSettings } from './part.ts'

/** How long a candidate runs in one round, in milliseconds of CPU. */
const ROUND_MS = 40
/** Calls by which what is compiled while it runs is compiled, and by which it is found out how many calls a round takes. */
const WARM_UP_CALLS = 500
const QUICK_CALLS = 5

export interface Candidate {
  readonly name: string
  readonly run: () => Soon<unknown>
  /** Calls that are under way at once where they have to wait; 1 where nothing is said. */
  readonly lanes?: number
}

/** Microseconds of CPU of one call, in each round. */
export interface Measured {
  readonly name: string
  readonly cpuUs: readonly number[]
}

/** Every candidate in every round; the order turns from round to round. */
export async function measureInTurn(
  candidates: readonly Candidate[],
  { quick, rounds }: PartSettings,
): Promise<Measured[]> {
  const all: { candidate: Candidate; calls: number; cpuUs: number[] }[] = []
  for (const candidate of candidates)
    all.push({ candidate, calls: quick ? QUICK_CALLS : await callsOf(candidate), cpuUs: [] })
  for (let round = 0; round < (quick ? 1 : rounds); round++) {
    for (let turn = 0; turn < all.length; turn++) {
      const { candidate, calls, cpuUs } = all[(round + turn) % all.length]!
      cpuUs.push(await cpuOf(candidate, calls))
    }
  }
  return all.map(({ candidate, cpuUs }) => ({ name: candidate.name, cpuUs }))
}

async function callsOf(candidate: Candidate): Promise<number> {
  await cpuOf(candidate, WARM_UP_CALLS)
  return Math.ceil((ROUND_MS * 1000) / (await cpuOf(candidate, WARM_UP_CALLS)))
}

/** Microseconds of CPU of one call, all threads of the process counted. */
async function cpuOf({ run, lanes = 1 }: Candidate, calls: number): Promise<number> {
  let left = calls
  const lane = async () => {
    while (left-- > 0) {
      const done = run()
      if (done instanceof Promise) await done
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: lanes }, lane))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

/** The median over the rounds. */
export function middleOf({ cpuUs }: Measured): number {
  return median(cpuUs)
}

/** The median of the ratios of each round. */
export function ratioOf(one: Measured, other: Measured): number {
  return median(one.cpuUs.map((figure, round) => figure / (other.cpuUs[round] ?? Number.NaN)))
}
