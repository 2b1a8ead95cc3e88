import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import type { Refusal } from '../../sql/index.ts'
import { type Outlet, ProtocolError } from '../../wire/index.ts'
import {
  type Bind,
  decodeBind,
  decodeExecute,
  decodeParse,
  decodeQuery,
  decodeTarget,
  encodeBindWithout,
  encodeParse,
  encodeQuery,
  FrameCutter,
  Frontend,
  HEADER_SIZE,
  type Parse,
} from '../../wire/postgres/index.ts'
import type { Plan } from '../plan.ts'
import { bindRefusal } from './bind-refusal.ts'
import { type Books, firstAnswer, NO_ANSWER } from './books.ts'
import { bindsEscapes } from './bound-settings.ts'
import type { ClientAccess } from './client-access.ts'
import {
  clientMessages,
  clientMessagesAndCopyData,
  clientMessagesAndPassword,
  refusable,
} from './client-messages.ts'
import type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
import { CopyIn, isCopyIn } from './copy-in.ts'
import { slotsOf } from './execute-arguments.ts'
import { EXPECTED_AGAIN, EXPECTED_MAX, type ExpectedKind } from './expected.ts'
import { isCarriedFunction } from './function-call.ts'
import { LOGIN_SIZE_MAX, type Login } from './login/index.ts'
import { isBeyondAscii } from './names-on-the-wire.ts'
import type { PlannedText } from './planner.ts'
import type { Change, Names, Statement } from './prepared.ts'
import { inPlaceOf, RefusedError, refusals } from './refusal.ts'
import { Rewriter } from './rewrite.ts'
import { StatementPlans } from './statement-plans.ts'

/** Room for a message that is written anew, in bytes, from which on it grows: most fit in, and Node has as much at hand. */
const MESSAGE_ROOM = 2048

/** The client's messages: what each means for the books, and whether it passes as it came, rewritten, or not at all. */
export class FromClient {
  readonly frames: FrameCutter
  readonly #books: Books
  readonly #observer: ConversationObserver
  readonly #toDatabase: Outlet
  readonly #login: Login | null
  readonly #rewriter: Rewriter
  readonly #plans: StatementPlans
  /** The last statement was refused: data of a COPY that the client sends for it all the same is not for the database. */
  #refusedLast = false
  readonly #copyIn: CopyIn

  constructor(
    settings: ConversationSettings,
    books: Books,
    access: ClientAccess,
    observer: ConversationObserver,
    toDatabase: Outlet,
    login: Login | null,
  ) {
    this.#books = books
    this.#observer = observer
    this.#toDatabase = toDatabase
    this.#login = login
    this.#rewriter = new Rewriter(access)
    this.#plans = new StatementPlans(settings, books, observer)
    const wait = (holds: () => boolean) => this.#untilKnown(holds)
    this.#copyIn = new CopyIn(books, observer, toDatabase, wait)
    this.frames = new FrameCutter(login === null ? clientMessages : clientMessagesAndPassword, {
      take: (bytes, start, end) => this.#take(bytes, start, end),
      outlet: toDatabase,
      get heldSizeMax() {
        return books.isReady ? settings.heldSizeMax : LOGIN_SIZE_MAX
      },
      oversized: (type) => this.#oversized(type),
    })
  }

  /** Goes on when the database has answered enough of what it was asked. */
  #take(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const { expected, schema } = this.#books
    if (expected.size < EXPECTED_MAX)
      return schema.isOpen ? this.#behindChange(bytes, start, end) : this.#mean(bytes, start, end)
    const isLess = () => expected.head === null || expected.size <= EXPECTED_AGAIN
    return this.#untilKnown(isLess).then(() => this.#mean(bytes, start, end))
  }

  /** Goes on when what was changed is learned; inside of its transaction, where that must wait, with what it cannot have changed. */
  async #behindChange(bytes: Buffer, start: number, end: number): Promise<boolean> {
    const { expected, schema } = this.#books
    const isKnown = () => this.#books.isCopyingIn || !schema.isEnding(expected)
    if (!isKnown() && refusable.has(bytes[start]!)) await this.#untilKnown(isKnown)
    await schema.learning
    return this.#mean(bytes, start, end)
  }

  /** What the client's message means. True where something was put in its place. */
  #mean(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const type = bytes[start]
    // How the database reads statements is known when it is ready for the first.
    if (!this.#books.isReady) return this.#beforeReady(type, bytes, start, end)
    if (this.#books.isSkipping && type !== Frontend.sync) return true
    if (this.#refusedLast && type === Frontend.copyData) return true
    this.#books.sequence++
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
      case Frontend.copyData:
        return this.#copyIn.data(bytes.subarray(start + HEADER_SIZE, end))
      case Frontend.copyDone:
        return soon(this.#copyIn.done(), (isReplaced) => this.#copyEnd() || isReplaced)
      case Frontend.copyFail:
        return this.#copyEnd()
      default:
        return false
    }
  }

  #beforeReady(type: number, bytes: Buffer, start: number, end: number): Soon<boolean> {
    if (type !== Frontend.password || this.#login === null) {
      throw new ProtocolError('a statement before the client is logged in')
    }
    return this.#login.fromClient(bytes, start, end)
  }

  #query(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const { textStart, textEnd } = decodeQuery(bytes, start, end)
    const text = bytes.subarray(textStart, textEnd)
    return soon(this.#plans.forQuery(text), (planned) => this.#queryBy(planned, text))
  }

  #queryBy({ plan, shape }: PlannedText, text: Buffer): Soon<boolean> {
    const refuse = (refusal: Refusal) => this.#refuse('query', inPlaceOf.query, refusal)
    if (plan.kind === 'refused') return refuse(plan.refusal)
    const expect = () => this.#expectQuery(plan)
    if (plan.kind === 'answered')
      return this.#rewritten(refuse, expect, (sink) => encodeQuery(plan.text, sink))
    const slots = slotsOf(plan, this.#books)
    if ('sqlState' in slots) return refuse(slots)
    const hasSlots = slots.literals.length > 0 || slots.edits.length > 0
    if (!hasSlots && this.#plans.passesUnread(text)) {
      expect()
      return false
    }
    return this.#rewritten(refuse, expect, (sink) => this.#rewriter.query(text, slots, shape, sink))
  }

  #parse(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const message = decodeParse(bytes, start, end)
    const text = bytes.subarray(message.textStart, message.textEnd)
    return soon(
      this.#plans.forParse(text),
      (planned) => this.#books.isSkipping || this.#parseBy(planned, message, text),
    )
  }

  #parseBy(planned: PlannedText, message: Parse, text: Buffer): Soon<boolean> {
    const { plan, shape } = planned
    const { edition, searchPaths } = this.#books
    const refuse = (refusal: Refusal) => this.#refuseParse(message.statement, refusal)
    if (!this.#plans.idle && isBeyondAscii(message.statement))
      return this.#refuse('parse', inPlaceOf.parseOfName, refusals.nameBeyondAscii)
    if (plan.kind === 'refused') return refuse(plan.refusal)
    if (this.#books.statements.isFull) return refuse(refusals.tooManyStatements)
    const pathKey = searchPaths.key
    const expect = () => {
      const { sequence, statements } = this.#books
      const { parameterTypes } = message
      const known = { pathKey, edition, text: planned.text ?? null }
      const statement = { plan, parameterTypes, ...known, sequence }
      const change = statements.change(message.statement, statement, sequence)
      this.#books.expect('parse', NO_ANSWER, change)
    }
    if (plan.kind === 'answered') {
      const write = (sink: BufferSink) => encodeParse(message.statement, plan.text, [], sink)
      return this.#rewritten(refuse, expect, write)
    }
    const slots = slotsOf(plan, this.#books)
    if ('sqlState' in slots) return refuse(slots)
    const hasSlots =
      slots.literals.length > 0 || slots.parameters.size > 0 || slots.edits.length > 0
    if (!hasSlots && this.#plans.passesUnread(text)) {
      expect()
      return false
    }
    return this.#rewritten(refuse, expect, (sink) =>
      this.#rewriter.parse(message, text, slots, shape, sink),
    )
  }

  #bind(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const message = decodeBind(bytes, start, end)
    const hasBadName = isBeyondAscii(message.statement) || isBeyondAscii(message.portal)
    if (hasBadName && !this.#plans.idle)
      return this.#refuse('bind', inPlaceOf.bind, refusals.nameBeyondAscii)
    return this.#whenCertain(this.#books.statements, message.statement, (statement) => {
      const fresh = statement === null ? null : this.#plans.fresh(statement.plan)
      if (fresh === null) return this.#bindTo(statement, message, bytes)
      return fresh.then(() => this.#books.isSkipping || this.#bindTo(statement, message, bytes))
    })
  }

  #bindTo(statement: Statement | null, message: Bind, bytes: Buffer): Soon<boolean> {
    const refuse = (refusal: Refusal) => this.#refuse('bind', inPlaceOf.bind, refusal)
    const current = statement && this.#plans.current(statement)
    if (current !== null && 'sqlState' in current) return refuse(current)
    const plan = current?.plan ?? null
    const books = this.#books
    const expect = () => books.expectBind(message.portal, plan, message.resultFormats)
    const why = this.#plans.idle ? null : bindRefusal(current, message, bytes, books)
    if (why !== null) return refuse(why)
    if (plan?.kind === 'planned' && bindsEscapes(bytes, message, plan.settings))
      books.encoding.escapesMayFollow()
    if (plan?.kind === 'answered' && message.parameterCount > 0)
      return this.#rewritten(refuse, expect, (sink) => encodeBindWithout(message, sink))
    if (plan?.kind !== 'planned' || plan.parameters.size === 0) {
      expect()
      return false
    }
    return this.#rewritten(refuse, expect, (sink) =>
      this.#rewriter.bind(bytes, message, plan, statement?.parameterTypes ?? [], sink),
    )
  }

  #describe(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const { kind, name } = decodeTarget(bytes, start, end)
    if (kind === 'portal') return this.#withPortal('describe-portal', name)
    return this.#whenCertain(this.#books.statements, name, (statement) => {
      if (statement !== null) this.#plans.current(statement)
      const plan = statement?.plan ?? null
      const answer = this.#books.answer(firstAnswer(plan), [])
      this.#books.expect('describe-statement', answer, null, plan)
      return false
    })
  }

  #execute(bytes: Buffer, start: number, end: number): Soon<boolean> {
    this.#setRefusedLast(false)
    return this.#withPortal('execute', decodeExecute(bytes, start, end).portal)
  }

  #withPortal(kind: 'describe-portal' | 'execute', name: string): Soon<boolean> {
    return this.#whenCertain(this.#books.portals, name, () => {
      const portal = this.#books.portal(name)
      if (kind === 'execute') this.#setCopying(portal?.answer.copy?.direction === 'in')
      this.#books.expect(kind, portal?.answer ?? NO_ANSWER, null)
      if (kind === 'execute') this.#books.searchPaths.sent(portal?.pathChanges ?? [])
      return false
    })
  }

  #close(bytes: Buffer, start: number, end: number): boolean {
    const { kind, name } = decodeTarget(bytes, start, end)
    const names = kind === 'portal' ? this.#books.portals : this.#books.statements
    // By another name than it is known here, it may go on.
    const change = isBeyondAscii(name) ? null : names.change(name, null, this.#books.sequence)
    this.#books.expect('close', NO_ANSWER, change)
    return false
  }

  #functionCall(bytes: Buffer, start: number, end: number): boolean {
    if (!this.#plans.idle && !isCarriedFunction(bytes, start, end)) {
      return this.#refuse('function', inPlaceOf.function, refusals.functionCall)
    }
    this.#books.expect('function', NO_ANSWER, null)
    return false
  }

  #sync(): boolean {
    if (this.#books.isCopyingIn) return false
    this.#books.isSkipping = false
    this.#books.lastSync = this.#books.sequence
    this.#books.expect('sync', NO_ANSWER, null)
    return false
  }

  #copyEnd(): boolean {
    this.#setCopying(false)
    if (this.#books.isCopyingIn) this.#books.isCopyingIn = false
    else this.#books.expect('copy-end', NO_ANSWER, null)
    return false
  }

  #oversized(type: number): 'pass' | 'drop' {
    if (!this.#books.isReady) throw new ProtocolError('a statement before the client is logged in')
    if (type === Frontend.copyData) {
      this.#copyIn.oversized()
      return 'drop'
    }
    if (this.#books.isSkipping) return 'drop'
    this.#books.sequence++
    const kind = refusable.get(type)
    if (kind === undefined) throw new ProtocolError('a message is longer than its kind can be')
    // The name of a Parse has not been read; a named statement stays as it was.
    this.#refuse(kind, inPlaceOf[kind], refusals.messageTooLong)
    return 'drop'
  }

  /**
   * Goes on with what a name means: at once, or, where a message that is not answered yet decides it, when the database has said whether it
   * has carried that out.
   */
  #whenCertain<T extends { readonly sequence: number }>(
    names: Names<T>,
    name: string,
    next: (thing: T | null) => Soon<boolean>,
  ): Soon<boolean> {
    const { lastSync } = this.#books
    if (this.#books.isCopyingIn || !names.isUncertain(name, lastSync)) return next(names.get(name))
    // A database that reads COPY data answers nothing before its end, and takes no other message.
    const isKnown = () => this.#books.isCopyingIn || !names.isUncertain(name, lastSync)
    // What came between has failed meanwhile, perhaps.
    return this.#untilKnown(isKnown).then(() => this.#books.isSkipping || next(names.get(name)))
  }

  #untilKnown(holds: () => boolean): Promise<void> {
    this.#toDatabase.flush()
    return this.#books.waitUntil(holds)
  }

  /** Puts what `write` appends in the place of the client's message, or refuses it where that fails. */
  #rewritten(
    refuse: (refusal: Refusal) => true,
    expect: () => void,
    write: (sink: BufferSink) => Soon<void>,
  ): Soon<boolean> {
    const sink = new BufferSink(MESSAGE_ROOM)
    const done = () => {
      // The database may have failed while we waited for keys.
      if (this.#books.isSkipping) return true
      this.#toDatabase.put(sink.take())
      expect()
      return true
    }
    const failed = (error: unknown) => {
      if (!(error instanceof RefusedError)) throw error
      return this.#books.isSkipping || refuse(error.refusal)
    }
    try {
      const written = write(sink)
      return written instanceof Promise ? written.then(done, failed) : done()
    } catch (error) {
      return failed(error)
    }
  }

  #refuseParse(name: string, refusal: Refusal): true {
    const { statements, sequence } = this.#books
    if (name === '') return this.#refuse('parse', inPlaceOf.parse, refusal)
    return this.#refuse('parse', inPlaceOf.parseOfName, refusal, statements.doubt(name, sequence))
  }

  #refuse(
    kind: ExpectedKind,
    inPlace: Buffer,
    refusal: Refusal,
    change: Change | null = null,
  ): true {
    this.#observer.refused(refusal)
    this.#toDatabase.put(inPlace)
    // The database will discard everything up to the next Sync; the values of a Bind among it must not reach it at all.
    if (kind === 'parse' || kind === 'bind') this.#books.isSkipping = true
    this.#setRefusedLast(true)
    const { statements, sequence } = this.#books
    const endsUnnamed = inPlace === inPlaceOf.query || inPlace === inPlaceOf.parse
    this.#books.expectRefused(kind, refusal, endsUnnamed ? statements.endUnnamed(sequence) : change)
    return true
  }

  #setRefusedLast(refused: boolean): void {
    if (this.#refusedLast === refused) return
    this.#refusedLast = refused
    this.#setWanted()
  }

  #setCopying(isCopying: boolean): void {
    this.#copyIn.expect(isCopying ? this.#books.sequence : null)
    this.#setWanted()
  }

  #setWanted(): void {
    const seesCopyData = this.#refusedLast || this.#copyIn.isExpected
    this.frames.wanted = seesCopyData ? clientMessagesAndCopyData : clientMessages
  }

  #expectQuery(plan: Plan): void {
    this.#setRefusedLast(false)
    this.#setCopying(plan.kind === 'planned' && plan.answers.some(isCopyIn))
    this.#books.expectQuery(plan)
  }
}
