import { performance } from 'node:perf_hooks'
import type { Soon } from '../../foundation/index.ts'
import type { Histogram } from '../../observe/index.ts'
import type { Conversation, Side } from '../../proxy/index.ts'

/** What is told of a conversation. */
export interface ObservedConversationOptions {
  readonly requests: Histogram
  readonly responses: Histogram
  /** The client is logged in: called once. */
  readonly onLogin: () => void
}

/**
 * A conversation whose work is timed once its client is logged in: what is done with each chunk that one read brings,
 * mostly one message of a client, or one answer. Waiting for keys counts; waiting for the database does not.
 */
export class ObservedConversation implements Conversation {
  readonly #inner: Conversation
  readonly #options: ObservedConversationOptions

  constructor(inner: Conversation, options: ObservedConversationOptions) {
    this.#inner = inner
    this.#options = options
  }

  get isStarting(): boolean {
    return this.#inner.isStarting
  }

  get mayDatabaseEnd(): boolean {
    return this.#inner.mayDatabaseEnd !== false
  }

  isInsideMessage(side: Side): boolean {
    return this.#inner.isInsideMessage(side)
  }

  lastWords(error: Error, side: Side): Buffer | null {
    return this.#inner.lastWords(error, side)
  }

  fromClient(chunk: Buffer): Soon<void> {
    if (this.#inner.isStarting) return this.#inner.fromClient(chunk)
    const begin = performance.now()
    return counted(this.#inner.fromClient(chunk), begin, this.#options.requests)
  }

  fromDatabase(chunk: Buffer): Soon<void> {
    if (this.#inner.isStarting) {
      const done = this.#inner.fromDatabase(chunk)
      if (!this.#inner.isStarting) this.#options.onLogin()
      return done
    }
    const begin = performance.now()
    return counted(this.#inner.fromDatabase(chunk), begin, this.#options.responses)
  }
}

function counted(done: Soon<void>, begin: number, histogram: Histogram): Soon<void> {
  if (done instanceof Promise) return done.then(() => counted(undefined, begin, histogram))
  histogram.observe((performance.now() - begin) / 1000)
}
