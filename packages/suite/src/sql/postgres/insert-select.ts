/** INSERT ... SELECT: values that stand in the query are protected like those of VALUES, cells that are stored alike are copied. */
import type { ProtectedColumn } from '../analysis.ts'
import { isStoredAlike, type Target, type Written } from './assignment.ts'
import type { Context } from './context.ts'
import { nameOf } from './findings.ts'
import { type Part, usedUp } from './items.ts'
import { refuseCopy } from './query.ts'
import type { Scope } from './scope.ts'
import type { SelectStmt } from './tree.ts'

/** The columns that get what the query answers, and the query. */
export function insertQuery(
  written: Written,
  columns: readonly Target[] | null,
  select: SelectStmt,
  context: Context,
  outer: Scope,
): void {
  const clause = `INSERT INTO ${written.name} ... SELECT`
  const parts = context.giving({ SelectStmt: select }, outer)
  // Fewer values than columns leave the last columns to their defaults.
  const open = parts.some((part) => part.kind === 'rest')
  const reached = (columns ?? []).slice(0, open ? undefined : parts.length)
  reached.forEach(({ column, suspect }, index) => {
    if (suspect !== null) context.findings.refuseSuspect(suspect, clause)
    const part = parts[index]
    if (column !== null && !open && isClaimed(part, column, clause, context)) return
    if (column !== null && (open || !isStored(part, column, context)))
      context.findings.refuse(column, {
        message: `INSERT ... SELECT cannot protect the values of ${nameOf(column)}: they do not pass through acra-server`,
        hint: 'Use literals or parameters, as values or in the SELECT list, or columns that are protected alike.',
      })
  })
  usedUp(open ? parts : parts.filter((_, index) => !reached[index]?.column))
  refuseCopy(open ? parts : parts.filter((_, index) => !reached[index]?.column), clause, context)
}

function isStored(part: Part, column: ProtectedColumn, context: Context): boolean {
  return (
    part.kind === 'column' &&
    (part.item.isNull === true || isStoredAlike(part.item, column, context))
  )
}

/** True for values that are given in the query: they are protected there. */
function isClaimed(
  part: Part,
  column: ProtectedColumn,
  clause: string,
  { findings }: Context,
): boolean {
  const givens = part.kind === 'column' ? part.item.givens : undefined
  if (givens === undefined) return false
  findings.givens.claim(givens, { column, use: 'store', clause, reference: null })
  return true
}
