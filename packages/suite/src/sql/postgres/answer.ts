/** What a statement answers, for the caller. */
import type { ProtectedColumn, ResultItem, StatementAnalysis } from '../analysis.ts'
import type { Context } from './context.ts'
import { nameOf } from './findings.ts'
import { type Part, protectedIn } from './items.ts'

export const NO_ROWS: StatementAnalysis = { results: null, named: null, copy: null }

/** The statement that answers these columns: null where none is protected. Refuses where it is not known which one of them is protected. */
export function answering(parts: readonly Part[], { findings }: Context): StatementAnalysis {
  if (protectedIn(parts) === null) return NO_ROWS
  const lost = betweenStars(parts)
  if (lost !== null) {
    findings.refuse(lost, {
      message: `the answer has ${nameOf(lost)} between two * of unknown width, so that it is not known where it stands`,
      hint: 'Name the columns in the statement, or list every column of these tables in the encryptor config (columns).',
    })
  }
  const results = parts.map(
    (part): ResultItem => (part.kind === 'rest' ? 'star' : (part.item.column ?? 'other')),
  )
  const mixed = parts.flatMap((part, index) =>
    part.kind === 'column' && part.item.isMixed === true ? [index] : [],
  )
  return { results, ...(mixed.length === 0 ? {} : { mixed }), named: null, copy: null }
}

/** A protected column whose place is known from neither end of a row. */
function betweenStars(parts: readonly Part[]): ProtectedColumn | null {
  const isStar = ({ kind }: Part) => kind === 'rest'
  const first = parts.findIndex(isStar)
  const last = parts.findLastIndex(isStar)
  return first === -1 ? null : protectedIn(parts.slice(first, last).filter((part) => !isStar(part)))
}
