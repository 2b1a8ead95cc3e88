/** What is being asked for just now is not asked for twice: whoever comes meanwhile shares the answer. */
export class InFlight<T> {
  readonly #asked = new Map<string, Promise<T>>()

  ask(key: string, ask: () => Promise<T>): Promise<T> {
    const already = this.#asked.get(key)
    if (already !== undefined) return already
    const answer = ask().finally(() => this.#asked.delete(key))
    this.#asked.set(key, answer)
    return answer
  }
}
