/** INSERT ... SELECT: values that stand in the query are protected like those of VALUES, cells that are stored alike are copied. */
import type { ProtectedColumn } from '../analysis.ts'
import { assignArray } from './array-values.ts'
import { assignProtected, isStoredAlike, NOTHING, type Target, type Written } from './assignment.ts'
import type { Context, Place } from './context.ts'
import { coreOf } from './core.ts'
import { nameOf } from './findings.ts'
import { NULL, type Part } from './items.ts'
import { refuseCopy } from './query.ts'
import { scopeOver } from './relations.ts'
import type { Scope } from './scope.ts'
import { isStar, type Node, type SelectStmt, stringsOf } from './tree.ts'
import { claimStar, claimValues, onlySource, unnestArguments } from './value-sources.ts'

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
  if (star === 0 && targetList.length === 1) return withoutStar(select, columns, place)
  const known = targetList.slice(0, star === -1 ? undefined : star)
  const flows = known.flatMap((node, index) => {
    const column = columns[index]?.column ?? null
    const val = 'ResTarget' in node ? node.ResTarget.val : undefined
    return column === null || val === undefined ? [] : [{ node: val, column }]
  })
  const isOneByOne = !comparesRows(select, targetList)
  const { from, nodes } = isOneByOne
    ? claimValues(select.fromClause ?? [], flows, select, place)
    : { from: select.fromClause ?? [], nodes: new Set<Node>() }
  const taken = new Set(nodes)
  for (const { node, column } of flows) {
    if (taken.has(node)) continue
    if (isGiven(node, place)) assignProtected(column, node, place, true)
    else if (!isOneByOne || !isCarriedUnnest(column, node, place)) continue
    taken.add(node)
  }
  const rest = targetList.map((node) =>
    'ResTarget' in node && node.ResTarget.val !== undefined && taken.has(node.ResTarget.val)
      ? { ResTarget: { ...node.ResTarget, val: NOTHING } }
      : node,
  )
  return { ...select, ...(from.length > 0 ? { fromClause: [...from] } : {}), targetList: rest }
}

/** `SELECT * FROM (VALUES ...)`: one target for each of its columns. */
function withoutStar(select: SelectStmt, columns: readonly Target[], place: Place): SelectStmt {
  const { fromClause = [], targetList = [] } = select
  const names = onlySource(fromClause)
  if (names === null || names.length > columns.length || comparesRows(select, targetList))
    return select
  const targets = names.map((_, index) => columns[index]?.column ?? null)
  const from = claimStar(fromClause, targets, select, place)
  if (from === null) return select
  const list = targets.map(
    (column): Node => ({ ResTarget: { val: column === null ? TRUE : NOTHING } }),
  )
  return { ...select, fromClause: [...from], targetList: list }
}

/** In the place of a value that goes into a column that is not protected. */
const TRUE: Node = { A_Const: { boolval: { boolval: true } } }

/** `SELECT unnest($1::text[])`. */
function isCarriedUnnest(column: ProtectedColumn, node: Node, place: Place): boolean {
  const args = unnestArguments(node)
  if (args === null || args.length !== 1) return false
  assignArray(column, args[0], place)
  return true
}

/** True where it matters to the query what is in its columns: rows are compared, or sorted by a column of the answer. */
function comparesRows(
  { distinctClause, groupClause, sortClause = [] }: SelectStmt,
  targetList: readonly Node[],
): boolean {
  if (distinctClause !== undefined || groupClause !== undefined) return true
  const names = new Set(
    targetList.flatMap((node) => ('ResTarget' in node ? (node.ResTarget.name ?? []) : [])),
  )
  return sortClause.some((node) => {
    const key = 'SortBy' in node ? node.SortBy.node : undefined
    if (key === undefined || 'A_Const' in key) return true
    if (!('ColumnRef' in key)) return false
    const [name, ...others] = stringsOf(key.ColumnRef.fields)
    return others.length === 0 && name !== undefined && names.has(name)
  })
}

/** A literal or a parameter, perhaps under casts. */
function isGiven(node: Node, { findings }: Place): boolean {
  const core = coreOf(node, findings.source)
  return core !== null && ('A_Const' in core.node || 'ParamRef' in core.node || core.made !== null)
}
