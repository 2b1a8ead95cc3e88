/** Arrays whose elements are values of a protected column: what `unnest` makes rows of. */
import type { ProtectedColumn, ValueUse } from '../analysis.ts'
import { assignProtected, refuseValue } from './assignment.ts'
import { isFreeArrayCast } from './comparisons.ts'
import type { Place } from './context.ts'
import { type Core, coreOf, elementTypeOf } from './core.ts'
import { storedType } from './operands.ts'
import type { Node } from './tree.ts'

type StoreUse = ValueUse & { kind: 'store' }

/** Protects every element of an array: a parameter, a literal, or `ARRAY[...]` of such, under casts that change nothing. */
export function assignArray(
  column: ProtectedColumn,
  node: Node,
  place: Place,
  use: StoreUse = { kind: 'store' },
): void {
  const { findings } = place
  const core = coreOf(node, findings.source)
  const isFree = core?.casts.every((cast) => isFreeArrayCast(cast, column, place)) ?? false
  if (core === null || !isFree || !isGiven(column, core, place, use)) {
    refuseValue(column, 'the array is none that can be replaced', node, place)
    return
  }
  if ('A_Const' in core.node && core.node.A_Const.sval !== undefined)
    findings.literalValue(column, core.node.A_Const, core.span, { ...use, isArray: true })
  for (const { start, end } of core.castSpans) findings.edit(start, end, ' ')
  findings.edit(core.span.end, core.span.end, `::${storedType(column, place)}[]`)
}

/** Notes what is in the array. False where it is anything else. */
function isGiven(column: ProtectedColumn, core: Core, place: Place, use: StoreUse): boolean {
  const { node } = core
  if ('ParamRef' in node) {
    const { number = 0, location = 0 } = node.ParamRef
    const array: ValueUse = { ...use, isArray: true }
    place.findings.parameterValue(column, number, location, array, null, elementTypeOf(core))
    return true
  }
  if ('A_ArrayExpr' in node) {
    for (const element of node.A_ArrayExpr.elements ?? [])
      assignProtected(column, element, place, true, use)
    return true
  }
  if (!('A_Const' in node)) return false
  if (node.A_Const.isnull === true) return true
  return node.A_Const.sval !== undefined && place.findings.contentOf(node.A_Const) !== null
}
