import type { Analysis, Refusal, SearchPath, Shape, StatementAnalysis } from '../../sql/index.ts'
import { shapeOf } from '../../sql/postgres/index.ts'
import type { ColumnTable } from '../columns.ts'
import {
  type AnswerPlan,
  type LiteralSlot,
  type ParameterSlot,
  type Plan,
  untouched,
} from '../plan.ts'
import { PlanCache } from '../plan-cache.ts'
import { explanationOf } from './explain/explanation.ts'
import { explanationLines } from './explain/lines.ts'
import { askedFor, queryOf } from './explain/statement.ts'
import { type PossiblePaths, unknownPath } from './search-paths.ts'

export interface PlannerSettings {
  /** True where nothing is protected: no statement is looked at. */
  readonly idle: boolean
  readonly columns: ColumnTable
  /** What a text says, by the real grammar, under one of these search paths. Asked once per shape and paths. */
  readonly analyze: (text: Buffer, shape: Shape, paths: readonly SearchPath[]) => Analysis
  /** True where a plan may depend on the search path. */
  readonly followsPath: boolean
  /** Plans kept at most. */
  readonly cacheCount: number
  /** Memory that they may take, in bytes. */
  readonly cacheSize: number
  /** A longer text is refused without being looked at, in bytes. */
  readonly textSizeMax: number
  /** Told when the cache has to drop plans. */
  readonly onCacheTurn: () => void
}

/** A plan, with the literals of the very text where it has slots for them. */
export interface PlannedText {
  readonly plan: Plan
  readonly shape: Shape | null
  /** Of a Parse, where plans may change: its text, a byte in each character. */
  readonly text?: string
}

/** Marks a shape whose verdict depends on what a literal says: its texts are planned one by one. */
const exactOnly = Symbol('exact')

const untouchedText: PlannedText = { plan: untouched, shape: null }

/** Finds the plan of a statement text, making it where there is none yet. One for all connections of a configuration. */
export class Planner {
  #settings: PlannerSettings
  #cache: PlanCache<Plan | typeof exactOnly>
  #edition: object = {}

  constructor(settings: PlannerSettings) {
    this.#settings = settings
    this.#cache = cacheFor(settings)
  }

  /** Another object as soon as texts are analysed in another way: plans made before may not hold any more. */
  get edition(): object {
    return this.#edition
  }

  /** Analyses in another way from now on, and forgets all plans. */
  renew(change: Pick<PlannerSettings, 'analyze' | 'followsPath'>): void {
    this.#settings = { ...this.#settings, ...change }
    this.#cache = cacheFor(this.#settings)
    this.#edition = {}
  }

  /** True where no statement has to be looked at, as nothing is protected. */
  get idle(): boolean {
    return this.#settings.idle
  }

  /** The plan of a Query: by shape, as its values stand in the text. */
  forQuery(text: Buffer, paths: PossiblePaths = unknownPath): PlannedText {
    if (this.idle) return untouchedText
    const asked = askedFor(text)
    if (asked !== null) return { plan: this.#explained(asked, paths), shape: null }
    if (text.length > this.#settings.textSizeMax) return { plan: this.#tooLong(), shape: null }
    const shape = shapeOf(text)
    const key = `q${this.#keyOf(paths)}${shape.key}`
    const known = this.#cache.get(key)
    if (known !== undefined && known !== exactOnly) return withShape(known, shape)
    if (known === exactOnly) return withShape(this.#exact(text, shape, paths), shape)
    const { plan, exact, keeps } = this.#make(text, shape, paths)
    if (keeps) this.#cache.set(key, exact ? exactOnly : plan)
    if (keeps && exact) this.#cache.set(this.#exactKey(text, paths), plan)
    return withShape(plan, shape)
  }

  /** The plan of a Parse: by exact text, as its values come with Bind. */
  forParse(text: Buffer, paths: PossiblePaths = unknownPath): PlannedText {
    if (this.idle) return untouchedText
    const asked = askedFor(text)
    if (asked !== null) return { plan: this.#explained(asked, paths), shape: null }
    if (text.length > this.#settings.textSizeMax) return { plan: this.#tooLong(), shape: null }
    const characters = text.toString('latin1')
    const key = `x${this.#keyOf(paths)}${characters}`
    const known = this.#cache.get(key)
    if (known !== undefined && known !== exactOnly) {
      return { plan: known, shape: needsShape(known) ? shapeOf(text) : null, text: characters }
    }
    const shape = shapeOf(text)
    const plan = this.#exact(text, shape, paths)
    return { plan, shape, text: characters }
  }

  #exact(text: Buffer, shape: Shape, paths: PossiblePaths): Plan {
    const key = this.#exactKey(text, paths)
    const known = this.#cache.get(key)
    if (known !== undefined && known !== exactOnly) return known
    const { plan, keeps } = this.#make(text, shape, paths)
    if (keeps) this.#cache.set(key, plan)
    return plan
  }

  #make(
    text: Buffer,
    shape: Shape,
    { paths }: PossiblePaths,
  ): { plan: Plan; exact: boolean; keeps: boolean } {
    const { columns, analyze } = this.#settings
    const analysis = analyze(text, shape, paths)
    return {
      plan: planOf(analysis, columns),
      exact: analysis.kind !== 'untouched' && analysis.exact,
      keeps: analysis.kind !== 'refused' || analysis.transient !== true,
    }
  }

  /** Not kept: nobody asks for the same again and again. */
  #explained(text: Buffer, { paths }: PossiblePaths): Plan {
    const { analyze, columns, textSizeMax } = this.#settings
    if (text.length > textSizeMax) return this.#tooLong()
    const shape = shapeOf(text)
    const analysis = analyze(text, shape, paths)
    const { unknownNames } = analysis
    const lines = explanationLines(explanationOf(text, shape, analysis, columns))
    return {
      kind: 'answered',
      text: queryOf(lines),
      ...(unknownNames === undefined ? {} : { unknownNames }),
    }
  }

  #keyOf({ key }: PossiblePaths): string {
    return this.#settings.followsPath ? key : ''
  }

  /** Bytes one to one as characters: a text with bytes that are not UTF-8 has a key of its own. */
  #exactKey(text: Buffer, paths: PossiblePaths): string {
    return `x${this.#keyOf(paths)}${text.toString('latin1')}`
  }

  #tooLong(): Plan {
    const refusal: Refusal = {
      sqlState: '54000',
      message: `statement text longer than ${this.#settings.textSizeMax} bytes cannot be analysed`,
      hint: 'Send values as parameters, or raise --statement_size_max.',
      column: null,
    }
    return { kind: 'refused', refusal }
  }
}

function cacheFor({ cacheCount, cacheSize, onCacheTurn }: PlannerSettings) {
  return new PlanCache<Plan | typeof exactOnly>(cacheCount, cacheSize, onCacheTurn, sizeOf)
}

/** What a slot of a plan, an edit or a statement takes in memory, in bytes: an estimate. */
const PART_SIZE = 256

function sizeOf(plan: Plan | typeof exactOnly): number {
  if (plan === exactOnly || plan.kind !== 'planned') return 0
  const { literals, parameters, edits, answers } = plan
  const results = answers.reduce((sum, answer) => sum + (answer.results?.length ?? 0), 0)
  const parts = literals.length + parameters.size + edits.length + answers.length
  return parts * PART_SIZE + results * POINTER_SIZE
}

const POINTER_SIZE = 8

function withShape(plan: Plan, shape: Shape): PlannedText {
  return { plan, shape }
}

function needsShape(plan: Plan): boolean {
  return plan.kind === 'planned' && plan.literals.length + plan.edits.length > 0
}

function planOf(analysis: Analysis, columns: ColumnTable): Plan {
  const { schemaChange, unknownNames, givesValues } = analysis
  const kind = kindOf(analysis, columns)
  if (schemaChange === undefined && unknownNames === undefined && givesValues === undefined)
    return kind
  return {
    ...kind,
    ...(schemaChange === undefined ? {} : { schemaChange }),
    ...(unknownNames === undefined ? {} : { unknownNames }),
    ...(givesValues === undefined ? {} : { givesValues }),
  }
}

function kindOf(analysis: Analysis, columns: ColumnTable): Plan {
  if (analysis.kind === 'untouched')
    return analysis.parameterCount === undefined ? untouched : analysis
  if (analysis.kind === 'refused') return { kind: 'refused', refusal: analysis.refusal }
  const literals: LiteralSlot[] = []
  const parameters = new Map<number, ParameterSlot>()
  for (const { column: named, source, use, at, isNegative, elementType } of analysis.values) {
    const column = columns.planned(named)
    if ('literal' in source) literals.push({ index: source.literal, column, use, at, isNegative })
    else {
      const { parameter, copyOf } = source
      const copied = copyOf === undefined ? {} : { copyOf }
      const typed = elementType === undefined ? {} : { elementType }
      parameters.set(parameter, { column, use, ...copied, ...typed })
    }
  }
  literals.sort((a, b) => a.index - b.index)
  const isPrepare = analysis.statements.some(({ named }) => named?.action === 'prepare')
  return {
    kind: 'planned',
    literals,
    // The parameters of a statement that SQL prepares are none of the text's own.
    parameters: isPrepare ? noParameters : parameters,
    edits: analysis.edits,
    settings: analysis.settings,
    ...(analysis.makesEscapes === undefined ? {} : { makesEscapes: analysis.makesEscapes }),
    parameterCount: isPrepare ? 0 : analysis.parameterCount,
    answers: analysis.statements.map((statement) =>
      answerPlan(statement, { parameters, parameterCount: analysis.parameterCount }),
    ),
    passed: analysis.passed,
    ...(analysis.path === undefined ? {} : { path: analysis.path }),
  }
}

function answerPlan(
  { results, named, copy, isPlan = false }: StatementAnalysis,
  inside: NonNullable<AnswerPlan['prepares']>,
): AnswerPlan {
  return { results, named, copy, isPlan, prepares: named?.action === 'prepare' ? inside : null }
}

const noParameters: ReadonlyMap<number, ParameterSlot> = new Map()
