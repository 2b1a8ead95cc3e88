import { BufferSink, type Soon } from '../../foundation/index.ts'
import type { Refusal } from '../../sql/index.ts'
import type { Access } from '../../transform/index.ts'
import { type Outlet, ProtocolError } from '../../wire/index.ts'
import {
  Backend,
  decodeBind,
  decodeCommandComplete,
  decodeExecute,
  decodeParameterStatus,
  decodeParse,
  decodeQuery,
  decodeReadyForQuery,
  decodeTarget,
  FrameCutter,
  Frontend,
} from '../../wire/postgres/index.ts'
import type { ColumnTable } from '../columns.ts'
import type { Side } from '../conversation.ts'
import type { AnswerPlan, Plan } from '../plan.ts'
import { Answer } from './answer.ts'
import { Encoding } from './encoding.ts'
import { type Expected, type ExpectedKind, ExpectedQueue, isEndedByReady } from './expected.ts'
import { isCarriedFunction } from './function-call.ts'
import type { PlannedText, Planner } from './planner.ts'
import { Names, type Portal, type Statement } from './prepared.ts'
import { inPlaceOf, RefusedError, refusalResponse, refusals } from './refusal.ts'
import { Rewriter } from './rewrite.ts'
import { RowRevealer, readFormats } from './rows.ts'
import { announceParameters, announceResults } from './types.ts'

/** What a conversation tells of itself: the composition root logs and counts it. */
export interface ConversationObserver {
  refused(refusal: Refusal): void
  passedUnprotected(refusal: Refusal): void
}

/** What all conversations of one configuration share. */
export interface ConversationSettings {
  readonly planner: Planner
  readonly columns: ColumnTable
  /** Look for envelopes in columns that the configuration does not name. */
  readonly decryptsUnconfigured: boolean
  /** A larger message cannot be looked at, in bytes. */
  readonly heldSizeMax: number
}

const NO_ANSWER = new Answer(null)

/**
 * One PostgreSQL connection after its start-up packet, as a machine of values. Two switches, one per direction: what each
 * message means for our books, and whether it passes as it came or something stands in its place.
 */
export class PostgresConversation {
  readonly #settings: ConversationSettings
  readonly #observer: ConversationObserver
  readonly #toDatabase: Outlet
  readonly #clientFrames: FrameCutter
  readonly #databaseFrames: FrameCutter

  readonly #expected = new ExpectedQueue()
  readonly #statements = new Names<Statement>()
  readonly #portals = new Names<Portal>()
  readonly #cursors = new Names<Portal>()
  readonly #encoding = new Encoding()
  readonly #rewriter: Rewriter
  readonly #rows: RowRevealer
  /** Counts the client's messages. */
  #sequence = 0
  /** The database has failed and discards everything up to a Sync that the client has not sent yet. */
  #skipping = false
  /** The last statement was refused: data of a COPY that the client sends for it all the same is not for the database. */
  #refusedLast = false
  /** The database reads COPY data: it ignores Sync until the client ends the copy. */
  #copyingIn = false
  #isReady = false
  /** An answer was broken off by us: what the database still sends of it is not for the client. */
  #brokenOff = false

  constructor(
    settings: ConversationSettings,
    access: Access,
    observer: ConversationObserver,
    toClient: Outlet,
    toDatabase: Outlet,
  ) {
    this.#settings = settings
    this.#observer = observer
    this.#toDatabase = toDatabase
    this.#rewriter = new Rewriter(access, this.#encoding)
    this.#rows = new RowRevealer(settings.columns, access, toClient)
    this.#clientFrames = new FrameCutter(clientMessages, {
      take: (bytes, start, end) => this.#takeFromClient(bytes, start, end),
      outlet: toDatabase,
      heldSizeMax: settings.heldSizeMax,
      oversized: (type) => this.#oversizedFromClient(type),
    })
    this.#databaseFrames = new FrameCutter(databaseMessages, {
      take: (bytes, start, end) => this.#takeFromDatabase(bytes, start, end),
      outlet: this.#rows.outlet,
      heldSizeMax: settings.heldSizeMax,
      oversized: (type) => this.#oversizedFromDatabase(type),
    })
  }

  fromClient(chunk: Buffer): Soon<void> {
    return this.#clientFrames.push(chunk)
  }

  fromDatabase(chunk: Buffer): Soon<void> {
    this.#rows.enterChunk(chunk)
    return this.#databaseFrames.push(chunk)
  }

  /** True once the database has been ready for the first statement: the client is logged in. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** True while the client waits for nothing and has begun nothing. */
  get isIdle(): boolean {
    return this.#isReady && this.#expected.head === null && !this.#clientFrames.insideFrame
  }

  /** True while a message from that side has begun and not ended. */
  isInsideMessage(side: Side): boolean {
    return (side === 'client' ? this.#clientFrames : this.#databaseFrames).insideFrame
  }

  /** What the client's message means. True where something was put in its place. */
  #takeFromClient(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const type = bytes[start]
    // How the database reads statements is known when it is ready for the first.
    if (!this.#isReady) throw new ProtocolError('a statement before the client is logged in')
    if (this.#skipping && type !== Frontend.sync) return true
    if (this.#refusedLast && type === Frontend.copyData) return true
    this.#sequence++
    switch (type) {
      case Frontend.query:
        return this.#query(bytes, start, end)
      case Frontend.parse:
        return this.#parse(bytes, start, end)
      case Frontend.bind:
        return this.#bind(bytes, start, end)
      case Frontend.describe:
        return this.#describe(bytes, start, end)
      case Frontend.execute:
        return this.#execute(bytes, start, end)
      case Frontend.close:
        return this.#close(bytes, start, end)
      case Frontend.functionCall:
        return this.#functionCall(bytes, start, end)
      case Frontend.sync:
        return this.#sync()
      case Frontend.copyDone:
      case Frontend.copyFail:
        return this.#copyEnd()
      default:
        return false
    }
  }

  /** What the database's message means. True where something was put in its place, or nothing shall stand there. */
  #takeFromDatabase(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const type = bytes[start]
    const expected = this.#expected.head
    if (this.#brokenOff && isAnswer(type)) return true
    switch (type) {
      case Backend.dataRow:
        return this.#row(bytes, start, end, expected)
      case Backend.rowDescription:
        return this.#rowDescription(bytes, start, end, expected)
      case Backend.parameterDescription:
        return this.#parameterDescription(bytes, start, end, expected)
      case Backend.noData:
      case Backend.parseComplete:
      case Backend.bindComplete:
      case Backend.closeComplete:
      case Backend.portalSuspended:
        this.#expected.shift()
        return false
      case Backend.commandComplete:
        this.#commandComplete(bytes, start, end, expected)
        return false
      case Backend.emptyQueryResponse:
        if (expected?.kind === 'execute') this.#expected.shift()
        return false
      case Backend.copyInResponse:
      case Backend.copyBothResponse:
        this.#copyingIn = !this.#expected.ignoreSyncInCopy()
        return false
      case Backend.errorResponse:
        return this.#error(expected)
      case Backend.readyForQuery:
        this.#ready(bytes, start, end)
        return false
      case Backend.parameterStatus:
        this.#encoding.learn(decodeParameterStatus(bytes, start, end))
        return false
      default:
        return false
    }
  }

  // From the client.

  #query(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const { textStart, textEnd } = decodeQuery(bytes, start, end)
    const text = bytes.subarray(textStart, textEnd)
    const { plan, shape } = this.#planned(this.#settings.planner.forQuery(text), text)
    if (plan.kind === 'refused') return this.#refuse('query', inPlaceOf.query, plan.refusal)
    const expect = () => this.#expectQuery(plan)
    if (plan.kind === 'untouched' || plan.literals.length === 0) {
      expect()
      return false
    }
    return this.#rewritten('query', inPlaceOf.query, expect, (sink) =>
      this.#rewriter.query(text, plan, shape, sink),
    )
  }

  #parse(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const message = decodeParse(bytes, start, end)
    const text = bytes.subarray(message.textStart, message.textEnd)
    const { plan, shape } = this.#planned(this.#settings.planner.forParse(text), text)
    if (plan.kind === 'refused') return this.#refuse('parse', inPlaceOf.parse, plan.refusal)
    if (this.#statements.isFull) {
      return this.#refuse('parse', inPlaceOf.parse, refusals.tooManyStatements)
    }
    const expect = () => {
      const statement = { plan, sequence: this.#sequence }
      this.#expect('parse', NO_ANSWER, this.#statements.set(message.statement, statement))
    }
    if (plan.kind === 'untouched' || (plan.literals.length === 0 && plan.parameters.size === 0)) {
      expect()
      return false
    }
    return this.#rewritten('parse', inPlaceOf.parse, expect, (sink) =>
      this.#rewriter.parse(message, text, plan, shape, sink),
    )
  }

  #bind(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const message = decodeBind(bytes, start, end)
    const plan = this.#statements.get(message.statement)?.plan ?? null
    const expect = () => {
      const answer = this.#answer(firstAnswer(plan), message.resultFormats)
      const portal = { answer, sequence: this.#sequence }
      this.#expect('bind', NO_ANSWER, this.#portals.set(message.portal, portal))
    }
    if (plan === null && message.parameterCount > 0 && !this.#settings.planner.idle) {
      return this.#refuse('bind', inPlaceOf.bind, refusals.unknownStatement)
    }
    if (plan?.kind !== 'planned' || plan.parameters.size === 0) {
      expect()
      return false
    }
    return this.#rewritten('bind', inPlaceOf.bind, expect, (sink) =>
      this.#rewriter.bind(bytes, message, plan, sink),
    )
  }

  #describe(bytes: Buffer, start: number, end: number): boolean {
    const { kind, name } = decodeTarget(bytes, start, end)
    if (kind === 'portal') {
      this.#expect('describe-portal', this.#portals.get(name)?.answer ?? NO_ANSWER, null)
      return false
    }
    const plan = this.#statements.get(name)?.plan ?? null
    this.#expect('describe-statement', this.#answer(firstAnswer(plan), []), null, plan)
    return false
  }

  #execute(bytes: Buffer, start: number, end: number): boolean {
    const { portal } = decodeExecute(bytes, start, end)
    this.#setRefusedLast(false)
    this.#expect('execute', this.#portals.get(portal)?.answer ?? NO_ANSWER, null)
    return false
  }

  #close(bytes: Buffer, start: number, end: number): boolean {
    const { kind, name } = decodeTarget(bytes, start, end)
    const names = kind === 'portal' ? this.#portals : this.#statements
    this.#expect('close', NO_ANSWER, names.remove(name))
    return false
  }

  #functionCall(bytes: Buffer, start: number, end: number): boolean {
    if (!this.#settings.planner.idle && !isCarriedFunction(bytes, start, end)) {
      return this.#refuse('function', inPlaceOf.function, refusals.functionCall)
    }
    this.#expect('function', NO_ANSWER, null)
    return false
  }

  #sync(): boolean {
    if (this.#copyingIn) return false
    this.#skipping = false
    this.#expect('sync', NO_ANSWER, null)
    return false
  }

  #copyEnd(): boolean {
    if (this.#copyingIn) this.#copyingIn = false
    else this.#expect('copy-end', NO_ANSWER, null)
    return false
  }

  // From the database.

  #row(bytes: Buffer, start: number, end: number, expected: Expected | null): Soon<boolean> {
    const answer = expected === null ? NO_ANSWER : currentAnswer(expected)
    if (!this.#settings.decryptsUnconfigured && !answer.protects) return false
    return this.#rows.reveal(bytes, start, end, answer)
  }

  #rowDescription(bytes: Buffer, start: number, end: number, expected: Expected | null): boolean {
    if (expected === null) return false
    if (expected.kind === 'query') this.#learnFormats(bytes, start, end, expected)
    else if (isDescribe(expected)) this.#expected.shift()
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
    const plan = expected?.plan ?? null
    if (plan?.kind !== 'planned' || plan.parameters.size === 0) return false
    return this.#putToClient(announceParameters(bytes, start, end, plan.parameters))
  }

  #commandComplete(bytes: Buffer, start: number, end: number, expected: Expected | null): void {
    if (expected === null) return
    if (expected.kind === 'query') expected.current++
    else if (expected.kind === 'execute') this.#expected.shift()
    // Only the two tags that forget prepared statements begin so; all others are not decoded.
    if (bytes[start + 5] !== 0x44) return
    const tag = decodeCommandComplete(bytes, start, end)
    if (tag === 'DISCARD ALL' || tag === 'DEALLOCATE ALL') {
      this.#statements.removeBefore(expected.sequence)
    }
  }

  #error(expected: Expected | null): boolean {
    this.#copyingIn = false
    if (expected === null) return false
    const skips =
      expected.kind !== 'query' && expected.kind !== 'function' && expected.kind !== 'sync'
    if (skips && !this.#expected.dropToSync()) this.#skipping = true
    if (this.#brokenOff) return true
    return expected.refusal !== null && this.#putToClient(refusalResponse(expected.refusal))
  }

  #ready(bytes: Buffer, start: number, end: number): void {
    const status = decodeReadyForQuery(bytes, start, end)
    this.#isReady = true
    if (this.#brokenOff) this.#expected.shiftToReady()
    this.#brokenOff = false
    const expected = this.#expected.head
    // The first one, which ends the start-up, answers to nothing.
    if (expected === null) return
    if (!isEndedByReady(expected)) {
      throw new ProtocolError('the database is ready before it has answered')
    }
    this.#expected.shift()
    // Portals end with their transaction.
    if (status === 'I') this.#portals.removeBefore(expected.sequence)
  }

  // What cannot be held.

  #oversizedFromClient(type: number): 'pass' | 'drop' {
    if (!this.#isReady) throw new ProtocolError('a statement before the client is logged in')
    if (this.#skipping || type === Frontend.copyData) return 'drop'
    this.#sequence++
    switch (type) {
      case Frontend.query:
        this.#refuse('query', inPlaceOf.query, refusals.messageTooLong)
        return 'drop'
      case Frontend.parse:
        this.#refuse('parse', inPlaceOf.parse, refusals.messageTooLong)
        return 'drop'
      case Frontend.bind:
        this.#refuse('bind', inPlaceOf.bind, refusals.messageTooLong)
        return 'drop'
      case Frontend.functionCall:
        this.#refuse('function', inPlaceOf.function, refusals.messageTooLong)
        return 'drop'
      default:
        throw new ProtocolError('a message is longer than its kind can be')
    }
  }

  #oversizedFromDatabase(type: number): 'pass' | 'drop' {
    const expected = this.#expected.head
    if (this.#brokenOff && isAnswer(type)) return 'drop'
    switch (type) {
      case Backend.dataRow:
        if (expected === null || !currentAnswer(expected).protects) return 'pass'
        this.#breakOff(refusals.rowTooLong)
        return 'drop'
      case Backend.errorResponse:
        return this.#error(expected) ? 'drop' : 'pass'
      default:
        throw new ProtocolError('a message of the database is longer than its kind can be')
    }
  }

  /** Ends an answer with an error of ours; what the database still sends of it, up to ReadyForQuery, goes nowhere. */
  #breakOff(refusal: Refusal): void {
    this.#observer.refused(refusal)
    this.#putToClient(refusalResponse(refusal))
    this.#brokenOff = true
  }

  // Books.

  #planned(planned: PlannedText, text: Buffer): PlannedText {
    const { plan } = planned
    if (plan.kind === 'planned')
      for (const passed of plan.passed) this.#observer.passedUnprotected(passed)
    if (plan.kind === 'refused' || this.#settings.planner.idle) return planned
    const refusal = this.#encoding.refusal(text)
    return refusal === null ? planned : { plan: { kind: 'refused', refusal }, shape: null }
  }

  /** Puts what `write` appends in the place of the client's message, or refuses it where that fails. */
  #rewritten(
    kind: ExpectedKind,
    inPlace: Buffer,
    expect: () => void,
    write: (sink: BufferSink) => Soon<void>,
  ): Soon<boolean> {
    const sink = new BufferSink()
    const done = () => {
      this.#toDatabase.put(sink.take())
      expect()
      return true
    }
    const failed = (error: unknown) => {
      if (error instanceof RefusedError) return this.#refuse(kind, inPlace, error.refusal)
      throw error
    }
    try {
      const written = write(sink)
      return written instanceof Promise ? written.then(done, failed) : done()
    } catch (error) {
      return failed(error)
    }
  }

  #refuse(kind: ExpectedKind, inPlace: Buffer, refusal: Refusal): true {
    this.#observer.refused(refusal)
    this.#toDatabase.put(inPlace)
    // The database will discard everything up to the next Sync; the values of a Bind among it must not reach it at all.
    if (kind === 'parse' || kind === 'bind') this.#skipping = true
    this.#setRefusedLast(true)
    this.#expected.push({
      kind,
      sequence: this.#sequence,
      refusal,
      plan: null,
      answers: [],
      current: 0,
      undo: null,
    })
    return true
  }

  #setRefusedLast(refused: boolean): void {
    if (this.#refusedLast === refused) return
    this.#refusedLast = refused
    this.#clientFrames.wanted = refused ? clientMessagesAndCopyData : clientMessages
  }

  #expect(
    kind: ExpectedKind,
    answer: Answer,
    undo: (() => void) | null,
    plan: Plan | null = null,
  ): void {
    const sequence = this.#sequence
    this.#expected.push({
      kind,
      sequence,
      refusal: null,
      plan,
      answers: [answer],
      current: 0,
      undo,
    })
  }

  #expectQuery(plan: Plan): void {
    this.#setRefusedLast(false)
    const answers =
      plan.kind === 'planned'
        ? plan.answers.map((answer) => this.#answer(answer, []))
        : [new Answer(null)]
    this.#expected.push({
      kind: 'query',
      sequence: this.#sequence,
      refusal: null,
      plan,
      answers,
      current: 0,
      undo: null,
    })
  }

  /** What the rows of a statement will be. Those of a cursor come with FETCH, those of a statement that SQL prepares with EXECUTE. */
  #answer(plan: AnswerPlan | null, formats: readonly number[]): Answer {
    if (plan === null) return new Answer(null, formats)
    const { results, named } = plan
    if (named === null) return new Answer(results, formats)
    switch (named.action) {
      case 'declare':
        this.#rememberCursor(named.name, results)
        return new Answer(null, formats)
      case 'fetch':
        return new Answer(this.#cursors.get(named.name)?.answer.results ?? null, formats)
      case 'prepare':
        this.#rememberPrepared(named.name, results)
        return new Answer(null, formats)
      case 'execute': {
        const prepared = this.#statements.get(wireName(named.name))?.plan ?? null
        return new Answer(firstAnswer(prepared)?.results ?? null, formats)
      }
    }
  }

  #rememberCursor(name: string, results: AnswerPlan['results']): void {
    if (this.#cursors.isFull) return
    this.#cursors.set(name, { answer: new Answer(results), sequence: this.#sequence })
  }

  /**
   * A statement that SQL prepares can be bound by the protocol too. The analysis has made sure that no parameter of it is a protected value;
   * what is known of a name already stays, since PREPARE may still fail.
   */
  #rememberPrepared(name: string, results: AnswerPlan['results']): void {
    if (this.#statements.isFull || this.#statements.get(wireName(name)) !== null) return
    const plan: Plan = {
      kind: 'planned',
      literals: [],
      parameters: new Map(),
      answers: [{ results, named: null }],
      passed: [],
    }
    this.#statements.set(wireName(name), { plan, sequence: this.#sequence })
  }

  #putToClient(bytes: Buffer | null): boolean {
    if (bytes === null) return false
    this.#rows.outlet.put(bytes)
    return true
  }
}

const clientTypes = [
  Frontend.query,
  Frontend.parse,
  Frontend.bind,
  Frontend.describe,
  Frontend.execute,
  Frontend.close,
  Frontend.functionCall,
  Frontend.sync,
  Frontend.copyDone,
  Frontend.copyFail,
]
const clientMessages = types(...clientTypes)
const clientMessagesAndCopyData = types(...clientTypes, Frontend.copyData)

const databaseMessages = types(
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
  Backend.errorResponse,
  Backend.readyForQuery,
  Backend.parameterStatus,
)

function types(...wanted: number[]): Uint8Array {
  const table = new Uint8Array(256)
  for (const type of wanted) table[type] = 1
  return table
}

/** A name of a statement text as the messages of the protocol are decoded: a character per byte. */
function wireName(name: string): string {
  return Buffer.from(name).toString('latin1')
}

function firstAnswer(plan: Plan | null): AnswerPlan | null {
  return plan?.kind === 'planned' ? (plan.answers[0] ?? null) : null
}

function currentAnswer({ answers, current }: Expected): Answer {
  return answers[current] ?? NO_ANSWER
}

function isDescribe({ kind }: Expected): boolean {
  return kind === 'describe-statement' || kind === 'describe-portal'
}

/** Part of an answer to the client's messages, but for the errors and the end that keep the books right. */
function isAnswer(type: number): boolean {
  return (
    type !== Backend.readyForQuery &&
    type !== Backend.errorResponse &&
    type !== Backend.parameterStatus
  )
}
