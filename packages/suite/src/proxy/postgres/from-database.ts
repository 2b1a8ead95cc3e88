import { type BufferSink, type Soon, soon } from '../../foundation/index.ts'
import type { Refusal } from '../../sql/index.ts'
import { type Outlet, ProtocolError } from '../../wire/index.ts'
import {
  Backend,
  decodeCommandComplete,
  decodeParameterStatus,
  decodeReadyForQuery,
  FrameCutter,
  HEADER_SIZE,
  isFatal,
  messageTypes,
} from '../../wire/postgres/index.ts'
import { Answer } from './answer.ts'
import { type Books, currentAnswer } from './books.ts'
import type { ClientAccess } from './client-access.ts'
import type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
import { writeCopyData } from './copy-messages.ts'
import { CopyRows } from './copy-rows.ts'
import type { Expected, ExpectedKind } from './expected.ts'
import type { Login } from './login/index.ts'
import { RefusedError, refusalResponse, refusals } from './refusal.ts'
import { RowRevealer, readFormats } from './rows.ts'
import { announceParameters, announceResults } from './types.ts'

/** Tags that begin with it are decoded: the two that forget prepared statements are among them. */
const LETTER_D = 0x44

/** The database's messages: what each means for the books, and whether it passes as it came, rewritten, or not at all. */
export class FromDatabase {
  readonly frames: FrameCutter
  /** The database has told the client why the connection ends. */
  hasSaidFatal = false
  readonly #settings: ConversationSettings
  readonly #books: Books
  readonly #observer: ConversationObserver
  readonly #login: Login | null
  readonly #rows: RowRevealer
  readonly #access: ClientAccess
  /** The rows of the COPY that the database sends, where they have protected columns. */
  #copyingOut: CopyRows | null = null

  constructor(
    settings: ConversationSettings,
    books: Books,
    access: ClientAccess,
    observer: ConversationObserver,
    toClient: Outlet,
    login: Login | null,
  ) {
    this.#login = login
    this.#access = access
    this.#settings = settings
    this.#books = books
    this.#observer = observer
    this.#rows = new RowRevealer(settings.columns, access, toClient)
    this.frames = new FrameCutter(login === null ? databaseMessages : databaseMessagesAndLogin, {
      take: (bytes, start, end) => this.#take(bytes, start, end),
      outlet: this.#rows.outlet,
      heldSizeMax: settings.heldSizeMax,
      oversized: (type) => this.#oversized(type),
    })
  }

  push(chunk: Buffer): Soon<void> {
    this.#rows.enterChunk(chunk)
    return soon(this.frames.push(chunk), () => this.#books.wake())
  }

  /** True where something was put in the message's place, or nothing shall stand there. */
  #take(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const type = bytes[start]
    if (type === Backend.errorResponse && isFatal(bytes, start, end)) return this.#fatal()
    if (!this.#books.isBrokenOff || !isAnswer(type)) return this.#mean(type, bytes, start, end)
    if (type !== Backend.dataRow) void this.#mean(type, bytes, start, end)
    return true
  }

  /** What the database's message means. True where something was put in its place. */
  #mean(type: number, bytes: Buffer, start: number, end: number): Soon<boolean> {
    const expected = this.#books.expected.head
    switch (type) {
      case Backend.dataRow:
        return this.#row(bytes, start, end, expected)
      case Backend.rowDescription:
        return this.#rowDescription(bytes, start, end, expected)
      case Backend.parameterDescription:
        return this.#parameterDescription(bytes, start, end, expected)
      case Backend.parseComplete:
        return this.#answered(expected, 'parse')
      case Backend.bindComplete:
        return this.#answered(expected, 'bind')
      case Backend.closeComplete:
        return this.#answered(expected, 'close')
      case Backend.noData:
        return this.#answered(expected, 'describe-portal', 'describe-statement')
      case Backend.portalSuspended:
        return this.#answered(expected, 'execute')
      case Backend.commandComplete:
        this.#commandComplete(bytes, start, end, expected)
        return false
      case Backend.emptyQueryResponse:
        return expected?.kind === 'query' ? false : this.#answered(expected, 'execute')
      case Backend.copyInResponse:
      case Backend.copyBothResponse:
        if (!isCarriedOut(expected)) throw outOfTurn()
        this.#books.isCopyingIn = !this.#books.expected.ignoreSyncInCopy()
        this.#books.copyingIn = this.#copyRows(expected)
        return false
      case Backend.copyOutResponse:
        if (!isCarriedOut(expected)) throw outOfTurn()
        this.#setCopyingOut(this.#copyRows(expected))
        return false
      case Backend.copyData:
        return this.#copyData(bytes, start, end, expected)
      case Backend.copyDone:
        return this.#copyDone(expected)
      case Backend.errorResponse:
        return this.#failed(expected)
      case Backend.readyForQuery:
        this.#books.ready(decodeReadyForQuery(bytes, start, end))
        // Who hears that a change is done may go on with it anywhere.
        return soon(this.#books.schema.learning, () => false)
      case Backend.authentication:
        return this.#login?.fromDatabase(bytes, start, end) ?? false
      case Backend.parameterStatus:
        this.#parameterStatus(bytes, start, end)
        return false
      default:
        return false
    }
  }

  #parameterStatus(bytes: Buffer, start: number, end: number): void {
    const status = decodeParameterStatus(bytes, start, end)
    this.#books.encoding.learn(status)
    this.#books.searchPaths.learn(status)
  }

  /** The database has carried out what is first in turn. */
  #answered(expected: Expected | null, ...kinds: readonly ExpectedKind[]): false {
    if (expected === null || !kinds.includes(expected.kind)) throw outOfTurn()
    this.#books.expected.shift()
    return false
  }

  #row(bytes: Buffer, start: number, end: number, expected: Expected | null): Soon<boolean> {
    if (!isCarriedOut(expected)) throw outOfTurn()
    const answer = currentAnswer(expected)
    const { decryptsUnconfigured, detectsPoison } = this.#settings
    const opens = !answer.isPlan && (decryptsUnconfigured || answer.protects)
    if (!opens && !detectsPoison) return false
    const failed = (error: unknown): true => {
      if (!(error instanceof RefusedError)) throw error
      this.#breakOff(expected, error.refusal)
      return true
    }
    try {
      const done = this.#rows.reveal(bytes, start, end, answer, opens)
      return done instanceof Promise ? done.catch(failed) : done
    } catch (error) {
      return failed(error)
    }
  }

  #copyRows(expected: Expected): CopyRows | null {
    const { copy } = currentAnswer(expected)
    const { columns, heldSizeMax } = this.#settings
    return copy === null ? null : new CopyRows(copy, columns, this.#access, heldSizeMax)
  }

  /** Data of a COPY is looked at only where it has protected columns. */
  #setCopyingOut(rows: CopyRows | null): void {
    if (this.#copyingOut === rows) return
    this.#copyingOut = rows
    this.frames.wanted = rows === null ? databaseMessages : databaseMessagesAndCopyData
  }

  #copyData(bytes: Buffer, start: number, end: number, expected: Expected | null): Soon<boolean> {
    const data = bytes.subarray(start + HEADER_SIZE, end)
    return this.#putCopyData(expected, (rows, sink) => rows.push(data, sink))
  }

  #copyDone(expected: Expected | null): Soon<boolean> {
    if (this.#copyingOut === null) return false
    const done = this.#putCopyData(expected, (rows, sink) => rows.finish(sink))
    return soon(done, () => {
      this.#setCopyingOut(null)
      return this.#books.isBrokenOff
    })
  }

  #putCopyData(
    expected: Expected | null,
    write: (rows: CopyRows, sink: BufferSink) => Soon<void>,
  ): Soon<boolean> {
    const rows = this.#copyingOut
    if (rows === null || this.#books.isBrokenOff) return this.#books.isBrokenOff
    if (expected === null) throw outOfTurn()
    const failed = (error: unknown): boolean => {
      if (!(error instanceof RefusedError)) throw error
      this.#breakOff(expected, error.refusal)
      return true
    }
    try {
      const written = this.#rows.gather((sink) => writeCopyData(sink, () => write(rows, sink)))
      return written instanceof Promise ? written.then(() => true, failed) : true
    } catch (error) {
      return failed(error)
    }
  }

  #rowDescription(bytes: Buffer, start: number, end: number, expected: Expected | null): boolean {
    if (expected?.kind === 'query') this.#learnFormats(bytes, start, end, expected)
    else if (expected !== null && isDescribe(expected)) this.#books.expected.shift()
    else throw outOfTurn()
    const answer = currentAnswer(expected)
    if (!answer.protects) return false
    return this.#putToClient(announceResults(bytes, start, end, answer, this.#settings.columns))
  }

  /** The rows of a query are text, but for those of a binary cursor. */
  #learnFormats(bytes: Buffer, start: number, end: number, { answers, current }: Expected): void {
    answers[current] ??= new Answer(null)
    answers[current].formats = readFormats(bytes, start, end)
  }

  #parameterDescription(
    bytes: Buffer,
    start: number,
    end: number,
    expected: Expected | null,
  ): boolean {
    if (expected?.kind !== 'describe-statement') throw outOfTurn()
    const { plan } = expected
    if (plan?.kind !== 'planned' || plan.parameters.size === 0) return false
    return this.#putToClient(announceParameters(bytes, start, end, plan.parameters))
  }

  #commandComplete(bytes: Buffer, start: number, end: number, expected: Expected | null): void {
    if (!isCarriedOut(expected)) throw outOfTurn()
    this.#books.copyingIn = null
    const { deallocates } = currentAnswer(expected)
    if (deallocates !== null) this.#books.statements.giveUp(deallocates, expected.sequence)
    if (expected.kind === 'query') expected.current++
    else this.#books.expected.shift()
    const { searchPaths } = this.#books
    if (bytes[start + HEADER_SIZE] !== LETTER_D && !searchPaths.isOpen) return
    const tag = decodeCommandComplete(bytes, start, end)
    searchPaths.completed(tag)
    if (tag === 'DISCARD ALL' || tag === 'DEALLOCATE ALL') {
      this.#books.statements.removeBefore(expected.sequence, false)
    }
  }

  /** What ends the connection is said as it is, whatever it answers. */
  #fatal(): false {
    this.hasSaidFatal = true
    return false
  }

  /** The books go where an error takes the database. True where the client gets another error in the place of it, or none. */
  #failed(expected: Expected | null): boolean {
    this.#books.isCopyingIn = false
    this.#books.copyingIn = null
    this.#setCopyingOut(null)
    if (expected === null) return false
    this.#books.fail(expected)
    return expected.refusal !== null && this.#putToClient(refusalResponse(expected.refusal))
  }

  #oversized(type: number): 'pass' | 'drop' {
    const expected = this.#books.expected.head
    if (this.#books.isBrokenOff && isAnswer(type)) return 'drop'
    switch (type) {
      case Backend.dataRow:
        if (!isCarriedOut(expected)) throw outOfTurn()
        if (!currentAnswer(expected).protects && !this.#settings.detectsPoison) return 'pass'
        this.#breakOff(expected, refusals.rowTooLong)
        return 'drop'
      case Backend.copyData:
        if (expected === null) throw outOfTurn()
        this.#breakOff(expected, refusals.rowTooLong)
        return 'drop'
      case Backend.errorResponse:
        return this.#failed(expected) ? 'drop' : 'pass'
      default:
        throw new ProtocolError('a message of the database is longer than its kind can be')
    }
  }

  /** Ends an answer with an error of ours; what the database still sends, up to ReadyForQuery, goes nowhere. */
  #breakOff(expected: Expected, refusal: Refusal): void {
    this.#observer.refused(refusal)
    this.#putToClient(refusalResponse(refusal))
    this.#books.isBrokenOff = true
    if (expected.kind === 'execute' && !this.#books.expected.hasSync) this.#books.isSkipping = true
  }

  #putToClient(bytes: Buffer | null): boolean {
    if (bytes === null) return false
    if (!this.#books.isBrokenOff) this.#rows.outlet.put(bytes)
    return true
  }
}

const databaseTypes = [
  Backend.dataRow,
  Backend.rowDescription,
  Backend.parameterDescription,
  Backend.noData,
  Backend.parseComplete,
  Backend.bindComplete,
  Backend.closeComplete,
  Backend.portalSuspended,
  Backend.commandComplete,
  Backend.emptyQueryResponse,
  Backend.copyInResponse,
  Backend.copyBothResponse,
  Backend.copyOutResponse,
  Backend.errorResponse,
  Backend.readyForQuery,
  Backend.parameterStatus,
]
const databaseMessages = messageTypes(...databaseTypes)
const databaseMessagesAndCopyData = messageTypes(
  ...databaseTypes,
  Backend.copyData,
  Backend.copyDone,
)
const databaseMessagesAndLogin = messageTypes(...databaseTypes, Backend.authentication)

/** Statements are carried out by it: rows may come, and the end of each. */
function isCarriedOut(expected: Expected | null): expected is Expected {
  return expected !== null && (expected.kind === 'query' || expected.kind === 'execute')
}

function outOfTurn(): ProtocolError {
  return new ProtocolError('the database answers what it was not asked')
}

function isDescribe({ kind }: Expected): boolean {
  return kind === 'describe-statement' || kind === 'describe-portal'
}

/** Part of an answer to the client's messages, but for its end. */
function isAnswer(type: number): boolean {
  return type !== Backend.readyForQuery && type !== Backend.parameterStatus
}
