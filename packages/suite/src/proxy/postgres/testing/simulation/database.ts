/**
 * A database that behaves on the wire as PostgreSQL's backend does (tcop/postgres.c), with the statements of `statements.ts`
 * and nothing behind them but two small tables. What it answers depends on what it was told and on nothing else.
 */
import {
  bindComplete,
  commandComplete,
  errorResponse,
  frame,
  int32,
  parameterDescription,
  parseComplete,
} from '../../../../wire/postgres/testing/index.ts'
import { run } from './effects.ts'
import { Failure } from './failure.ts'
import { MessageBody } from './message-body.ts'
import { nameOf, portalOf, Session } from './session.ts'
import { type Parameter, readText } from './statements.ts'
import type { Protected } from './tables.ts'

export class SimulatedDatabase {
  /** True once it has ended the connection. */
  hasLeft = false
  readonly #session: Session
  #input: Buffer = Buffer.alloc(0)
  #isSkipping = false

  constructor(protects: Protected) {
    this.#session = new Session(protects)
  }

  /** Messages that it has sent so far, without those that it still keeps. */
  get sentCount(): number {
    return this.#session.sentCount
  }

  /** True while it discards everything up to a Sync. */
  get isSkipping(): boolean {
    return this.#isSkipping
  }

  get isCopying(): boolean {
    return this.#session.copy !== null
  }

  /** The parameters of a statement by its name; null where it has none of that name. */
  parametersOf(name: string): readonly Parameter[] | null {
    return this.#session.statement(name)?.parameters ?? null
  }

  /** True for a name that DISCARD ALL or DEALLOCATE ALL has ended at some time. */
  hasForgotten(name: string): boolean {
    return this.#session.forgotten.has(nameOf(name))
  }

  /** Takes bytes of a stream and returns what it sends meanwhile. */
  take(bytes: Buffer): Buffer {
    this.#input = this.#input.length === 0 ? bytes : Buffer.concat([this.#input, bytes])
    while (!this.hasLeft && this.#input.length >= 5) {
      const size = 1 + this.#input.readInt32BE(1)
      if (this.#input.length < size) break
      const message = this.#input.subarray(0, size)
      this.#input = this.#input.subarray(size)
      this.#message(String.fromCharCode(message[0]!), new MessageBody(message.subarray(5)))
    }
    return this.#session.take()
  }

  #message(type: string, body: MessageBody): void {
    if (this.#session.copy !== null) {
      this.#attempt(() => this.#copyMessage(type, body))
      return
    }
    // What one message decides for the next stands before what it does (SocketBackend).
    if (type === 'Q' || type === 'S') this.#session.isExtended = false
    else if ('PBDEC'.includes(type) || type === 'H') this.#session.isExtended = true
    else if (type === 'F') this.#session.isExtended = false
    if (type === 'S') this.#isSkipping = false
    if (this.#isSkipping && type !== 'X') return
    this.#attempt(() => this.#carryOut(type, body))
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#fail(error)
    }
  }

  #carryOut(type: string, body: MessageBody): void {
    switch (type) {
      case 'Q':
        this.#query(body.string())
        return
      case 'P':
        this.#parse(body)
        return
      case 'B':
        this.#bind(body)
        return
      case 'D':
        this.#describe(body.byte(), body.string())
        return
      case 'E':
        this.#execute(body.string(), body.int32())
        return
      case 'C':
        this.#close(body.byte(), body.string())
        return
      case 'F':
        this.#functionCall(body.int32())
        return
      case 'H':
        this.#session.flush()
        return
      case 'S':
        this.#session.endImplicit()
        this.#session.ready()
        return
      case 'd':
      case 'c':
      case 'f':
        // A client may still be sending the data of a COPY that has failed.
        return
      case 'X':
        this.hasLeft = true
        return
      default:
        throw new Failure('08P01', `invalid frontend message type ${type.charCodeAt(0)}`, true)
    }
  }

  // Simple queries.

  #query(text: string): void {
    this.#session.unnamed = null
    this.#session.portals.delete('')
    const meanings = readText(text)
    if ('sqlState' in meanings) throw new Failure(meanings.sqlState, meanings.message)
    if (meanings.length === 1 && meanings[0]!.effect.kind === 'empty') {
      this.#session.answer(frame('I'))
      this.#session.ready()
      return
    }
    for (const meaning of meanings) {
      if (meaning.effect.kind === 'empty') continue
      if (meaning.parameters.length > 0) throw new Failure('42P02', 'there is no parameter $1')
      this.#session.refuseInFailed(meaning)
      const portal = portalOf(meaning, [], [])
      const columns = this.#session.tables.fields(meaning, [])
      if (columns !== null) this.#session.answer(columns)
      run(this.#session, portal, 0)
      // The rest of the text comes after the copy: these texts have none.
      if (this.#session.copy !== null) return
    }
    this.#session.endImplicit()
    this.#session.ready()
  }

  // The extended protocol.

  #parse(body: MessageBody): void {
    const name = body.string()
    const text = body.string()
    if (name === '') this.#session.unnamed = null
    const meanings = readText(text)
    if ('sqlState' in meanings) throw new Failure(meanings.sqlState, meanings.message)
    if (meanings.length > 1) throw new Failure('42601', 'several commands in a prepared statement')
    const meaning = meanings[0]!
    this.#session.refuseInFailed(meaning)
    if (name === '') this.#session.unnamed = meaning
    else if (this.#session.statements.has(nameOf(name)))
      throw new Failure('42P05', 'statement exists')
    else this.#session.statements.set(nameOf(name), meaning)
    this.#session.answer(parseComplete())
  }

  #bind(body: MessageBody): void {
    const name = body.string()
    const meaning = this.#session.statement(body.string())
    if (meaning === null) throw new Failure('26000', 'statement does not exist')
    const formats = body.int16s()
    const values = body.values()
    const resultFormats = body.int16s()
    if (formats.length > 1 && formats.length !== values.length) {
      throw new Failure('08P01', 'wrong number of formats')
    }
    if (values.length !== meaning.parameters.length) {
      throw new Failure('08P01', 'wrong number of parameters')
    }
    this.#session.refuseInFailed(meaning)
    if (name !== '' && this.#session.portals.has(nameOf(name)))
      throw new Failure('42P03', 'portal exists')
    const read = values.map((value, i) => {
      const format = formats.length < 2 ? (formats[0] ?? 0) : formats[i]!
      return this.#session.tables.parameter(value, meaning.parameters[i]!, format)
    })
    this.#session.portals.set(nameOf(name), portalOf(meaning, read, resultFormats))
    this.#session.answer(bindComplete())
  }

  #describe(kind: string, name: string): void {
    if (kind === 'S') {
      const meaning = this.#session.statement(name)
      if (meaning === null) throw new Failure('26000', 'statement does not exist')
      const fields = this.#session.tables.fields(meaning, [])
      if (fields !== null) this.#session.refuseInFailed(meaning)
      this.#session.answer(
        parameterDescription(
          ...meaning.parameters.map((parameter) => this.#session.tables.oidOf(parameter)),
        ),
      )
      this.#session.answer(fields ?? frame('n'))
      return
    }
    const portal = this.#session.portals.get(nameOf(name))
    if (portal === undefined) throw new Failure('34000', 'portal does not exist')
    const fields = this.#session.tables.fields(portal.meaning, portal.formats)
    if (fields !== null) this.#session.refuseInFailed(portal.meaning)
    this.#session.answer(fields ?? frame('n'))
  }

  #execute(name: string, count: number): void {
    const portal = this.#session.portals.get(nameOf(name))
    if (portal === undefined) throw new Failure('34000', 'portal does not exist')
    if (portal.meaning.effect.kind === 'empty') {
      this.#session.answer(frame('I'))
      return
    }
    this.#session.refuseInFailed(portal.meaning)
    run(this.#session, portal, count)
  }

  #close(kind: string, name: string): void {
    if (kind === 'S') {
      if (name === '') this.#session.unnamed = null
      else this.#session.statements.delete(nameOf(name))
    } else {
      this.#session.portals.delete(nameOf(name))
    }
    this.#session.answer(frame('3'))
  }

  #functionCall(oid: number): void {
    if (this.#session.status === 'E') throw new Failure('25P02', 'transaction is aborted')
    if (oid === 0) throw new Failure('42883', 'no such function')
    this.#session.answer(frame('V', int32(-1)))
    this.#session.endImplicit()
    this.#session.ready()
  }

  // COPY.

  #copyMessage(type: string, body: MessageBody): void {
    const copy = this.#session.copy!
    switch (type) {
      case 'd': {
        const line = body.rest().toString()
        if (line.startsWith('wrong')) throw new Failure('22P04', 'missing data')
        copy.count++
        this.#session.tables.addNote(line.trim())
        return
      }
      case 'c':
        this.#session.copy = null
        this.#session.answer(commandComplete(`COPY ${copy.count}`))
        if (copy.isExtended) return
        this.#session.endImplicit()
        this.#session.ready()
        return
      case 'f':
        throw new Failure('57014', 'COPY from stdin failed')
      case 'H':
      case 'S':
        return
      default:
        this.#fail(new Failure('08P01', `unexpected message type ${type} during COPY from stdin`))
        throw new Failure('08P01', 'protocol synchronization was lost', true)
    }
  }

  #fail(failure: Failure): void {
    const isSimple =
      this.#session.copy === null ? !this.#session.isExtended : !this.#session.copy.isExtended
    this.#session.copy = null
    if (this.#session.status !== 'I') this.#session.status = 'E'
    this.#session.portals.clear()
    this.#session.tables.cursor = null
    const severity = failure.isFatal ? 'FATAL' : 'ERROR'
    this.#session.answer(
      errorResponse({ S: severity, V: severity, C: failure.sqlState, M: failure.message }),
    )
    this.#session.flush()
    if (failure.isFatal) this.hasLeft = true
    else if (isSimple) this.#session.ready()
    else this.#isSkipping = true
  }
}
