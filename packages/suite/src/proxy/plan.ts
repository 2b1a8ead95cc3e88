import type {
  AnchoredSpan,
  CopyAnalysis,
  Named,
  PathUse,
  Refusal,
  ResultItem,
  SchemaUse,
  SettingInBind,
  TextEdit,
  ValueUse,
} from '../sql/index.ts'
import type { PlannedColumn } from './columns.ts'

/** What stands in for the values of one statement text, made once per distinct shape and shared by all connections. */
export type Plan = Untouched | Planned | Refused | Answered

export interface Untouched extends SchemaUse {
  readonly kind: 'untouched'
  /** How many parameters the text has; absent where nothing protected is near, and the database counts them. */
  readonly parameterCount?: number
}

export interface Planned extends SchemaUse {
  readonly kind: 'planned'
  /** Literals to protect, by index among the literals of the text, ascending. */
  readonly literals: readonly LiteralSlot[]
  /** Parameters to protect, by number from 1. */
  readonly parameters: ReadonlyMap<number, ParameterSlot>
  /** What else of the text changes, in its order. */
  readonly edits: readonly TextEdit[]
  /** What it sets for the session by parameters. */
  readonly settings: readonly SettingInBind[]
  /** Backslashes in strings may be escapes behind it. Absent: it changes nothing of that. */
  readonly makesEscapes?: boolean
  /** How many parameters the text has. */
  readonly parameterCount: number
  /** One per statement of the text, in order. */
  readonly answers: readonly AnswerPlan[]
  /** What `on_unprotected: pass` lets through: logged each time. */
  readonly passed: readonly Refusal[]
  /** Absent where the text has nothing to do with the search path. */
  readonly path?: PathUse
}

export interface Refused extends SchemaUse {
  readonly kind: 'refused'
  readonly refusal: Refusal
}

/** The statement asks something of us: the database gets a query of constants in its place, and none of its parameters. */
export interface Answered extends SchemaUse {
  readonly kind: 'answered'
  readonly text: Buffer
}

export interface LiteralSlot {
  readonly index: number
  readonly column: PlannedColumn
  readonly use: ValueUse
  /** Where its protected form is written; null: in its own place. */
  readonly at: AnchoredSpan | null
  /** A sign before it is part of the value. */
  readonly isNegative: boolean
}

export interface ParameterSlot {
  readonly column: PlannedColumn
  readonly use: ValueUse
  /** The client's parameter whose value it has once more; absent where it is the client's own. */
  readonly copyOf?: number
  /** The type of the elements of an array, by the database's name, if the text says one. */
  readonly elementType?: string
}

/** What the rows of one statement are. */
export interface AnswerPlan {
  readonly results: readonly ResultItem[] | null
  readonly named: Named | null
  /** Of PREPARE: the parameters of the statement inside. */
  readonly prepares: Pick<Planned, 'parameters' | 'parameterCount'> | null
  readonly copy: CopyAnalysis | null
  /** Its rows tell of a plan of the database's: nothing in them is revealed. */
  readonly isPlan?: boolean
}

export const untouched: Untouched = { kind: 'untouched' }

/** The slots of a statement that has none. */
export const noSlots: Pick<Planned, 'literals' | 'parameters' | 'edits'> = {
  literals: [],
  parameters: new Map(),
  edits: [],
}
