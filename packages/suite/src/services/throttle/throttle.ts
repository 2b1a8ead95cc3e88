/** Reports what may happen very often once in a while: at once, and then again after an interval with the number of times. */
export class Throttle {
  readonly #intervalMs: number
  readonly #report: (times: number) => void
  #lastMs = Number.NEGATIVE_INFINITY
  #times = 0

  constructor(intervalMs: number, report: (times: number) => void) {
    this.#intervalMs = intervalMs
    this.#report = report
  }

  /** It has happened, at `nowMs` of a clock that never goes back. */
  happened(nowMs: number): void {
    this.#times++
    if (nowMs - this.#lastMs < this.#intervalMs) return
    this.#lastMs = nowMs
    this.#report(this.#times)
    this.#times = 0
  }
}
