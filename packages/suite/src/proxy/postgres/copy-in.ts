import { BufferSink, type Soon } from '../../foundation/index.ts'
import type { Refusal } from '../../sql/index.ts'
import type { Outlet } from '../../wire/index.ts'
import type { AnswerPlan } from '../plan.ts'
import type { Books } from './books.ts'
import type { ConversationObserver } from './conversation-settings.ts'
import { copyFailMessage, writeCopyData } from './copy-messages.ts'
import type { CopyRows } from './copy-rows.ts'
import { RefusedError, refusals } from './refusal.ts'

/** More room is not taken for a message before it is needed, in bytes. */
const ROOM_MAX = 1 << 18

/** The client's data of a COPY that has protected columns: looked at when the database has said that it reads it. */
export class CopyIn {
  readonly #books: Books
  readonly #observer: ConversationObserver
  readonly #toDatabase: Outlet
  readonly #wait: (holds: () => boolean) => Promise<void>
  /** The number of the client's message that asks for the copy; null where the last one asks for none. */
  #sequence: number | null = null
  /** Bytes that the last message took: the next one will be about as long. */
  #room = 0
  /** The database has been told by us that the copy has failed. */
  #hasFailed = false

  constructor(
    books: Books,
    observer: ConversationObserver,
    toDatabase: Outlet,
    wait: (holds: () => boolean) => Promise<void>,
  ) {
    this.#books = books
    this.#observer = observer
    this.#toDatabase = toDatabase
    this.#wait = wait
  }

  /** True where the last statement reads such data. */
  get isExpected(): boolean {
    return this.#sequence !== null
  }

  expect(sequence: number | null): void {
    this.#sequence = sequence
    this.#hasFailed = false
  }

  /** CopyData. True where something is put in its place, or nothing is to stand there. */
  data(data: Buffer): Soon<boolean> {
    // Of a statement that has been refused.
    if (!this.isExpected) return true
    return this.#whenReading(() => this.#put((rows, sink) => rows.push(data, sink)))
  }

  /** CopyDone. True where it is not for the database. */
  done(): Soon<boolean> {
    if (!this.isExpected) return false
    return this.#whenReading(() => {
      const put = this.#put((rows, sink) => rows.finish(sink))
      return put instanceof Promise ? put.then(() => this.#hasFailed) : this.#hasFailed
    })
  }

  /** Data in a message that is longer than may be held. */
  oversized(): void {
    if (this.isExpected && this.#books.copyingIn !== null) this.#fail(refusals.copyRow)
  }

  #whenReading(next: () => Soon<boolean>): Soon<boolean> {
    const { isCopyingIn, expected } = this.#books
    const sequence = this.#sequence ?? 0
    if (isCopyingIn || !expected.holds(sequence)) return next()
    const isKnown = () => this.#books.isCopyingIn || !expected.holds(sequence)
    return this.#wait(isKnown).then(next)
  }

  /** Puts rows in the place of the client's; none where the database reads none, or has been told that the copy has failed. */
  #put(write: (rows: CopyRows, sink: BufferSink) => Soon<void>): Soon<boolean> {
    const { isCopyingIn, copyingIn } = this.#books
    if (!isCopyingIn || this.#hasFailed) return true
    if (copyingIn === null) return false
    const sink = new BufferSink(this.#room)
    const put = () => {
      this.#room = Math.min(sink.length, ROOM_MAX)
      if (this.#books.isCopyingIn) this.#toDatabase.put(sink.take())
      return true
    }
    const failed = (error: unknown): boolean => {
      if (!(error instanceof RefusedError)) throw error
      return this.#fail(error.refusal)
    }
    try {
      const written = writeCopyData(sink, () => write(copyingIn, sink))
      return written instanceof Promise ? written.then(put, failed) : put()
    } catch (error) {
      return failed(error)
    }
  }

  /** Ends the copy by the database's own error, in whose place the client gets ours. */
  #fail(refusal: Refusal): true {
    this.#observer.refused(refusal)
    const { head } = this.#books.expected
    if (head !== null) head.refusal = refusal
    this.#hasFailed = true
    if (this.#books.isCopyingIn) this.#toDatabase.put(copyFailMessage)
    return true
  }
}

/** True for a statement that reads such data. */
export function isCopyIn({ copy }: AnswerPlan): boolean {
  return copy?.direction === 'in'
}
