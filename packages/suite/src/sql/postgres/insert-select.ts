/** INSERT ... SELECT: values that stand in the query are protected like those of VALUES, cells that are stored alike are copied. */
import type { ProtectedColumn } from '../analysis.ts'
import { assignProtected, isStoredAlike, NOTHING, type Target, type Written } from './assignment.ts'
import type { Context, Place } from './context.ts'
import { coreOf } from './core.ts'
import { nameOf } from './findings.ts'
import { NULL, type Part } from './items.ts'
import { refuseCopy } from './query.ts'
import { scopeOver } from './relations.ts'
import type { Scope } from './scope.ts'
import { isStar, type Node, type SelectStmt } from './tree.ts'

/** The columns that get what the query answers, and the query. */
export function insertQuery(
  written: Written,
  columns: readonly Target[] | null,
  select: SelectStmt,
  context: Context,
  outer: Scope,
): void {
  const clause = `INSERT INTO ${written.name} ... SELECT`
  const place: Place = { ...context, scope: scopeOver([], outer), clause }
  const rest = columns === null ? select : withoutValues(select, columns, place)
  const parts = context.query({ SelectStmt: rest }, outer)
  // Fewer values than columns leave the last columns to their defaults.
  const open = parts.some((part) => part.kind === 'rest')
  const reached = (columns ?? []).slice(0, open ? undefined : parts.length)
  reached.forEach(({ column, suspect }, index) => {
    if (suspect !== null) context.findings.refuseSuspect(suspect, clause)
    if (column !== null && (open || !isStored(parts[index], column, context)))
      context.findings.refuse(column, {
        message: `INSERT ... SELECT cannot protect the values of ${nameOf(column)}: they do not pass through acra-server`,
        hint: 'Use literals or parameters, as values or in the SELECT list, or columns that are protected alike.',
      })
  })
  refuseCopy(open ? parts : parts.filter((_, index) => !reached[index]?.column), clause, context)
}

function isStored(part: Part, column: ProtectedColumn, context: Context): boolean {
  return part.kind === 'column' && (part.item === NULL || isStoredAlike(part.item, column, context))
}

/** The query without the values in its SELECT list that go into protected columns: they are protected here. */
function withoutValues(select: SelectStmt, columns: readonly Target[], place: Place): SelectStmt {
  const { op = 'SETOP_NONE', all, larg, rarg, targetList, valuesLists } = select
  if (op === 'SETOP_UNION' && all === true && larg !== undefined && rarg !== undefined) {
    return {
      ...select,
      larg: withoutValues(larg, columns, place),
      rarg: withoutValues(rarg, columns, place),
    }
  }
  if (op !== 'SETOP_NONE' || valuesLists !== undefined || targetList === undefined) return select
  const star = targetList.findIndex(
    (node) => 'ResTarget' in node && isStar(node.ResTarget.val ?? node),
  )
  const rest = targetList.map((node, index) => {
    const column = star !== -1 && index >= star ? null : (columns[index]?.column ?? null)
    if (column === null || !('ResTarget' in node)) return node
    const { val } = node.ResTarget
    if (val === undefined || !isGiven(val, place)) return node
    assignProtected(column, val, place, true)
    return { ResTarget: { ...node.ResTarget, val: NOTHING } }
  })
  return { ...select, targetList: rest }
}

/** A literal or a parameter, perhaps under casts. */
function isGiven(node: Node, { findings }: Place): boolean {
  const core = coreOf(node, findings.source)
  return core !== null && ('A_Const' in core.node || 'ParamRef' in core.node)
}
