import type { Refusal } from '../../sql/index.ts'
import type { Plan } from '../plan.ts'
import type { Answer } from './answer.ts'

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
  /** Set where the database got a harmless text in the statement's place: its error is answered by this one. */
  readonly refusal: Refusal | null
  /** Of a Describe of a statement and of a query: its plan. */
  readonly plan: Plan | null
  /** How the rows of each statement are read; only a query has several. */
  readonly answers: Answer[]
  /** Index of the statement that is being answered. */
  current: number
  /** Takes back what the client's message changed in our books, where the database never carried it out. */
  readonly undo: (() => void) | null
}

/** A queue of what is owed. Its size is bounded by what the sockets' buffers can hold of unanswered messages. */
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
    this.#items.push(expected)
  }

  /** Removes the head. */
  shift(): void {
    this.#items[this.#first++] = undefined
    if (this.#first === this.#items.length) {
      this.#items.length = 0
      this.#first = 0
    } else if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** Drops everything before the next Sync, newest first, and takes back what it changed. False where no Sync was asked for yet. */
  dropToSync(): boolean {
    let sync = this.#first
    while (sync < this.#items.length && this.#items[sync]!.kind !== 'sync') sync++
    for (let i = sync - 1; i >= this.#first; i--) this.#items[i]!.undo?.()
    const found = sync < this.#items.length
    this.#items = found ? this.#items.slice(sync) : []
    this.#first = 0
    return found
  }

  /** Drops what stands before the next thing that ReadyForQuery ends. */
  shiftToReady(): void {
    for (let head = this.head; head !== null && !isEndedByReady(head); head = this.head)
      this.shift()
  }

  /**
   * The head has become a COPY from the client: every Sync before the client's CopyDone or CopyFail is ignored by the database.
   * False where the client has not sent that end yet.
   */
  ignoreSyncInCopy(): boolean {
    for (let i = this.#first + 1; i < this.#items.length; i++) {
      const kind = this.#items[i]!.kind
      if (kind === 'copy-end') {
        this.#items.splice(i, 1)
        return true
      }
      if (kind === 'sync') this.#items.splice(i--, 1)
    }
    return false
  }
}

/** True for what the database answers by ReadyForQuery at the end. */
export function isEndedByReady({ kind }: Expected): boolean {
  return kind === 'sync' || kind === 'query' || kind === 'function'
}
