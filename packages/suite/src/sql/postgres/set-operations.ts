/** UNION, INTERSECT and EXCEPT: what their columns are, from what those of both sides are. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Context } from './context.ts'
import { nameOf } from './findings.ts'
import {
  type Column,
  column,
  combined,
  type Item,
  incomparableIn,
  isOpen,
  joinedGivens,
  type Part,
  PLAIN,
  protectedIn,
  rest,
  unlistedIn,
  usedUp,
  useUp,
} from './items.ts'
import type { SelectStmt } from './tree.ts'

/** The columns of `left OPERATION right`. Only UNION ALL compares nothing; `isCarried`: the text has been changed to compare what can be. */
export function mergeBranches(
  left: readonly Part[],
  right: readonly Part[],
  { op, all = false }: Pick<SelectStmt, 'op' | 'all'>,
  context: Context,
  isCarried = false,
): Part[] {
  context.findings.budget.columns(left.length)
  const name = operationName(op)
  const compares = op !== 'SETOP_UNION' || !all
  const inside = incomparableIn(left) ?? incomparableIn(right)
  if (compares) {
    usedUp(left)
    usedUp(right)
  }
  if (compares && inside !== null && !isCarried) {
    context.findings.refuse(inside, {
      message: `${name} compares rows by ${nameOf(inside)}: the column is protected, and its encrypted values never compare equal`,
      hint: 'Use UNION ALL, or leave the protected column out.',
    })
  }
  if (isOpen(left) || isOpen(right) || left.length !== right.length)
    return mergeOpen(left, right, name, context)
  return left.map((part, index) =>
    mergeColumns(part as Column, right[index] as Column, name, context),
  )
}

function operationName(op: SelectStmt['op']): string {
  return op === 'SETOP_INTERSECT' ? 'INTERSECT' : op === 'SETOP_EXCEPT' ? 'EXCEPT' : 'UNION'
}

function mergeColumns(one: Column, other: Column, name: string, context: Context): Column {
  if (one.item.isNull && other.item.isNull) return one
  const item = combined([one.item, other.item])
  if (item.suspect !== null && item.sent && name !== 'UNION')
    context.findings.refuseSuspect(item.suspect, name)
  const merged = mergedColumn(one.item, other.item, name, context)
  if (merged === null)
    return column(one.name, { ...item, ...givenInBoth(one.item, other.item, context) })
  const isMixed = [one.item, other.item].some((side) => isOtherwise(side, merged, context))
  return column(one.name, { ...item, column: merged, of: {}, isMixed })
}

/** What is given in a column of both; NULL is given everywhere. */
function givenInBoth(one: Item, other: Item, { findings }: Context): Pick<Item, 'givens'> {
  const isGiven = [one, other].every(({ givens, isNull }) => givens !== undefined || isNull)
  if (!isGiven) {
    useUp(one)
    useUp(other)
    return {}
  }
  for (const { casts } of [...(one.givens ?? []), ...(other.givens ?? [])])
    findings.budget.look(1 + casts.length)
  return { givens: joinedGivens(one.givens ?? [], other.givens ?? []) }
}

function isOtherwise(
  { column: from, isMixed }: Item,
  merged: ProtectedColumn,
  { findings }: Context,
): boolean {
  if (from === null || from === merged) return isMixed === true
  return isMixed === true || !(findings.catalog.copies?.(from, merged) ?? false)
}

/** The protected column that both sides are; where one is and the other is not, an answer could not be read. */
function mergedColumn(
  one: Item,
  other: Item,
  name: string,
  context: Context,
): ProtectedColumn | null {
  const inside = one.column ?? other.column
  if (inside === null || one.isNull || other.isNull || one.column === other.column) return inside
  if (one.column !== null && other.column !== null && isAlike(one.column, other.column, context))
    return one.column
  const { givens } = one.column === null ? one : other
  if (givens !== undefined) {
    // The value becomes what would be stored for it in the column.
    context.findings.givens.claim(givens, {
      column: inside,
      use: 'store',
      clause: name,
      reference: null,
    })
    return inside
  }
  const beside =
    one.column === null || other.column === null
      ? 'values that are not protected'
      : nameOf(other.column)
  context.findings.refuse(inside, {
    message: `${name} puts ${nameOf(inside)} into one column of the answer with ${beside}`,
    hint: 'Use two statements.',
  })
  return inside
}

function isAlike(one: ProtectedColumn, other: ProtectedColumn, { findings }: Context): boolean {
  return findings.catalog.alike?.(one, other) ?? false
}

/** Columns of unknown number: protected ones may then be anywhere. */
function mergeOpen(
  left: readonly Part[],
  right: readonly Part[],
  name: string,
  context: Context,
): Part[] {
  usedUp(left)
  usedUp(right)
  const inside = protectedIn(left) ?? protectedIn(right)
  if (inside !== null) {
    context.findings.refuse(inside, {
      message: `${name} has a * whose columns are not known beside ${nameOf(inside)}`,
      hint: 'Write the columns one by one, or list every column of the tables in the encryptor config (columns).',
    })
  }
  const item = combined(
    [...left, ...right].map((part) =>
      part.kind === 'column' ? part.item : { ...PLAIN, sent: part.sent },
    ),
  )
  const names = left.map((part) => (part.kind === 'column' ? column(part.name, item) : part))
  return [...names, rest({ unlisted: unlistedIn([...left, ...right]), sent: item.sent })]
}
