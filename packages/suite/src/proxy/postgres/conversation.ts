import type { Soon } from '../../foundation/index.ts'
import type { Access } from '../../transform/index.ts'
import type { Outlet } from '../../wire/index.ts'
import type { Side } from '../conversation.ts'
import { Books } from './books.ts'
import type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
import { FromClient } from './from-client.ts'
import { FromDatabase } from './from-database.ts'
import { mayEnd } from './leave.ts'
import type { Login } from './login/index.ts'
import type { SessionNames } from './search-paths.ts'

const NO_NAMES: SessionNames = { user: '', path: null }

/**
 * One PostgreSQL connection after its start-up packet, as a machine of values. There is a switch for each direction, over one set of books:
 * from-client.ts and from-database.ts say for each message what it means and what goes on in its place.
 */
export class PostgresConversation {
  readonly #books: Books
  readonly #client: FromClient
  readonly #database: FromDatabase

  /** `login` has a word in authentication; null where that passes. `names` are those of the start-up packet. */
  constructor(
    settings: ConversationSettings,
    access: Access,
    observer: ConversationObserver,
    toClient: Outlet,
    toDatabase: Outlet,
    login: Login | null = null,
    names: SessionNames = NO_NAMES,
  ) {
    this.#books = new Books(names, settings.schema ?? null)
    const own = { ...access, encoding: this.#books.encoding }
    this.#client = new FromClient(settings, this.#books, own, observer, toDatabase, login)
    this.#database = new FromDatabase(settings, this.#books, own, observer, toClient, login)
  }

  fromClient(chunk: Buffer): Soon<void> {
    return this.#client.frames.push(chunk)
  }

  fromDatabase(chunk: Buffer): Soon<void> {
    return this.#database.push(chunk)
  }

  /** True once the database has been ready for the first statement: the client is logged in. */
  get isReady(): boolean {
    return this.#books.isReady
  }

  /** True while the client waits for nothing and has begun nothing. */
  get isIdle(): boolean {
    const { isReady, expected } = this.#books
    return isReady && expected.head === null && !this.#client.frames.insideFrame
  }

  /** Whether the database has told the client why the connection ends: nobody else is to say it again. */
  get hasSaidFatal(): boolean {
    return this.#database.hasSaidFatal
  }

  /** Whether the client has taken leave, or the database has said why it goes. */
  get mayDatabaseEnd(): boolean {
    return mayEnd(this.#client.frames, this.#database.frames)
  }

  /** True while a message from that side has begun and not ended. */
  isInsideMessage(side: Side): boolean {
    return (side === 'client' ? this.#client : this.#database).frames.insideFrame
  }
}
