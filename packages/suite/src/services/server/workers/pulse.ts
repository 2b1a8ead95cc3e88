/** How often a worker is asked whether it is well. */
export const BEAT_MS = 1000

/**
 * Whether a worker says anything. Beats are counted, and not the time: where the whole machine has slept, nobody is late.
 */
export class Pulse {
  /** Beats since the question behind which nothing was heard, its own included. */
  #beats = 0

  /** A beat: the milliseconds for which an answer is owed; 0 where none is, and the worker is to be asked. */
  beat(): number {
    return this.#beats++ * BEAT_MS
  }

  /** It has said something. */
  heard(): void {
    this.#beats = 0
  }

  /** Nothing was heard for a whole beat: there may be others that answer. */
  get isLate(): boolean {
    return this.#beats > 1
  }
}
