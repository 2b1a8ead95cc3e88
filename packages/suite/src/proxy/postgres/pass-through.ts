import type { Soon } from '../../foundation/index.ts'
import { type Outlet, ProtocolError } from '../../wire/index.ts'
import { Backend, FrameCutter, Frontend, isFatal, messageTypes } from '../../wire/postgres/index.ts'
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
  readonly #reading: RowReading | null
  #isReady = false
  #isIdle = false
  #hasSaidFatal = false

  /** `login` has a word in authentication; null where that passes. `reading` is null where rows are not looked at. */
  constructor(
    toClient: Outlet,
    toDatabase: Outlet,
    login: Login | null = null,
    reading: RowReading | null = null,
  ) {
    this.#login = login
    this.#reading = reading
    this.#fromClient = new FrameCutter(login === null ? nothing : passwords, {
      take: (bytes, start, end) => login?.fromClient(bytes, start, end) ?? false,
      outlet: toDatabase,
      heldSizeMax: LOGIN_SIZE_MAX,
      oversized: () => 'pass',
    })
    const wanted: number[] = [Backend.readyForQuery, Backend.errorResponse]
    if (reading !== null) wanted.push(Backend.dataRow)
    if (login !== null) wanted.push(Backend.authentication)
    this.#fromDatabase = new FrameCutter(messageTypes(...wanted), {
      take: (bytes, start, end) => this.#take(bytes, start, end),
      outlet: reading?.rows.outlet ?? toClient,
      heldSizeMax: reading?.heldSizeMax ?? LOGIN_SIZE_MAX,
      oversized: (type) => this.#oversized(type),
    })
  }

  get isReady(): boolean {
    return this.#isReady
  }

  isInsideMessage(side: Side): boolean {
    return (side === 'client' ? this.#fromClient : this.#fromDatabase).insideFrame
  }

  /** Whether the database has told the client why the connection ends: nobody else is to say it again. */
  get hasSaidFatal(): boolean {
    return this.#hasSaidFatal
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
    this.#reading?.rows.enterChunk(chunk)
    return this.#fromDatabase.push(chunk)
  }

  #take(bytes: Buffer, start: number, end: number): Soon<boolean> {
    if (bytes[start] === Backend.dataRow && this.#reading !== null) {
      const { rows, opens } = this.#reading
      return rows.reveal(bytes, start, end, anyAnswer, opens)
    }
    if (bytes[start] === Backend.authentication && this.#login !== null) {
      return this.#login.fromDatabase(bytes, start, end)
    }
    if (bytes[start] === Backend.errorResponse) {
      this.#hasSaidFatal ||= isFatal(bytes, start, end)
      return false
    }
    this.#isReady = true
    this.#isIdle = true
    return false
  }

  #oversized(type: number): 'pass' {
    if (type === Backend.dataRow && this.#reading?.mustRead === true)
      throw new ProtocolError('a row that must be looked through is longer than max_held_message')
    return 'pass'
  }
}

/** How the rows of a connection without protected columns are looked at. */
export interface RowReading {
  readonly rows: RowRevealer
  /** Envelopes are opened; else they are only looked at. */
  readonly opens: boolean
  /** No row may pass unread. */
  readonly mustRead: boolean
  /** Bytes of a row that is read at most. */
  readonly heldSizeMax: number
}

const nothing = messageTypes()
const passwords = messageTypes(Frontend.password)
