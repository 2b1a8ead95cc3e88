const TICK_MS = 1000

/** What is told, from time to time, how much time has passed. */
export interface Watched {
  tick(elapsedMs: number): void
}

/** One coarse timer for all connections of a process: a limit is noticed up to a second late, and costs nothing per chunk. */
export class Watch {
  readonly #watched = new Set<Watched>()
  readonly #tickMs: number
  #timer: NodeJS.Timeout | null = null

  constructor(tickMs: number = TICK_MS) {
    this.#tickMs = tickMs
  }

  add(watched: Watched): void {
    this.#watched.add(watched)
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref()
  }

  /** The timer stands still while nothing is watched. */
  remove(watched: Watched): void {
    this.#watched.delete(watched)
    if (this.#watched.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    for (const watched of this.#watched) watched.tick(this.#tickMs)
  }
}
