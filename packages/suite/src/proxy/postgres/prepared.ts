import type { Plan } from '../plan.ts'
import type { Answer } from './answer.ts'

/** A statement of the extended protocol as the client knows it. */
export interface Statement {
  readonly plan: Plan
  readonly sequence: number
}

export interface Portal {
  readonly answer: Answer
  readonly sequence: number
}

/** Names that one connection may have in use at once; the database's own memory ends long before. */
const NAMES_MAX = 100_000

/**
 * Named things of one connection, in the order of the client's messages. The client runs ahead of the database, so each
 * change can be taken back where the database skips it.
 */
export class Names<T extends { readonly sequence: number }> {
  readonly #byName = new Map<string, T>()

  get(name: string): T | null {
    return this.#byName.get(name) ?? null
  }

  get isFull(): boolean {
    return this.#byName.size >= NAMES_MAX
  }

  /** Returns what takes the change back. */
  set(name: string, thing: T): () => void {
    const before = this.#byName.get(name)
    this.#byName.set(name, thing)
    return () => this.#restore(name, thing, before)
  }

  remove(name: string): () => void {
    const before = this.#byName.get(name)
    this.#byName.delete(name)
    return () => this.#restore(name, undefined, before)
  }

  /** Forgets what the client made before `sequence`. */
  removeBefore(sequence: number): void {
    for (const [name, thing] of this.#byName) {
      if (thing.sequence < sequence) this.#byName.delete(name)
    }
  }

  /** Only where nothing later in the stream has taken the name meanwhile. */
  #restore(name: string, now: T | undefined, before: T | undefined): void {
    if (this.#byName.get(name) !== now) return
    if (before === undefined) this.#byName.delete(name)
    else this.#byName.set(name, before)
  }
}
