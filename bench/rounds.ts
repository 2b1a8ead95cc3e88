/** Loads and contestants in turn, round after round, so that what the machine does meanwhile hits all of them alike. */
import type { Contestant, Name } from './contestants.ts'
import { median } from './machine.ts'
import { measure, type Sample } from './pgbench.ts'
import { type WorkloadName, workloads } from './workloads.ts'

/** A contestant under a load. */
export interface Cell {
  readonly workload: WorkloadName
  readonly clients: number
  readonly name: Name
  readonly samples: Sample[]
}

export interface Settings {
  readonly seconds: number
  readonly rounds: number
}

/** What is compiled while it runs is compiled by then. */
export const WARM_UP_SECONDS = 1

/** Every cell of the loads in every round; the order turns from round to round. `onRound` is given what there is after each. */
export async function measureAll(
  contestants: ReadonlyMap<Name, Contestant>,
  { seconds, rounds }: Settings,
  folder: string,
  onRound: (cells: readonly Cell[]) => void,
  loads: readonly WorkloadName[] = Object.keys(workloads) as WorkloadName[],
): Promise<Cell[]> {
  const groups = loads.flatMap((load) => cellsOf(load, contestants))
  for (let round = 0; round <= rounds; round++) {
    for (const cells of groups) {
      for (let turn = 0; turn < cells.length; turn++) {
        const cell = cells[(round + turn) % cells.length]
        const { protocol, scripts } = workloads[cell.workload]
        const script =
          (scripts as Readonly<Partial<Record<Name, string | null>>>)[cell.name] ?? null
        const isWarmUp = round === 0
        const load = { protocol, clients: cell.clients, script }
        const time = isWarmUp ? WARM_UP_SECONDS : seconds
        const sample = await measure(
          contestants.get(cell.name)!,
          { ...load, seconds: time },
          folder,
        )
        if (!isWarmUp) cell.samples.push(sample)
        tell(isWarmUp ? 'warm-up' : `round ${round}`, cell, sample)
      }
    }
    onRound(groups.flat())
  }
  return groups.flat()
}

/** The cells of a load: a group for each number of clients. */
function cellsOf(workload: WorkloadName, contestants: ReadonlyMap<Name, Contestant>): Cell[][] {
  const { clients, scripts } = workloads[workload]
  const names = (Object.keys(scripts) as Name[]).filter((name) => contestants.has(name))
  return clients.map((count) =>
    names.map((name) => ({ workload, clients: count, name, samples: [] })),
  )
}

function tell(when: string, { workload, clients, name }: Cell, { tps, cpuUs }: Sample): void {
  const what = `${workload}, ${clients}: ${name}`.padEnd(40)
  console.log(`${when} ${what} ${tps.toFixed(0).padStart(7)} tps ${format(cpuUs, 1)} µs`)
}

/** What can be compared of a sample; null where it has none. */
export type Measure = (sample: Sample) => number | null

export const tps: Measure = (sample) => sample.tps
export const cpu: Measure = (sample) => sample.cpuUs

/** The median over the rounds; null where nothing was measured. */
export function middle(cell: Cell | undefined, pick: Measure): number | null {
  return medianOf(cell?.samples.map(pick) ?? [])
}

/** The median of the ratios of each round; null where one of the two was not measured. */
export function ratio(cell: Cell | undefined, other: Cell | undefined, pick: Measure) {
  return medianOf(
    (cell?.samples ?? []).map((sample, round) => {
      const against = other?.samples[round]
      const [mine, theirs] = [pick(sample), against === undefined ? null : pick(against)]
      return mine === null || theirs === null || theirs === 0 ? null : mine / theirs
    }),
  )
}

function medianOf(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null)
  return there.length === 0 ? null : median(there)
}

export function format(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits)
}
