import type { SchemaQueries } from '../introspection/index.ts'
import { type Account, AccountError, type AccountSession, openSession } from './account.ts'

/**
 * A session that nobody uses is kept for so long, in milliseconds: changes of a schema come in crowds. Whoever copies or drops the database waits
 * for it.
 */
const KEPT_MS = 250

/** The session of the account in one database: opened when it is needed, and kept for a while, or for as long as the database tells of changes by it. */
export class AccountLine {
  readonly #open: () => Promise<AccountSession>
  #session: AccountSession | null = null
  #leaving: NodeJS.Timeout | null = null
  #isClosed = false

  /** `told` is called for what comes on the channel. */
  constructor(account: Account, database: string, channel: string, told: () => void) {
    this.#open = () => openSession(account, database, channel, told)
  }

  /** True while what is told on the channel is heard. */
  get isListening(): boolean {
    return this.#session?.isListening === true && !this.#session.isBroken
  }

  /**
   * Lets `work` ask, one at a time. A session that was kept and has ended meanwhile is replaced at once. It is kept on while `keeps` says so.
   * Throws what `work` throws, and what opening a session throws.
   */
  async use<T>(work: (queries: SchemaQueries) => Promise<T>, keeps: () => boolean): Promise<T> {
    const kept = this.#kept()
    if (kept !== null) {
      try {
        return await this.#work(kept, work, keeps)
      } catch (error) {
        if (!isEnd(error)) throw error
      }
    }
    return this.#work(await this.#open(), work, keeps)
  }

  close(): void {
    this.#isClosed = true
    this.#leave()
  }

  #kept(): AccountSession | null {
    const session = this.#session
    if (session === null || !session.isBroken) return session
    this.#leave()
    return null
  }

  async #work<T>(
    session: AccountSession,
    work: (queries: SchemaQueries) => Promise<T>,
    keeps: () => boolean,
  ): Promise<T> {
    if (this.#leaving !== null) clearTimeout(this.#leaving)
    this.#leaving = null
    this.#session = session
    try {
      const done = await work(session.queries)
      if (this.#isClosed) this.#leave()
      else if (!keeps()) this.#leaving = setTimeout(() => this.#leave(), KEPT_MS).unref()
      return done
    } catch (error) {
      // What has gone wrong in it may go on.
      this.#leave()
      throw error
    }
  }

  #leave(): void {
    if (this.#leaving !== null) clearTimeout(this.#leaving)
    this.#leaving = null
    this.#session?.close()
    this.#session = null
  }
}

/** True where the session, and not what was asked, is the reason: the database has ended it (57P), or nothing was said at all. */
function isEnd(error: unknown): boolean {
  return (
    error instanceof AccountError && (error.sqlState === null || error.sqlState.startsWith('57P'))
  )
}
