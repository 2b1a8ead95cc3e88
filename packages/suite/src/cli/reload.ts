/**
 * Does a piece of work once per request, never two at a time; requests that come meanwhile become
 * one more run.
 */
export class Reload {
  readonly #work: () => Promise<void>
  #ready = false
  #running = false
  #wanted = false

  /** `work` handles its own errors. */
  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  /** From now on requests are served; those that came before at once. */
  begin(): void {
    this.#ready = true
    this.#next()
  }

  request(): void {
    this.#wanted = true
    this.#next()
  }

  #next(): void {
    if (!this.#ready || this.#running || !this.#wanted) return
    this.#wanted = false
    this.#running = true
    this.#work().finally(() => {
      this.#running = false
      this.#next()
    })
  }
}
