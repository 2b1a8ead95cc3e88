import type { Soon } from '../../foundation/index.ts'
import type { Outlet } from '../../wire/index.ts'
import { Backend, FrameCutter, messageTypes } from '../../wire/postgres/index.ts'
import type { Side } from '../conversation.ts'
import { Answer } from './answer.ts'
import { mayEnd } from './leave.ts'
import type { RowRevealer } from './rows.ts'

const HEADERS_ONLY = 64
const anyAnswer = new Answer(null, null)

/**
 * A connection without protected columns. Statements are not looked at; rows are, where envelopes in them are to be opened, and then each
 * cell tells its format itself.
 */
export class PassThrough {
  readonly #fromClient: FrameCutter
  readonly #fromDatabase: FrameCutter
  readonly #rows: RowRevealer | null
  #isReady = false
  #isIdle = false

  /** `rows` opens envelopes in rows of up to `heldSizeMax` bytes; null where none are looked for. */
  constructor(
    toClient: Outlet,
    toDatabase: Outlet,
    rows: RowRevealer | null = null,
    heldSizeMax: number = HEADERS_ONLY,
  ) {
    this.#rows = rows
    this.#fromClient = new FrameCutter(nothing, {
      take: () => false,
      outlet: toDatabase,
      heldSizeMax: HEADERS_ONLY,
      oversized: () => 'pass',
    })
    this.#fromDatabase = new FrameCutter(rows === null ? readyOnly : readyAndRows, {
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
    this.#isReady = true
    this.#isIdle = true
    return false
  }
}

const nothing = messageTypes()
const readyOnly = messageTypes(Backend.readyForQuery)
const readyAndRows = messageTypes(Backend.readyForQuery, Backend.dataRow)
