/** What an analysis has found so far: value slots, refusals, and what the plan depends on. */
import type {
  AnchoredSpan,
  Catalog,
  KnownTable,
  ProtectedColumn,
  Refusal,
  SearchPath,
  SettingInBind,
  TextEdit,
  ValueSlot,
  ValueUse,
} from '../analysis.ts'
import type { Literal } from '../shape.ts'
import { Answers } from './answers.ts'
import type { Budget } from './budget.ts'
import { withConstants } from './computation.ts'
import { isArrayOfValues, mayDeclare } from './declared-types.ts'
import { constantsOf, type Made } from './formulas.ts'
import { Givens } from './givens.ts'
import type { Part, Suspect } from './items.ts'
import { decodeLiteral } from './literal.ts'
import {
  ParameterUses,
  type ResolvedParameter,
  type Use as UseOfParameter,
} from './parameter-uses.ts'
import { PathInText } from './path-in-text.ts'
import type { Scope } from './scope.ts'
import { SourceText, type Span } from './source-text.ts'
import { storedTypeIn } from './stored-types.ts'
import type { A_Const, Node, TypeName } from './tree.ts'

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

/** A protected column that the query of a scope groups by. */
export interface Group {
  readonly of: object
  readonly column: ProtectedColumn
  readonly scope: Scope
}

interface LiteralSlot {
  readonly column: ProtectedColumn
  readonly use: ValueUse
  readonly at: AnchoredSpan | null
  readonly isNegative: boolean
}

export class Findings {
  readonly catalog: Catalog
  readonly budget: Budget
  readonly passed: Refusal[] = []
  exact = false
  /** The text names a table with a protected column. */
  isNearProtected = false
  /** The text has a PREPARE: parameters are those of the statement in it. */
  isPreparing = false
  /** Settings whose names or values are parameters. */
  readonly settings: SettingInBind[] = []
  /** Where the statement in hand stands in the text. */
  statement: Span = { start: 0, end: 0 }
  /** In a body of code: the names that stand for values there. No table with a protected column may be named. Null anywhere else. */
  variables: ReadonlySet<string> | null = null
  /** The text sets how later ones are read. */
  setsReading = false
  /** Backslashes in strings may be escapes behind the text. */
  makesEscapes = false
  /** Columns of pg_settings whose value the statement in hand says. */
  settingColumns: ReadonlyMap<Node, string> = new Map()
  /** The protected columns that queries group by. */
  readonly groups: Group[] = []
  /** Values that are given in one place and used in another. */
  readonly givens = new Givens()
  readonly answers = new Answers()
  readonly path: PathInText
  /** What the text does to the schema, so far. */
  schemaChange: 'certain' | 'possible' | null = null
  /** The names of relations that it changes, so far; null where it may be any. */
  changedNames: Set<string> | null = new Set()
  readonly source: SourceText
  /** Protected columns by the names that relations of the text have for them. */
  readonly #shown = new Map<string, ProtectedColumn>()
  /** Literals whose text does not matter for the verdict. */
  readonly #seen = new Set<number>()
  readonly #slots = new Map<number, LiteralSlot>()
  /** The keys of the slots, and of the edits, in their order. */
  readonly #slotOrder: number[] = []
  readonly #editOrder: string[] = []
  /** The constant whose content was asked for last: it is asked for again at once. */
  #lastContent: { readonly constant: A_Const; readonly content: Buffer | null } | null = null
  readonly #parameters = new ParameterUses()
  readonly #declared = new Map<number, TypeName>()
  readonly #edits = new Map<string, Span & { readonly text: string; readonly rank: number }>()

  constructor(
    catalog: Catalog,
    text: Uint8Array,
    literals: readonly Literal[],
    paths: readonly SearchPath[],
    budget: Budget,
  ) {
    this.catalog = catalog
    this.budget = budget
    this.path = new PathInText(catalog, paths)
    this.source = new SourceText(text, literals)
  }

  /**
   * Refuses the statement; or, where the column (the whole installation, where there is none) is to be passed, notes it and returns:
   * the analysis goes on with what can be protected.
   */
  refuse(column: ProtectedColumn | null, { message, hint }: Reason): void {
    const refusal: Refusal = { sqlState: '0A000', message, hint, column }
    if ((column ?? this.catalog).onUnprotected === 'refuse') throw new Refused(refusal)
    const isKnown = this.passed.some((other) => other.message === refusal.message)
    if (!isKnown) this.passed.push(refusal)
  }

  /** The statement in hand may change what relations there are: those of these names, or any. */
  changesSchema(how: 'certain' | 'possible' | null, names: readonly string[] | null = null): void {
    if (how === null) return
    if (this.schemaChange !== 'certain') this.schemaChange = how
    if (how === 'possible') return
    if (names === null) this.changedNames = null
    else for (const name of names) this.changedNames?.add(name)
  }

  /** A relation of the text has these columns. */
  shows(parts: readonly Part[]): void {
    for (const part of parts)
      if (part.kind === 'column' && part.name !== null && part.item.column !== null)
        this.#shown.set(part.name, part.item.column)
  }

  /** The protected column that a name means somewhere in the text, or in any; null where it means none. */
  protectedName(name: string): ProtectedColumn | null {
    return this.#shown.get(name) ?? this.catalog.protectedName(name)
  }

  /** The table that a name means; null where it is not configured. Refuses where it may mean several that are not protected alike. */
  table(schema: string | null, name: string): KnownTable | null {
    const { table, doubt } = this.path.meaning(schema, name)
    const [column = null] = table?.protected.values() ?? []
    if (column !== null) this.isNearProtected = true
    if (column !== null && this.variables !== null) {
      this.refuse(column, {
        message: `its body names ${column.table}, which has protected columns`,
        hint: 'Let the application write and read them.',
      })
    }
    if (doubt.length > 0) {
      this.refuse(column, {
        message: `the name ${name} may mean ${doubt.join(' or ')}, which are not protected alike`,
        hint: 'Write the table with its schema, or set a search_path under which it is certain.',
      })
    }
    if (table?.noUse !== undefined) this.refuse(table.noUse.column, table.noUse)
    return table === null && this.catalog.trustsUnlisted === true ? unlistedTable(name) : table
  }

  /** Refuses what may be a protected column seen through a relation that is not configured. */
  refuseSuspect({ relation, name, like }: Suspect, clause: string): void {
    if (relation === null) {
      this.refuse(like, {
        message: `${clause} gives a value to the field ${name} of a row, and acra-server cannot tell which table the row is of`,
        hint: 'Write the column with the name of its table.',
      })
      return
    }
    this.refuse(like, {
      message: `${clause} gives a value to ${relation}.${name}, and ${relation} is not in the encryptor config`,
      hint: `Name the table in the encryptor config (schemas: - table: ${relation}) to say that it is not a view, a partition or a child of a protected table, or to protect it; or say so of all tables that it does not name (unlisted_tables: trust).`,
    })
  }

  /** A literal stands here, at a byte of the text. True where it is one: the parser has constants for key words too. */
  literal(location: number): boolean {
    const index = this.source.literalAt(location)
    if (index === undefined) return false
    this.#seen.add(index)
    return true
  }

  /** A parameter stands where no protected value goes. */
  parameter(number: number, location: number): void {
    this.#parameters.add({ ...ORDINARY, number, location })
  }

  /** A parameter, without these casts, is tested for being NULL. */
  parameterPresence(number: number, location: number, casts: readonly Span[]): void {
    this.#parameters.add({ ...ORDINARY, number, location, presence: casts })
  }

  /**
   * A parameter is the value of a column. It is written at `at`, or where it stands. `elementType`: of an array, the type of its elements that
   * the text has.
   */
  parameterValue(
    column: ProtectedColumn,
    number: number,
    location: number,
    use: ValueUse = STORE,
    at: Span | null = null,
    elementType: string | null = null,
  ): void {
    this.#parameters.add({ number, location, at, presence: null, column, use, elementType })
  }

  /** True where parameters of higher numbers than `last` can be added: the text has none. */
  mayAddParameters(last: number): boolean {
    if (this.isPreparing) return false
    return this.source.parameterNumbers().every((number) => number <= last)
  }

  /** Writes a parameter in the place of another. Where it is only tested for being there no other place tells its type. */
  writeParameter(number: number, { location, at, presence }: UseOfParameter): void {
    const { start, end } = at ?? { start: location, end: this.source.endOfParameter(location) }
    const type = presence === null ? '' : '::pg_catalog.bytea'
    this.edit(start, end, ` $${number}${type}`)
    for (const cast of presence ?? []) this.edit(cast.start, cast.end, ' ')
  }

  /** PREPARE declares the type of a parameter. */
  declareParameter(number: number, type: TypeName): void {
    this.#declared.set(number, type)
  }

  /** How many parameters PREPARE declares. */
  get declaredCount(): number {
    let highest = 0
    for (const number of this.#declared.keys()) highest = Math.max(highest, number)
    return highest
  }

  /** A protected value is stored as bytes, or as a token of a type of its own, whatever type PREPARE declares for it. */
  #retype({ number, column, use }: ResolvedParameter): void {
    const type = this.#declared.get(number)
    if (type === undefined) return
    const stored = storedTypeIn(this.catalog, column)
    // As a token it may have any type that the database can compare with the column's.
    if (column.equality === 'whole' && !mayDeclare(type, use)) return
    const start = type.location ?? 0
    const end = this.source.endOfType(start, type.arrayBounds?.length ?? 0)
    const isArray = isArrayOfValues(use) || (use.kind === 'search' && use.as === 'forms')
    if (end === null || !mayDeclare(type, use)) {
      this.refuse(column, {
        message: `PREPARE declares a type for the parameter $${number} that cannot be that of ${nameOf(column)}`,
        hint: 'Declare it as text or bytea, or leave the type away.',
      })
      return
    }
    this.edit(start, end, `${stored}${isArray ? '[]' : ''}`)
  }

  /** What the literal of `constant` is to PostgreSQL; null where it cannot be told. */
  contentOf(constant: A_Const): Buffer | null {
    if (this.#lastContent?.constant === constant) return this.#lastContent.content
    const content = this.#contentOf(constant)
    this.#lastContent = { constant, content }
    return content
  }

  #contentOf(constant: A_Const): Buffer | null {
    const { source } = this
    const location = constant.location ?? 0
    const index = source.literalAt(location)
    if (index === undefined) return null
    const { start, end } = source.literals[index]
    const decoded = decodeLiteral(source.text, start, end)
    if (decoded === null) return null
    const content = start === location ? decoded : Buffer.concat([SIGN, decoded])
    return isSame(constant, content) ? content : null
  }

  /**
   * The literal of `constant`, which stands in `span`, is the value of a column; it is written in the place of `to`. False where it cannot be
   * replaced.
   */
  literalValue(
    column: ProtectedColumn,
    constant: A_Const,
    span: Span,
    use: ValueUse = STORE,
    to: Span = span,
  ): boolean {
    const { source } = this
    const index = source.literalAt(constant.location ?? 0)
    if (index === undefined) return false
    if (this.contentOf(constant) === null) {
      this.exact = true
      return false
    }
    const { start, end } = source.literals[index]
    const isOwn = to.start === start && to.end === end
    this.#seen.add(index)
    this.#addSlot(index, {
      column,
      use,
      at: isOwn ? null : source.anchored(to),
      isNegative: span.start < start,
    })
    return true
  }

  #addSlot(index: number, slot: LiteralSlot): void {
    if (!this.#slots.has(index)) this.#slotOrder.push(index)
    this.#slots.set(index, slot)
  }

  /**
   * A value of a column that is computed, from constants or from one parameter, is written in the place of `to`. False where a constant cannot be
   * read.
   */
  madeValue(column: ProtectedColumn, made: Made, use: ValueUse, to: Span): boolean {
    const { formula, hasConstants, parameter } = made
    let first = Number.POSITIVE_INFINITY
    for (const { literal: index, constant } of constantsOf(made)) {
      if (this.contentOf(constant) === null) {
        this.exact = true
        return false
      }
      this.#seen.add(index)
      first = Math.min(first, index)
    }
    if (parameter === null) {
      const at = this.source.anchored(to)
      this.#addSlot(first, { column, use: { ...use, made: formula }, at, isNegative: false })
      return true
    }
    if (hasConstants) this.exact = true
    const { text, literals } = this.source
    const fixed = withConstants(formula, (index) =>
      decodeLiteral(text, literals[index].start, literals[index].end),
    )
    if (fixed === null) return false
    const { number = 0, location = 0 } = parameter
    this.parameterValue(column, number, location, { ...use, made: fixed }, to)
    return true
  }

  /** A part of the text becomes `text`. Said twice, it is done once. Of those that begin at one place, the one of lower rank comes first. */
  edit(start: number, end: number, text: string, rank = 0): void {
    const key = `${start} ${end} ${rank} ${text}`
    if (!this.#edits.has(key)) this.#editOrder.push(key)
    this.#edits.set(key, { start, end, text, rank })
  }

  /** A point to go back to where what was begun after it cannot be carried to its end. */
  mark(): () => void {
    const slots = this.#slotOrder.length
    const edits = this.#editOrder.length
    const forgetParameters = this.#parameters.mark()
    const forgetClaims = this.givens.mark()
    const forgetAnswers = this.answers.mark()
    return () => {
      for (const index of this.#slotOrder.splice(slots)) this.#slots.delete(index)
      for (const key of this.#editOrder.splice(edits)) this.#edits.delete(key)
      forgetParameters()
      forgetClaims()
      forgetAnswers()
    }
  }

  /** Nothing depends on the literals between two bytes. */
  ignoreLiterals(start: number, end: number): void {
    const { literals } = this.source
    let index = this.source.firstAfter(start)
    for (; index < literals.length && literals[index].end <= end; index++) this.#seen.add(index)
  }

  /** Gives every parameter one meaning, and returns the slots in the order of the text. */
  slots(): ValueSlot[] {
    const { literals } = this.source
    if (this.#seen.size < literals.length) this.exact = true
    const placed: { at: number; slot: ValueSlot }[] = []
    for (const [literal, slot] of this.#slots) {
      placed.push({ at: literals[literal].start, slot: { ...slot, source: { literal } } })
    }
    for (const resolved of this.#parameters.resolve(this)) {
      const { number: parameter, copyOf, location, column, use, elementType } = resolved
      this.#retype(resolved)
      const source = copyOf === null ? { parameter } : { parameter, copyOf }
      const typed = elementType === null ? {} : { elementType }
      const slot = { column, use, at: null, isNegative: false, source, ...typed }
      placed.push({ at: location, slot })
    }
    return placed.sort((one, other) => one.at - other.at).map(({ slot }) => slot)
  }

  /** The edits in the order of the text. */
  edits(): TextEdit[] {
    const { source } = this
    return [...this.#edits.values()]
      .sort(inText)
      .map(({ start, end, text }) => ({ ...source.anchored({ start, end }), text }))
  }
}

/** The order of edits in the text. */
function inText(one: Span & { rank: number }, other: Span & { rank: number }): number {
  return one.start - other.start || one.rank - other.rank || one.end - other.end
}

const SIGN = Buffer.from('-')
const ORDINARY = { at: null, presence: null, column: null, use: null, elementType: null } as const
const STORE: ValueUse = { kind: 'store' }

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

/** A relation that nobody protects. */
function unlistedTable(name: string): KnownTable {
  return { name, columns: null, protected: new Map() }
}
