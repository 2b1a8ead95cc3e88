/**
 * What a simulated client says: mostly what drivers say, sometimes anything in any order. It is made while a database listens
 * that the client speaks to directly: what that one answers is what the client must get through acra-server as well.
 */
import {
  bind,
  close,
  copyData,
  describe,
  execute,
  flush,
  frame,
  int16,
  int32,
  parse,
  query,
  string,
  sync,
  terminate,
} from '../../../../wire/postgres/testing/index.ts'
import type { Random } from '../random.ts'
import { SimulatedDatabase } from './database.ts'
import { nameOf } from './session.ts'
import {
  CANARY,
  insertText,
  type Parameter,
  readText,
  refusedTexts,
  texts,
  wrongTexts,
} from './statements.ts'

/** Some messages, and how many of the database's the client must have seen before it sends them. */
export interface Step {
  readonly bytes: Buffer
  readonly after: number
}

export interface Script {
  readonly steps: readonly Step[]
  /** All that the database says when it is spoken to directly. */
  readonly answer: Buffer
  /** The client took leave, or the database did. */
  readonly isOver: boolean
}

const longName = 'a_name_of_more_bytes_than_postgresql_tells_names_apart_by________'
const names = ['', '', 's', 't', `${longName}1`, `${longName}2`]
const portals = ['', '', '', 'p', `${longName}1`]
const copyTexts = texts.filter((text) => text.endsWith('STDIN'))
const singleTexts = texts.filter((text) => !/STDIN$|\$|^DISCARD/.test(text))
/** lo_creat: drivers reach large objects by this message. */
const CARRIED_FUNCTION = 957
const MOVES_MAX = 14

export function writeScript(random: Random): Script {
  return new ScriptWriter(random).write()
}

class ScriptWriter {
  readonly #random: Random
  readonly #database = new SimulatedDatabase('in the clear')
  readonly #steps: Step[] = []
  readonly #answers: Buffer[] = []
  /** What the client believes a statement's parameters to be, whether the database has taken it or not; null: refused. */
  readonly #believed = new Map<string, readonly Parameter[] | null>()
  /** What the client has said since its last Sync that they are. */
  readonly #said = new Map<string, readonly Parameter[] | null>()
  #after = 0
  #copiedData = false
  #count = 0

  constructor(random: Random) {
    this.#random = random
  }

  write(): Script {
    const random = this.#random
    const patience = random.pick([0, 0.3, 0.9])
    const disorder = random.pick([0, 0.1, 0.5])
    for (let moves = 1 + random.below(MOVES_MAX); moves > 0 && !this.#isOver; moves--) {
      if (random.chance(disorder)) this.#anything()
      else this.#something()
      if (random.chance(patience)) this.#after = this.#database.sentCount
    }
    this.#end()
    return {
      steps: this.#steps,
      answer: Buffer.concat(this.#answers),
      isOver: this.#database.hasLeft,
    }
  }

  get #isOver(): boolean {
    return this.#database.hasLeft
  }

  /** Leaves everything in order, so that nothing may be owed afterwards. */
  #end(): void {
    if (this.#isOver) return
    if (this.#database.isCopying) this.#say(frame('f', string('enough')))
    this.#say(sync())
  }

  #say(...messages: readonly Buffer[]): void {
    for (const message of messages) {
      if (this.#isOver) return
      this.#answers.push(this.#database.take(message))
      if (message[0] === 0x53) this.#said.clear()
    }
    this.#steps.push({ bytes: Buffer.concat(messages), after: this.#after })
  }

  // What drivers say.

  #something(): void {
    if (this.#database.isCopying) {
      this.#goOnCopying()
      return
    }
    const kind = this.#random.below(10)
    if (kind < 3) this.#say(query(this.#queryText()))
    else if (kind < 8) this.#extended()
    else if (kind < 9) this.#copy()
    else this.#say(sync())
  }

  #queryText(): string {
    const random = this.#random
    const kind = random.below(10)
    if (kind < 2) return this.#insertText()
    if (kind < 3) return random.pick(wrongTexts)
    if (kind < 4) return random.pick(refusedTexts)
    if (kind < 5) return 'DISCARD ALL'
    if (kind < 7) {
      return `${random.pick(singleTexts)}; ${this.#insertText()}; ${random.pick(singleTexts)}`
    }
    return random.pick(singleTexts)
  }

  #insertText(): string {
    const id = this.#next()
    return insertText(id, `${CANARY}-${id}`, `note ${id}`)
  }

  #extended(): void {
    const random = this.#random
    for (let units = 1 + random.below(3); units > 0; units--) {
      const name = random.pick(names)
      const portal = random.pick(portals)
      if (random.chance(0.7)) this.#parse(name)
      if (random.chance(0.3)) this.#say(describe('S', name))
      if (random.chance(0.9)) this.#bind(portal, name)
      if (random.chance(0.5)) this.#say(describe('P', portal))
      this.#say(execute(portal, random.pick([0, 0, 1, 2])))
      if (random.chance(0.2)) this.#say(execute(portal, random.pick([0, 1])))
      if (random.chance(0.2)) this.#close()
      if (random.chance(0.1)) this.#say(flush())
      if (random.chance(0.4)) this.#say(sync())
    }
    if (random.chance(0.95)) this.#say(sync())
  }

  #parse(name: string): void {
    const random = this.#random
    const kind = random.below(12)
    const text =
      kind < 1
        ? random.pick(wrongTexts)
        : kind < 3
          ? random.pick(refusedTexts)
          : kind < 4
            ? this.#insertText()
            : random.pick(texts)
    const meanings = readText(text)
    const [meaning] = 'sqlState' in meanings ? [] : meanings
    const parameters = meaning?.parameters ?? null
    this.#believe(name, text, parameters)
    const types = parameters?.map(({ oid, isProtected }) =>
      isProtected && random.chance(0.5) ? 0 : oid,
    )
    this.#say(parse(name, text, random.chance(0.5) ? (types ?? []) : []))
  }

  /** A client goes by what it has prepared; a name that is taken keeps its meaning, so far as the client can know of that. */
  #believe(name: string, text: string, parameters: readonly Parameter[] | null): void {
    const isTaken = name !== '' && this.#database.parametersOf(name) !== null
    // A text that is wrong by itself has no secrets.
    const believed = wrongTexts.includes(text) ? [] : parameters
    this.#said.set(nameOf(name), believed)
    if (isTaken) return
    this.#believed.set(nameOf(name), believed)
  }

  #bind(portal: string, name: string): void {
    const random = this.#random
    const actual = this.#database.parametersOf(name)
    const isSecret = this.#secrets(name)
    const believed = this.#believed.get(nameOf(name))
    const parameters = actual ?? believed ?? []
    let count = parameters.length
    // Nobody knows what the values of a refused statement are, or those for a name that means nothing: they are secrets.
    if (actual === null && !believed) count = random.below(4)
    else if (random.chance(0.03)) count++
    const format = random.pick([0, 0, 1] as const)
    const isMixed = random.chance(0.3)
    const formats: (0 | 1)[] = []
    const values: (string | Buffer | null)[] = []
    for (let i = 0; i < count; i++) {
      const own = isMixed ? random.pick([0, 1] as const) : format
      formats.push(own)
      values.push(this.#value(parameters[i]?.oid ?? 25, isSecret(i), own))
    }
    const given = isMixed ? formats : random.chance(0.5) && format === 0 ? [] : [format]
    this.#say(bind(portal, name, values, given, this.#resultFormats()))
  }

  /**
   * Which parameters of a statement are secrets: those that are to be protected, in the database's eyes, and in those of a client that
   * has not heard yet what the database has skipped.
   */
  #secrets(name: string): (index: number) => boolean {
    const actual = this.#database.parametersOf(name)
    const { isSkipping } = this.#database
    const key = nameOf(name)
    const bySegment = isSkipping && this.#said.has(key)
    const believed = (bySegment ? this.#said : this.#believed).get(key)
    const byBelief = (index: number) => believed?.[index]?.isProtected ?? !believed
    // What SQL ends is known to acra-server when the database has said so: until then the values are those of the old statement.
    if (actual === null) return this.#database.hasForgotten(name) ? () => false : byBelief
    return (index) => actual[index]?.isProtected === true && (!isSkipping || byBelief(index))
  }

  #value(oid: number, isSecret: boolean, format: 0 | 1): string | Buffer | null {
    const number = this.#next()
    if (isSecret) return this.#random.chance(0.1) ? null : `${CANARY}-${number}`
    if (oid === 23) return format === 1 ? int32(number) : String(number)
    return this.#random.chance(0.1) ? null : `note ${number}`
  }

  #resultFormats(): number[] {
    return this.#random.pick([[], [0], [1], [0, 1], [1, 0, 1]])
  }

  #close(): void {
    const random = this.#random
    if (random.chance(0.5)) {
      this.#say(close('P', random.pick(portals)))
      return
    }
    const name = random.pick(names)
    this.#said.delete(nameOf(name))
    if (!this.#database.isSkipping) this.#believed.delete(nameOf(name))
    this.#say(close('S', name))
  }

  // COPY.

  #copy(): void {
    const random = this.#random
    const text = random.pick(copyTexts)
    this.#copiedData = false
    if (random.chance(0.5)) {
      this.#say(query(text))
    } else {
      this.#believe('', text, [])
      this.#say(parse('', text), bind('', '', []), execute(''))
      const next = random.pick([sync(), flush(), null])
      if (next !== null) this.#say(next)
    }
    if (random.chance(0.5)) this.#after = this.#database.sentCount
    for (let count = random.below(3); count > 0; count--) this.#goOnCopying()
    // Data that comes too late is ignored by the database.
    this.#say(random.chance(0.8) ? frame('c') : frame('f', string('no more')))
    if (random.chance(0.7)) this.#say(sync())
  }

  #goOnCopying(): void {
    const random = this.#random
    if (this.#isOver) return
    this.#copiedData = true
    if (random.chance(0.85)) {
      this.#say(copyData(`line ${this.#next()}\n`))
      return
    }
    this.#say(copyData('wrong\n'))
    // Only a client that has seen the error may go on as if there had been no copy.
    if (random.chance(0.5)) this.#after = this.#database.sentCount
    else this.#say(frame('c'))
  }

  // Anything.

  #anything(): void {
    const random = this.#random
    if (this.#database.isCopying && random.chance(0.9)) {
      // Whether a Sync between data is answered depends on which of the data failed; no driver does that.
      if (!this.#copiedData && random.chance(0.5)) this.#say(sync())
      else this.#goOnCopying()
      return
    }
    switch (random.below(14)) {
      case 0:
        this.#parse(random.pick(names))
        return
      case 1:
      case 2:
        this.#bind(random.pick(portals), random.pick(names))
        return
      case 3:
        this.#say(describe(random.pick(['S', 'P'] as const), random.pick(names)))
        return
      case 4:
        this.#say(execute(random.pick(portals), random.below(3)))
        return
      case 5:
        this.#close()
        return
      case 6:
        this.#say(flush())
        return
      case 7:
        this.#say(sync())
        return
      case 8:
        this.#functionCall()
        return
      case 9:
        this.#say(frame('c'))
        return
      case 10:
        this.#say(frame('f', string('nothing to fail')))
        return
      case 11:
        this.#say(copyData('of no copy\n'))
        return
      case 12:
        this.#say(query(this.#queryText()))
        return
      default:
        if (random.chance(0.5)) {
          this.#say(query(random.pick(copyTexts)))
          return
        }
        this.#say(random.chance(0.5) ? terminate() : frame('z'))
        return
    }
  }

  #functionCall(): void {
    const oid = this.#random.chance(0.8) ? CARRIED_FUNCTION : 0
    this.#say(frame('F', int32(oid), int16(0), int16(0), int16(0)))
  }

  #next(): number {
    return ++this.#count
  }
}
