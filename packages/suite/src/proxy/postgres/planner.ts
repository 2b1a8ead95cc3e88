import type { Analysis, Refusal, Shape, StatementAnalysis } from '../../sql/index.ts'
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

export interface PlannerSettings {
  /** True where nothing is protected: no statement is looked at. */
  readonly idle: boolean
  readonly columns: ColumnTable
  /** What a text says, by the real grammar. Asked once per shape. */
  readonly analyze: (text: Buffer, shape: Shape) => Analysis
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
}

/** Marks a shape whose verdict depends on what a literal says: its texts are planned one by one. */
const exactOnly = Symbol('exact')

const untouchedText: PlannedText = { plan: untouched, shape: null }

/** Finds the plan of a statement text, making it where there is none yet. One for all connections of a configuration. */
export class Planner {
  readonly #settings: PlannerSettings
  readonly #cache: PlanCache<Plan | typeof exactOnly>

  constructor(settings: PlannerSettings) {
    this.#settings = settings
    this.#cache = new PlanCache(settings.cacheCount, settings.cacheSize, settings.onCacheTurn)
  }

  /** True where no statement has to be looked at, as nothing is protected. */
  get idle(): boolean {
    return this.#settings.idle
  }

  /** The plan of a Query: by shape, as its values stand in the text. */
  forQuery(text: Buffer): PlannedText {
    if (this.idle) return untouchedText
    const asked = askedFor(text)
    if (asked !== null) return { plan: this.#explained(asked), shape: null }
    if (text.length > this.#settings.textSizeMax) return { plan: this.#tooLong(), shape: null }
    const shape = shapeOf(text)
    const key = `q${shape.key}`
    const known = this.#cache.get(key)
    if (known !== undefined && known !== exactOnly) return withShape(known, shape)
    if (known === exactOnly) return withShape(this.#exact(text, shape), shape)
    const { plan, exact, keeps } = this.#make(text, shape)
    if (keeps) this.#cache.set(key, exact ? exactOnly : plan)
    if (keeps && exact) this.#cache.set(exactKey(text), plan)
    return withShape(plan, shape)
  }

  /** The plan of a Parse: by exact text, as its values come with Bind. */
  forParse(text: Buffer): PlannedText {
    if (this.idle) return untouchedText
    const asked = askedFor(text)
    if (asked !== null) return { plan: this.#explained(asked), shape: null }
    if (text.length > this.#settings.textSizeMax) return { plan: this.#tooLong(), shape: null }
    const known = this.#cache.get(exactKey(text))
    if (known !== undefined && known !== exactOnly) {
      return needsShape(known)
        ? { plan: known, shape: shapeOf(text) }
        : { plan: known, shape: null }
    }
    const shape = shapeOf(text)
    return withShape(this.#exact(text, shape), shape)
  }

  #exact(text: Buffer, shape: Shape): Plan {
    const key = exactKey(text)
    const known = this.#cache.get(key)
    if (known !== undefined && known !== exactOnly) return known
    const { plan, keeps } = this.#make(text, shape)
    if (keeps) this.#cache.set(key, plan)
    return plan
  }

  #make(text: Buffer, shape: Shape): { plan: Plan; exact: boolean; keeps: boolean } {
    const { columns, analyze } = this.#settings
    const analysis = analyze(text, shape)
    return {
      plan: planOf(analysis, columns),
      exact: analysis.kind !== 'untouched' && analysis.exact,
      keeps: analysis.kind !== 'refused' || analysis.transient !== true,
    }
  }

  /** Not kept: nobody asks for the same again and again. */
  #explained(text: Buffer): Plan {
    const { analyze, columns, textSizeMax } = this.#settings
    if (text.length > textSizeMax) return this.#tooLong()
    const shape = shapeOf(text)
    const explanation = explanationOf(text, shape, analyze(text, shape), columns)
    return { kind: 'answered', text: queryOf(explanationLines(explanation)) }
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

function withShape(plan: Plan, shape: Shape): PlannedText {
  return { plan, shape }
}

function needsShape(plan: Plan): boolean {
  return plan.kind === 'planned' && plan.literals.length + plan.edits.length > 0
}

/** Bytes one to one as characters: a text with bytes that are not UTF-8 has a key of its own. */
function exactKey(text: Buffer): string {
  return `x${text.toString('latin1')}`
}

function planOf(analysis: Analysis, columns: ColumnTable): Plan {
  if (analysis.kind === 'untouched') return untouched
  if (analysis.kind === 'refused') return { kind: 'refused', refusal: analysis.refusal }
  const literals: LiteralSlot[] = []
  const parameters = new Map<number, ParameterSlot>()
  for (const { column: named, source, use, at, isNegative } of analysis.values) {
    const column = columns.planned(named)
    if ('literal' in source) literals.push({ index: source.literal, column, use, at, isNegative })
    else {
      const { parameter, copyOf } = source
      parameters.set(parameter, copyOf === undefined ? { column, use } : { column, use, copyOf })
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
    settingNames: analysis.settingNames,
    answers: analysis.statements.map((statement) => answerPlan(statement, parameters)),
    passed: analysis.passed,
  }
}

function answerPlan(
  { results, named, copy, isPlan = false }: StatementAnalysis,
  parameters: ReadonlyMap<number, ParameterSlot>,
): AnswerPlan {
  return { results, named, copy, isPlan, prepares: named?.action === 'prepare' ? parameters : null }
}

const noParameters: ReadonlyMap<number, ParameterSlot> = new Map()
