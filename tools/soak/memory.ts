/** The memory of processes over a run, and whether it grows. */
import { memoryOf } from '../processes.ts'

/** The share of a run that is warm-up. */
const WARM_UP = 0.4
/** What the mean of the last third behind the warm-up may exceed that of the first by. */
const GROWTH_MAX = 0.1
/** The seconds between two points of the curve that are told. */
const POINT_SECONDS = 30

/** Samples of one process, in MiB, one a second. */
export class MemoryCurve {
  readonly #samples: number[] = []

  sample(pid: number): void {
    this.#samples.push(memoryOf(pid))
  }

  summary(): { readonly most: number; readonly early: number; readonly late: number } {
    const steady = this.#samples.slice(Math.floor(this.#samples.length * WARM_UP))
    const part = Math.max(1, Math.floor(steady.length / 3))
    return {
      most: Math.max(...this.#samples),
      early: mean(steady.slice(0, part)),
      late: mean(steady.slice(-part)),
    }
  }

  get hasGrown(): boolean {
    const { early, late } = this.summary()
    return late > early * (1 + GROWTH_MAX)
  }

  /** The mean of every so many seconds. */
  points(): number[] {
    const count = Math.ceil(this.#samples.length / POINT_SECONDS)
    return Array.from({ length: count }, (_, at) =>
      mean(this.#samples.slice(at * POINT_SECONDS, (at + 1) * POINT_SECONDS)),
    )
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
