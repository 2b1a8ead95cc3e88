/** What became of a generated statement: both answers, and what acra-server has sent to the database, held against one another. */
import { findCanary, searchable } from '../canary.ts'
import type { Recording } from '../tap.ts'
import type { Answer } from './speaker.ts'
import type { Statement } from './statements.ts'
import { sureMarks } from './values.ts'

export interface Verdict {
  /** `failed`: with an error of the database on both sides. */
  readonly result: 'worked' | 'failed' | 'refused' | 'leak' | 'wrong' | 'crash'
  readonly reason: string
}

/** The verdict on a statement by the answers alone. `toClient` is what the database has said to acra-server meanwhile. */
export function verdictOf(
  statement: Statement,
  plain: Answer,
  answer: Answer,
  toClient: Buffer,
): Verdict {
  if (answer.error && !toClient.includes(answer.error.raw)) return refusal(answer.error)
  if (statement.mustBeRefused && !answer.error)
    return { result: 'leak', reason: 'plain values were moved into a protected column' }
  if (answer.error && plain.error) return { result: 'failed', reason: plain.error.message }
  if (answer.error)
    return {
      result: 'wrong',
      reason: `an error that the database alone has not: ${answer.error.message}`,
    }
  if (plain.error)
    return {
      result: 'wrong',
      reason: `no error where the database alone has: ${plain.error.message}`,
    }
  const difference =
    differ('rows', plain.rows, answer.rows, statement) ??
    differ('tags', plain.tags, answer.tags, statement) ??
    differ('descriptions', plain.descriptions, answer.descriptions, statement) ??
    differ('the state afterwards', plain.state, answer.state, statement)
  return difference === null
    ? { result: 'worked', reason: '' }
    : { result: 'wrong', reason: difference }
}

/** A refusal says why, and what to do. */
function refusal({ code, message, hint }: NonNullable<Answer['error']>): Verdict {
  if (
    /^(?:0A000|42601|42804|26000|22P02|22P04|22003|22021|42P18|08P01)$/.test(code) &&
    message !== '' &&
    hint !== ''
  )
    return { result: 'refused', reason: message }
  return {
    result: 'wrong',
    reason: `a refusal without its reason: ${JSON.stringify({ code, message, hint })}`,
  }
}

/** Plans show what they compare with, which is not the same on both sides. */
function isPlan({ productions }: Statement): boolean {
  return productions.has('EXPLAIN')
}

function differ(
  what: string,
  plain: readonly string[],
  other: readonly string[],
  statement: Statement,
): string | null {
  if (isPlan(statement)) return null
  const [one, two] = [[...plain].sort(), [...other].sort()]
  const at = Array.from({ length: Math.max(one.length, two.length) }).findIndex(
    (_, i) => one[i] !== two[i],
  )
  if (at === -1) return null
  return `${what} differ: ${two[at] ?? 'nothing'} instead of ${one[at] ?? 'nothing'}`
}

/** What of the statement's protected values stands in what was recorded for it alone; null where nothing does. */
export function leakOf(statement: Statement, { toDatabase, toClient }: Recording): string | null {
  for (const [where, bytes] of [
    ['sent to the database', searchable(toDatabase)],
    ['sent by the database', searchable(toClient)],
  ] as const) {
    for (const mark of [...sureMarks, ...statement.canaries]) {
      const form = findCanary(mark, bytes)
      if (form !== null) return `${JSON.stringify(mark)} is ${where} as ${form}`
    }
  }
  return null
}
