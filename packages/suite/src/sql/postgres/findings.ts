/** What an analysis has found so far: value slots, refusals, and what the plan depends on. */
import type { Catalog, ProtectedColumn, Refusal, ValueSlot } from '../analysis.ts'
import type { Literal } from '../shape.ts'
import type { Suspect } from './items.ts'
import { decodeLiteral } from './literal.ts'
import type { A_Const } from './tree.ts'

/** Ends the analysis of a text: caught by `analyze`, and by nothing else. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super('refused')
    this.refusal = refusal
  }
}

/** A sentence without its end, and the way out. Neither may hold a literal. */
export interface Reason {
  readonly message: string
  readonly hint: string
}

interface ParameterUse {
  column: ProtectedColumn | null
  location: number
  elsewhere: boolean
}

export class Findings {
  readonly catalog: Catalog
  readonly passed: Refusal[] = []
  exact = false
  /** Parameters that name a setting. */
  readonly settingNames: number[] = []
  readonly #text: Uint8Array
  readonly #literals: readonly Literal[]
  /** Index of the literal that begins at a byte. */
  readonly #starts = new Map<number, number>()
  /** Literals whose text does not matter for the verdict. */
  readonly #seen = new Set<number>()
  readonly #slots = new Map<number, ProtectedColumn>()
  readonly #parameters = new Map<number, ParameterUse>()

  constructor(catalog: Catalog, text: Uint8Array, literals: readonly Literal[]) {
    this.catalog = catalog
    this.#text = text
    this.#literals = literals
    literals.forEach((literal, index) => {
      this.#starts.set(literal.start, index)
    })
  }

  /**
   * Refuses the statement; or, where the column (the whole installation, where there is none) is to be passed, notes it and returns:
   * the analysis goes on with what can be protected.
   */
  refuse(column: ProtectedColumn | null, reason: Reason): void {
    const refusal: Refusal = { sqlState: '0A000', ...reason, column }
    if ((column ?? this.catalog).onUnprotected === 'refuse') throw new Refused(refusal)
    const isKnown = this.passed.some((other) => other.message === refusal.message)
    if (!isKnown) this.passed.push(refusal)
  }

  /** Refuses what may be a protected column seen through a relation that is not configured. */
  refuseSuspect(suspect: Suspect, clause: string): void {
    this.refuse(suspect.like, {
      message: `${clause} gives a value to ${suspect.relation}.${suspect.name}, and ${suspect.relation} is not in the encryptor config`,
      hint: `Name the table in the encryptor config (schemas: - table: ${suspect.relation}) to say that it is not a view, a partition or a child of a protected table, or to protect it.`,
    })
  }

  /** A literal stands here, at a byte of the text. True where it is one: the parser has constants for key words too. */
  literal(location: number): boolean {
    const index = this.#indexAt(location)
    if (index === undefined) return false
    this.#seen.add(index)
    return true
  }

  /** A parameter stands where no protected value goes. */
  parameter(number: number, location: number): void {
    const use = this.#parameters.get(number)
    if (use === undefined) this.#parameters.set(number, { column: null, location, elsewhere: true })
    else use.elsewhere = true
  }

  /** The literal of `constant` is the value of a column. False where it cannot be replaced. */
  literalValue(column: ProtectedColumn, constant: A_Const): boolean {
    const index = this.#starts.get(constant.location ?? 0)
    if (index === undefined) return false
    const { start, end } = this.#literals[index]
    const decoded = decodeLiteral(this.#text, start, end)
    if (decoded === null || !isSame(constant, decoded)) {
      this.exact = true
      return false
    }
    this.#seen.add(index)
    this.#slots.set(index, column)
    return true
  }

  /** How many values of protected columns have been found. */
  get valueCount(): number {
    let count = this.#slots.size
    for (const { column } of this.#parameters.values()) if (column !== null) count++
    return count
  }

  /** A parameter is the value of a column. */
  parameterValue(column: ProtectedColumn, number: number, location: number): void {
    const use = this.#parameters.get(number)
    if (use === undefined) this.#parameters.set(number, { column, location, elsewhere: false })
    else if (use.column === null) use.column = column
    else if (use.column !== column) {
      this.refuse(column, {
        message: `the parameter $${number} is given to ${nameOf(use.column)} and to ${nameOf(column)}, which are protected differently`,
        hint: 'Use a parameter of its own for each protected column.',
      })
    }
  }

  /** Nothing depends on the literals between two bytes. */
  ignoreLiterals(start: number, end: number): void {
    this.#literals.forEach((literal, index) => {
      if (literal.start >= start && literal.end <= end) this.#seen.add(index)
    })
  }

  /** Checks that every protected parameter has one meaning, and returns the slots in the order of the text. */
  slots(): ValueSlot[] {
    if (this.#seen.size < this.#literals.length) this.exact = true
    const placed: { at: number; slot: ValueSlot }[] = []
    for (const [literal, column] of this.#slots) {
      placed.push({ at: this.#literals[literal].start, slot: { column, source: { literal } } })
    }
    for (const [parameter, { column, location, elsewhere }] of this.#parameters) {
      if (column === null) continue
      if (elsewhere) this.#refuseShared(column, parameter)
      placed.push({ at: location, slot: { column, source: { parameter } } })
    }
    return placed.sort((one, other) => one.at - other.at).map(({ slot }) => slot)
  }

  #refuseShared(column: ProtectedColumn, parameter: number): void {
    this.refuse(column, {
      message: `the parameter $${parameter} is given to ${nameOf(column)} and is used elsewhere in the statement`,
      hint: 'Use a parameter of its own for the protected column.',
    })
  }

  /** A negative number is a constant that begins at its sign, the literal behind it. */
  #indexAt(location: number): number | undefined {
    const index = this.#starts.get(location)
    if (index !== undefined || this.#text[location] !== MINUS) return index
    const next = firstAfter(this.#literals, location)
    return next < this.#literals.length ? next : undefined
  }
}

const MINUS = 0x2d

/** The index of the first literal behind a byte. */
function firstAfter(literals: readonly Literal[], location: number): number {
  let low = 0
  let high = literals.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (literals[middle].start < location) low = middle + 1
    else high = middle
  }
  return low
}

export function nameOf(column: ProtectedColumn): string {
  return `${column.table}.${column.column}`
}

/** True where parser and lexer agree on what the literal means. */
function isSame(constant: A_Const, decoded: Buffer): boolean {
  if (constant.sval !== undefined) return (constant.sval.sval ?? '') === decoded.toString('utf8')
  if (constant.ival !== undefined)
    return String(constant.ival.ival ?? 0) === decoded.toString('latin1')
  return constant.fval !== undefined || constant.bsval !== undefined
}
