import type { Refusal } from '../../sql/index.ts'
import type { Plan } from '../plan.ts'
import type { Answer } from './answer.ts'
import type { Change } from './prepared.ts'

/**
 * How much of what the database owes is kept in the books before the client has to wait, and when it may go on. The database sends answers
 * when some 8 kB of them have come together, 5 bytes or more each.
 */
export const EXPECTED_MAX = 10_000
export const EXPECTED_AGAIN = 5000

/**
 * What the database still owes the client, in the order in which the client asked.
 *
 * The manual, "Message Flow": every message of the extended protocol is answered in order; after an error the database
 * skips to the next Sync; a simple query is answered by one ReadyForQuery whatever happens in it.
 */
export type ExpectedKind =
  /** Query: answers of its statements, then ReadyForQuery. */
  | 'query'
  /** FunctionCall: FunctionCallResponse, then ReadyForQuery. */
  | 'function'
  | 'parse'
  | 'bind'
  | 'close'
  /** Describe of a statement: ParameterDescription, then RowDescription or NoData. */
  | 'describe-statement'
  | 'describe-portal'
  /** Execute: rows, then CommandComplete, EmptyQueryResponse or PortalSuspended. */
  | 'execute'
  | 'sync'
  /** CopyDone or CopyFail of the client: owes nothing, but ends the stretch in which the database ignores Sync. */
  | 'copy-end'

export interface Expected {
  readonly kind: ExpectedKind
  /** Counts the client's messages: what stands later in the stream has a higher one. */
  readonly sequence: number
  /** Set where the database got a harmless text in the statement's place, or the end of a COPY: its error is answered by this one. */
  refusal: Refusal | null
  /** Of a Describe of a statement and of a query: its plan. */
  readonly plan: Plan | null
  /** How the rows of each statement are read; only a query has several. */
  readonly answers: Answer[]
  /** Index of the statement that is being answered. */
  current: number
  /** What the client's message changes in our books, once the database has carried it out. */
  readonly change: Change | null
}

/** What is owed, oldest first. Every operation takes constant time per item over the item's life. */
export class ExpectedQueue {
  #items: (Expected | undefined)[] = []
  #first = 0

  /** What is owed next; the end of a copy owes nothing. */
  get head(): Expected | null {
    while (this.#items[this.#first]?.kind === 'copy-end') this.shift()
    return this.#items[this.#first] ?? null
  }

  get size(): number {
    return this.#items.length - this.#first
  }

  push(expected: Expected): void {
    // The end of a copy says something of what stands before it only: a client that says nothing else does not fill the queue.
    if (expected.kind === 'copy-end' && !this.#mayBeCopy) return
    this.#items.push(expected)
  }

  get #mayBeCopy(): boolean {
    const last = this.#items.at(-1)
    return last !== undefined && last.kind !== 'copy-end'
  }

  /** Removes the head: the database has carried it out. */
  shift(): void {
    this.#items[this.#first]?.change?.confirm()
    this.#forget(this.#first + 1)
  }

  /** The database has failed at the head: drops everything before the next Sync and takes back what it changed. False where no Sync was asked for yet. */
  dropToSync(): boolean {
    let at = this.#first
    if (at < this.#items.length && this.#items[at]!.kind !== 'sync')
      this.#items[at++]!.change?.fail()
    while (at < this.#items.length && this.#items[at]!.kind !== 'sync') {
      this.#items[at++]!.change?.undo()
    }
    this.#forget(at)
    return this.#items.length > 0
  }

  /** True while the client's message of that number is not answered. */
  holds(sequence: number): boolean {
    return this.#items.some((item) => item?.sequence === sequence)
  }

  /** True where the client's message of that number, or one behind it, will be answered by ReadyForQuery. */
  endsAfter(sequence: number): boolean {
    return this.#items.some(
      (item) => item !== undefined && item.sequence >= sequence && isEndedByReady(item),
    )
  }

  /** True where a Sync has been asked for. */
  get hasSync(): boolean {
    return this.#items.some((item) => item?.kind === 'sync')
  }

  /**
   * The head has become a COPY from the client: every Sync before the client's CopyDone or CopyFail is ignored by the database.
   * False where the client has not sent that end yet.
   */
  ignoreSyncInCopy(): boolean {
    const [head, ...others] = this.#items.slice(this.#first)
    const end = others.findIndex((item) => item!.kind === 'copy-end')
    const inside = end === -1 ? others : others.slice(0, end)
    const behind = end === -1 ? [] : others.slice(end + 1)
    this.#items = [head].concat(
      inside.filter((item) => item!.kind !== 'sync'),
      behind,
    )
    this.#first = 0
    return end !== -1
  }

  /** Everything before `first` is done with. */
  #forget(first: number): void {
    for (let at = this.#first; at < first; at++) this.#items[at] = undefined
    this.#first = first
    if (first >= this.#items.length) {
      this.#items.length = 0
      this.#first = 0
    } else if (first > 1024 && first * 2 > this.#items.length) {
      this.#items.splice(0, first)
      this.#first = 0
    }
  }
}

/** True for what the database answers by ReadyForQuery at the end. */
export function isEndedByReady({ kind }: Expected): boolean {
  return kind === 'sync' || kind === 'query' || kind === 'function'
}
