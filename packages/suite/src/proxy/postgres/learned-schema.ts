import type { SchemaChange } from '../../sql/index.ts'
import type { TransactionStatus } from '../../wire/postgres/index.ts'
import type { ExpectedQueue } from './expected.ts'
import type { Planner } from './planner.ts'

/** What is learned from a database of its tables, and how it is learned anew. None of the promises rejects. */
export interface LearnedSchema {
  /**
   * For statements behind a change that is not committed: nobody but their own session sees what it made of the tables. It believes the
   * names of relations, and not which columns they have.
   */
  readonly cautious: Planner
  /** The LC_CTYPE of the database; null until it is known. */
  readonly ctype: string | null
  /**
   * A change of the relations of these names, or of any, is committed: resolves when all plans are made with it, or the statements that it may
   * be about are refused since it cannot be learned.
   */
  changed(names: readonly string[] | null): Promise<void>
  /** Code has run that may have changed something. */
  suspect(): void
  /** A statement names what is not known: others may have made it. Null where that was looked for already, and a moment ago. */
  ask(names: readonly string[]): Promise<void> | null
  /** A statement gives values to relations: others may have changed them. Null where that was looked at a moment ago, or would have been told. */
  freshen(): Promise<void> | null
}

/** The changes that one connection makes, from the message that has one on until it is learned. */
export class SchemaWatch {
  readonly #learned: LearnedSchema | null
  /** Of the last message of the client with a change that is not committed yet; null where there is none. */
  #changedAt: number | null = null
  /** The names of relations that it may be about; null stands for any. */
  readonly #names = new Set<string | null>()
  #hasSuspicion = false
  #learning: Promise<void> | null = null

  /** `learned` is null where nothing is learned from the database. */
  constructor(learned: LearnedSchema | null) {
    this.#learned = learned
  }

  get isLearned(): boolean {
    return this.#learned !== null
  }

  /** True from a change on until it is learned. */
  get isOpen(): boolean {
    return this.#changedAt !== null || this.#learning !== null
  }

  /** True while it is learned what was committed; resolved when it is. */
  get learning(): Promise<void> | null {
    return this.#learning
  }

  /** The message of that number goes to the database. */
  sent({ isCertain, names }: SchemaChange, sequence: number): void {
    if (this.#learned === null) return
    if (!isCertain) {
      this.#hasSuspicion = true
      return
    }
    this.#changedAt = sequence
    for (const name of names ?? [null]) this.#names.add(name)
  }

  /** True where it will turn out without another message of the client whether the change is committed. */
  isEnding(expected: ExpectedQueue): boolean {
    return this.#changedAt !== null && expected.endsAfter(this.#changedAt)
  }

  /** The database is ready, and has carried out or failed at what came up to that number. */
  ready(status: TransactionStatus, sequence: number): void {
    if (status !== 'I' || this.#learned === null) return
    if (this.#hasSuspicion) this.#learned.suspect()
    this.#hasSuspicion = false
    if (this.#changedAt === null || this.#changedAt > sequence) return
    this.#changedAt = null
    const names = [...this.#names].filter((name) => name !== null)
    const isAny = names.length < this.#names.size
    this.#names.clear()
    const learning = this.#learned.changed(isAny ? null : names).then(() => {
      if (this.#learning === learning) this.#learning = null
    })
    this.#learning = learning
  }
}
