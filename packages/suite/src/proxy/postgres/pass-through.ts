import type { Soon } from '../../foundation/index.ts'
import type { Outlet } from '../../wire/index.ts'
import { Backend, FrameCutter, Frontend, messageTypes } from '../../wire/postgres/index.ts'
import type { Side } from '../conversation.ts'
import { Answer } from './answer.ts'
import { mayEnd } from './leave.ts'
import { LOGIN_SIZE_MAX, type Login } from './login/index.ts'
import type { RowRevealer } from './rows.ts'

const anyAnswer = new Answer(null, null)

/**
 * A connection without protected columns. Statements are not looked at; rows are, where envelopes in them are to be opened, and then each
 * cell tells its format itself.
 */
export class PassThrough {
  readonly #fromClient: FrameCutter
  readonly #fromDatabase: FrameCutter
  readonly #login: Login | null
  readonly #rows: RowRevealer | null
  #isReady = false
  #isIdle = false

  /** `login` has a word in authentication; null where that passes. `rows` opens envelopes in rows of up to `heldSizeMax` bytes; null where none are looked for. */
  constructor(
    toClient: Outlet,
    toDatabase: Outlet,
    login: Login | null = null,
    rows: RowRevealer | null = null,
    heldSizeMax: number = LOGIN_SIZE_MAX,
  ) {
    this.#login = login
    this.#rows = rows
    this.#fromClient = new FrameCutter(login === null ? nothing : passwords, {
      take: (bytes, start, end) => login?.fromClient(bytes, start, end) ?? false,
      outlet: toDatabase,
      heldSizeMax: LOGIN_SIZE_MAX,
      oversized: () => 'pass',
    })
    const wanted: number[] = [Backend.readyForQuery]
    if (rows !== null) wanted.push(Backend.dataRow)
    if (login !== null) wanted.push(Backend.authentication)
    this.#fromDatabase = new FrameCutter(messageTypes(...wanted), {
      take: (bytes, start, end) => this.#take(bytes, start, end),
      outlet: rows?.outlet ?? toClient,
      heldSizeMax,
      oversized: () => 'pass',
    })
  }

  get isReady(): boolean {
    return this.#isReady
  }

  isInsideMessage(side: Side): boolean {
    return (side === 'client' ? this.#fromClient : this.#fromDatabase).insideFrame
  }

  /** Whether the client has taken leave, or the database has said why it goes. */
  get mayDatabaseEnd(): boolean {
    return mayEnd(this.#fromClient, this.#fromDatabase)
  }

  /** True where the database's last word was that it is ready. With statements in a row it may be so too early. */
  get isIdle(): boolean {
    return this.#isIdle
  }

  fromClient(chunk: Buffer): Soon<void> {
    this.#isIdle = false
    return this.#fromClient.push(chunk)
  }

  fromDatabase(chunk: Buffer): Soon<void> {
    this.#rows?.enterChunk(chunk)
    return this.#fromDatabase.push(chunk)
  }

  #take(bytes: Buffer, start: number, end: number): Soon<boolean> {
    if (bytes[start] === Backend.dataRow && this.#rows !== null) {
      return this.#rows.reveal(bytes, start, end, anyAnswer)
    }
    if (bytes[start] === Backend.authentication && this.#login !== null) {
      return this.#login.fromDatabase(bytes, start, end)
    }
    this.#isReady = true
    this.#isIdle = true
    return false
  }
}

const nothing = messageTypes()
const passwords = messageTypes(Frontend.password)
