import type {
  Analysis,
  CopyAnalysis,
  Named,
  ParameterSource,
  ProtectedColumn,
  Refusal,
  ResultItem,
  Shape,
  StatementAnalysis,
  ValueSlot,
} from '../../../sql/index.ts'
import type { ColumnSetting } from '../../../transform/index.ts'
import type { ColumnTable } from '../../columns.ts'
import { indexDefinition } from './definitions.ts'
import { becomes, isRevealedAs, storedAs } from './description.ts'
import { redactedText } from './redacted-text.ts'

/**
 * What happens to a statement: it passes byte for byte; values of it are replaced, or its rows revealed; it does not pass; it passes although
 * it writes or shows something unprotected (`on_unprotected: pass`).
 */
export type StatementClass = 'untouched' | 'rewritten' | 'refused' | 'passed'

/** All that is known of a statement before it runs. It has names of the statement in it, and none of its values. */
export interface Explanation {
  readonly class: StatementClass
  /** What the database gets in its place, every value left out; null where that is the text itself, or nothing. */
  readonly rewritten: string | null
  /** The literals and parameters that are values of protected columns, in the order of the text. */
  readonly values: readonly ExplainedValue[]
  /** What the statements of the text answer, or take in by COPY, those left out of whose answer nothing is known to be protected. */
  readonly answers: readonly ExplainedAnswer[]
  /** What is let through unprotected. */
  readonly passed: readonly Reason[]
  /** Why it does not pass. */
  readonly refusal: Reason | null
  /** Definitions of the indexes by which its comparisons can be looked up. */
  readonly indexes: readonly string[]
}

export interface ExplainedValue {
  /** A literal, by line and column (in bytes) of the text, from 1; or a parameter. */
  readonly source: { readonly line: number; readonly column: number } | ExplainedParameter
  /** `table.column`. */
  readonly column: string
  /** `presence`: it is only asked whether it is NULL. */
  readonly use: 'store' | 'search' | 'presence'
  /** What stands in its place. */
  readonly becomes: string
}

export interface ExplainedParameter {
  /** Its number, from 1. */
  readonly parameter: number
  /** The number under which the database gets it once more, since it is used in several ways. */
  readonly sentAs?: number
}

export interface ExplainedAnswer {
  /** Which statement of the text, from 1. */
  readonly statement: number
  /** What it does besides answering, or instead of it: COPY, PREPARE, EXECUTE, DECLARE, FETCH. */
  readonly note: string | null
  readonly columns: readonly ExplainedColumn[]
}

export interface ExplainedColumn {
  /** `table.column` where it is a protected one. */
  readonly column: string | null
  readonly kind: 'protected' | 'unprotected' | 'unknown'
  /** How it is revealed, in rows that come in how it is stored, or why nothing is known of it. */
  readonly note: string | null
}

export interface Reason {
  readonly sqlState: string
  readonly message: string
  readonly hint: string | null
  /** `table.column`, where it is about one. */
  readonly column: string | null
}

const NOTHING = {
  rewritten: null,
  values: [],
  answers: [],
  passed: [],
  refusal: null,
  indexes: [],
} as const

/** The explanation of a text of that shape and analysis. */
export function explanationOf(
  text: Buffer,
  shape: Shape,
  analysis: Analysis,
  columns: ColumnTable,
): Explanation {
  if (analysis.kind === 'untouched') return { class: 'untouched', ...NOTHING }
  if (analysis.kind === 'refused')
    return { ...NOTHING, class: 'refused', refusal: reasonOf(analysis.refusal) }
  const { values, edits, statements, passed } = analysis
  const isChanged = values.length + edits.length > 0
  const answers = statements.flatMap((statement, index) => answerOf(statement, index + 1, columns))
  const isUntouched = !isChanged && answers.length === 0
  return {
    class: passed.length > 0 ? 'passed' : isUntouched ? 'untouched' : 'rewritten',
    rewritten: isChanged ? redactedText(text, shape, values, edits) : null,
    values: values.map((slot) => explainedValue(slot, text, shape, columns)),
    answers,
    passed: passed.map(reasonOf),
    refusal: null,
    indexes: indexesOf(values, columns),
  }
}

export function reasonOf({ sqlState, message, hint, column }: Refusal): Reason {
  return { sqlState, message, hint, column: column && nameOf(column) }
}

function explainedValue(
  { column, source, use }: ValueSlot,
  text: Buffer,
  shape: Shape,
  columns: ColumnTable,
): ExplainedValue {
  const { setting } = columns.planned(column)
  return {
    source:
      'parameter' in source
        ? parameterOf(source)
        : placeOf(text, shape.literals[source.literal].start),
    column: nameOf(column),
    use: use.kind,
    becomes: becomes(setting, use),
  }
}

function parameterOf({ parameter, copyOf }: ParameterSource): ExplainedParameter {
  return copyOf === undefined ? { parameter } : { parameter: copyOf, sentAs: parameter }
}

/** Line and column of a byte, from 1. */
function placeOf(text: Buffer, at: number): { line: number; column: number } {
  const before = text.toString('latin1', 0, at)
  const lines = before.split('\n')
  return { line: lines.length, column: lines.at(-1)!.length + 1 }
}

function answerOf(
  { results, named, copy }: StatementAnalysis,
  statement: number,
  columns: ColumnTable,
): readonly ExplainedAnswer[] {
  if (results === null && named === null && copy === null) return []
  const items = copy?.columns ?? results ?? []
  const note = noteOf(named, copy)
  const how = copy?.direction === 'in' ? storedAs : isRevealedAs
  return [{ statement, note, columns: items.map((item) => columnOf(item, columns, how)) }]
}

function columnOf(
  item: ResultItem,
  columns: ColumnTable,
  how: (setting: ColumnSetting) => string,
): ExplainedColumn {
  if (item === 'other') return { column: null, kind: 'unprotected', note: null }
  if (item === 'star') return { column: null, kind: 'unknown', note: UNKNOWN }
  const { setting } = columns.planned(item)
  return { column: nameOf(item), kind: 'protected', note: how(setting) }
}

const UNKNOWN =
  'columns of *, of a number that is not known: neither the encryptor config nor the schema learned, if any, lists them'

function noteOf(named: Named | null, copy: CopyAnalysis | null): string | null {
  if (copy !== null)
    return copy.direction === 'in'
      ? 'the rows of COPY are protected on their way in'
      : 'the rows of COPY are revealed on their way out'
  switch (named?.action) {
    case undefined:
      return null
    case 'declare':
      return `names the cursor ${named!.name}: its rows come with FETCH`
    case 'fetch':
      return `gives rows of the cursor ${named!.name}: they are what DECLARE has said`
    case 'prepare':
      return `names the statement ${named!.name}: its rows come with EXECUTE, and its parameters are the values above`
    case 'deallocate':
      return `gives up the name of the statement ${named!.name}`
    case 'execute':
      return `runs the statement ${named!.name}: its values and rows are what PREPARE has said`
  }
}

/** One for each column that a value is looked up in. */
function indexesOf(values: readonly ValueSlot[], columns: ColumnTable): readonly string[] {
  const searched = new Set<ColumnSetting>()
  for (const { column, use } of values)
    if (use.kind === 'search') searched.add(columns.planned(column).setting)
  return [...searched].map((setting) =>
    indexDefinition({ schema: null, name: setting.table }, setting, false),
  )
}

function nameOf({ table, column }: ProtectedColumn): string {
  return `${table}.${column}`
}
