/** A worker that ends sooner than this after its start has ended at once. */
const QUICK_MS = 10_000
const FIRST_DELAY_MS = 100
const DELAY_MAX_MS = 30_000
/** So many quick ends before any worker was ready, and the service gives up. */
const QUICK_ENDS_MAX = 5

/** When the next worker is started in the place of one that has ended. */
export class Restarts {
  #quickEnds = 0
  #hasServed = false

  /** A worker is ready to serve. */
  ready(): void {
    this.#hasServed = true
  }

  /**
   * A worker has ended `livedMs` after its start. Milliseconds to wait before the next: none at first, and longer each time where
   * workers end at once again and again; null where none was ever ready and it is time to give up.
   */
  ended(livedMs: number): number | null {
    if (livedMs >= QUICK_MS) this.#quickEnds = 0
    else this.#quickEnds++
    if (!this.#hasServed && this.#quickEnds >= QUICK_ENDS_MAX) return null
    if (this.#quickEnds < 2) return 0
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#quickEnds - 2), DELAY_MAX_MS)
  }
}
