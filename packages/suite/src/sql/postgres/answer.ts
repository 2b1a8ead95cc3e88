/** What a statement answers, for the caller. */
import type { ResultItem, StatementAnalysis } from '../analysis.ts'
import { type Part, protectedIn } from './items.ts'

export const NO_ROWS: StatementAnalysis = { results: null, named: null, copy: null }

/** The statement that answers these columns: null where none is protected. */
export function answering(parts: readonly Part[]): StatementAnalysis {
  if (protectedIn(parts) === null) return NO_ROWS
  const results = parts.map(
    (part): ResultItem => (part.kind === 'rest' ? 'star' : (part.item.column ?? 'other')),
  )
  const mixed = parts.flatMap((part, index) =>
    part.kind === 'column' && part.item.isMixed === true ? [index] : [],
  )
  return { results, ...(mixed.length === 0 ? {} : { mixed }), named: null, copy: null }
}
