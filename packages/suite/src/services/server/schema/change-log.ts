/** The time between two lines about changes, in milliseconds. */
const LINE_MS = 1000

/** Says of changes how many there were, once in a while, and of sentences those that were not said the last time. */
export class ChangeLog {
  readonly #say: (count: number) => void
  #count = 0
  #timer: NodeJS.Timeout | null = null
  readonly #said = new Map<string, ReadonlySet<string>>()

  /** `say` is told how many changes there were since it was told last. */
  constructor(say: (count: number) => void) {
    this.#say = say
  }

  /** The first is told at once, those that come within a second together. */
  count(): void {
    this.#count++
    if (this.#timer === null) this.#tell()
  }

  /** Those of the sentences about something that were not among the last ones about it. */
  news(about: string, sentences: readonly string[]): string[] {
    const said = this.#said.get(about)
    this.#said.set(about, new Set(sentences))
    return sentences.filter((sentence) => said?.has(sentence) !== true)
  }

  close(): void {
    if (this.#count > 0) this.#tell()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #tell(): void {
    this.#say(this.#count)
    this.#count = 0
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#count > 0) this.#tell()
    }, LINE_MS).unref()
  }
}
