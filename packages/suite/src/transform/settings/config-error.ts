import { AcraError } from '../../foundation/index.ts'

/** More problems than this are counted, not listed. */
const PROBLEMS_LISTED_MAX = 50

/** Where something stands in a config file. Lines and columns count from 1, columns in UTF-16 units. */
export interface ConfigPlace {
  readonly line: number
  readonly column: number
}

/** One thing that is wrong in a config file. */
export interface ConfigProblem extends ConfigPlace {
  readonly text: string
}

/** An encryptor config that cannot be used. The message has one `file:line:column: text` per line, in the file's order. */
export class EncryptorConfigError extends AcraError {
  readonly file: string
  readonly problems: readonly ConfigProblem[]

  constructor(file: string, problems: readonly ConfigProblem[], unlisted: number) {
    const lines = problems.map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`)
    if (unlisted > 0) lines.push(`${file}: and ${unlisted} more`)
    super('encryptor-config-invalid', `the encryptor config is not valid\n${lines.join('\n')}`)
    this.file = file
    this.problems = problems
  }
}

/** Gathers all problems of a file, so that one start shows them all. */
export class Problems {
  readonly #file: string
  readonly #placeOf: (offset: number) => { line: number; col: number }
  readonly #found: { offset: number; text: string }[] = []
  #unlisted = 0

  /** `placeOf` turns an offset of the text into a line and a column. */
  constructor(file: string, placeOf: (offset: number) => { line: number; col: number }) {
    this.#file = file
    this.#placeOf = placeOf
  }

  add(offset: number, text: string): void {
    if (this.#found.length < PROBLEMS_LISTED_MAX) this.#found.push({ offset, text })
    else this.#unlisted++
  }

  place(offset: number): ConfigPlace {
    const { line, col } = this.#placeOf(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  /** Throws EncryptorConfigError where there is a problem. */
  throwIfAny(): void {
    if (this.#found.length === 0) return
    const inOrder = this.#found.toSorted((a, b) => a.offset - b.offset)
    const problems = inOrder.map(({ offset, text }) => ({ ...this.place(offset), text }))
    throw new EncryptorConfigError(this.#file, problems, this.#unlisted)
  }
}
