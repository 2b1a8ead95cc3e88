/** ORDER BY, GROUP BY and DISTINCT ON: a name or a number there may mean a column of the answer. */

import { isComparedWhole } from './comparisons.ts'
import type { Place } from './context.ts'
import { use } from './expressions.ts'
import type { Findings } from './findings.ts'
import { incomparableIn, isOpen, type Part, protectedIn, usedUp } from './items.ts'
import { refuseUse } from './refusals.ts'
import { findName } from './scope.ts'
import { type Node, stringsOf } from './tree.ts'

/** A bare name means a column of the answer first, then one of FROM; an expression has columns of FROM only. */
export function orderBy(nodes: readonly Node[], parts: readonly Part[], place: Place): void {
  for (const node of nodes) {
    const key = 'SortBy' in node ? node.SortBy.node : node
    if (key === undefined || byPosition(key, parts, place)) continue
    const { named, unnamed } = answerColumns(key, parts, place.findings)
    compareParts(named.length > 0 ? named : unnamed, place)
    const isOrder = place.clause === 'ORDER BY'
    if (named.length === 0 && (isOrder || !isComparedWhole(key, place)))
      use(key, place, 'the order of rows')
  }
}

/** A bare name means a column of FROM first, then one of the answer. */
export function groupBy(nodes: readonly Node[], parts: readonly Part[], place: Place): void {
  for (const node of nodes) {
    if ('GroupingSet' in node) {
      groupBy(node.GroupingSet.content ?? [], parts, place)
    } else if ('RowExpr' in node || 'List' in node) {
      const inner = 'List' in node ? node.List.items : 'RowExpr' in node ? node.RowExpr.args : []
      groupBy(inner ?? [], parts, place)
    } else if (!byPosition(node, parts, place)) groupByOne(node, parts, place)
  }
}

function groupByOne(node: Node, parts: readonly Part[], place: Place): void {
  const name = bareName(node)
  const found =
    name === null ? null : findName({ ...place.scope, outer: null }, name, place.findings)
  const { named, unnamed } = answerColumns(node, parts, place.findings)
  const isColumn = named.length === 0 || found === null || found.kind === 'item'
  if (isColumn && !isComparedWhole(node, place)) use(node, place, 'the groups of rows')
  // The name may be of a column of FROM that the configuration does not list, or of the answer: then both must be allowed.
  compareParts(named.length > 0 ? named : unnamed, place)
}

/** The columns of the answer that a bare name means, and those whose names are not worked out. */
function answerColumns(
  key: Node,
  parts: readonly Part[],
  { budget }: Findings,
): { named: Part[]; unnamed: Part[] } {
  const name = bareName(key)
  if (name === null) return { named: [], unnamed: [] }
  budget.look(2 * parts.length)
  return {
    named: parts.filter((part) => part.kind === 'column' && part.name === name),
    unnamed: parts.filter((part) => part.kind === 'column' && part.name === null),
  }
}

/** `ORDER BY 2`: true where it is a number. The verdict then depends on it. */
function byPosition(node: Node, parts: readonly Part[], place: Place): boolean {
  if (!('A_Const' in node) || node.A_Const.ival === undefined) return false
  const position = node.A_Const.ival.ival ?? 0
  place.findings.literal(node.A_Const.location ?? 0)
  place.findings.exact = true
  place.findings.budget.look(parts.length)
  const before = parts.slice(0, position)
  // Behind a * of unknown width it may be any column.
  compareParts(isOpen(before) ? parts : before.slice(-1), place)
  return true
}

/** Columns of the answer decide over the order or the groups of rows. */
function compareParts(parts: readonly Part[], place: Place): void {
  usedUp(parts)
  const inside = place.clause === 'ORDER BY' ? protectedIn(parts) : incomparableIn(parts)
  if (inside !== null)
    refuseUse(
      inside,
      place,
      place.clause === 'GROUP BY' ? 'the groups of rows' : 'the order of rows',
    )
}

function bareName(node: Node): string | null {
  if (!('ColumnRef' in node)) return null
  const fields = node.ColumnRef.fields ?? []
  return fields.length === 1 ? (stringsOf(fields)[0] ?? null) : null
}
