/** Which columns of queries are values that the statement gives: constants, rows of VALUES, arrays that `unnest` takes apart. */
import type { Place } from './context.ts'
import { type Core, coreOf } from './core.ts'
import type { Given, Item, Part } from './items.ts'
import { columnRef } from './references.ts'
import { type ColumnRef, type Node, qualifiedName, type TypeName } from './tree.ts'

/** What is given by an item of a SELECT list: a value, the elements of an array, or what a column passes on. */
export function givenBy(node: Node, place: Place): Pick<Item, 'givens'> {
  const { givens } = place.findings
  if (isGiven(node, place)) return { givens: givens.source('values', [node]) }
  const [array, ...others] = unnestArguments(node) ?? []
  if (array !== undefined)
    return others.length === 0 && isGivenArray(array, place)
      ? { givens: givens.source('array', [array]) }
      : {}
  const core = coreOf(node, place.findings.source)
  if (core === null || !('ColumnRef' in core.node)) return {}
  const passed = givenUnder(core, core.node.ColumnRef, place)
  if (passed === null) return {}
  for (const { source } of passed) source.passed.add(core.node.ColumnRef)
  return { givens: passed }
}

/** What is given in the column that is referred to, under the casts of the reference; null where it is something else. */
export function givenUnder(core: Core, ref: ColumnRef, place: Place): readonly Given[] | null {
  const { givens } = columnRef(ref, place)
  if (givens === undefined) return null
  if (core.casts.length === 0) return givens
  return givens.map(({ source, casts }) => ({ source, casts: [...casts, core] }))
}

/** What a column of VALUES is given: null where one of its rows has something else there. */
export function givenInRows(nodes: readonly Node[], place: Place): readonly Given[] | null {
  const isAll = nodes.length > 0 && nodes.every((node) => isGiven(node, place))
  return isAll ? place.findings.givens.source('values', nodes) : null
}

/** True where the value may be another one in another row. */
export function isGivenByRow(part: Part): boolean {
  const givens = part.kind === 'column' ? (part.item.givens ?? []) : []
  const [first, ...others] = givens
  if (first === undefined) return false
  return others.length > 0 || first.source.kind === 'array' || first.source.nodes.length > 1
}

/** A literal or a parameter, perhaps under casts: NULL too. */
function isGiven(node: Node, { findings }: Place): boolean {
  const core = coreOf(node, findings.source)
  if (core === null) return false
  return (
    ('A_Const' in core.node && core.node.A_Const.boolval === undefined) ||
    'ParamRef' in core.node ||
    core.made !== null
  )
}

/** The arrays of `unnest(...)`; null for anything else. */
export function unnestArguments(node: Node): readonly Node[] | null {
  if (!('FuncCall' in node)) return null
  const { funcname, args = [], funcformat: _, location: __, ...others } = node.FuncCall
  const { schema, name } = qualifiedName(funcname)
  const isOwn = name === 'unnest' && (schema === null || schema === 'pg_catalog')
  return isOwn && Object.keys(others).length === 0 ? args : null
}

/** True for an array that stands in the text and that `unnest` makes one column of: none of rows. */
export function isGivenArray(node: Node, place: Place): boolean {
  const core = coreOf(node, place.findings.source)
  if (core === null || !core.casts.every(isArrayOfScalars)) return false
  if ('A_ArrayExpr' in core.node)
    return (core.node.A_ArrayExpr.elements ?? []).every((element) => isGiven(element, place))
  return (
    'ParamRef' in core.node || ('A_Const' in core.node && core.node.A_Const.boolval === undefined)
  )
}

const SCALARS = new Set(
  'bool bpchar bytea date float4 float8 int2 int4 int8 json jsonb numeric text time timestamp timestamptz timetz uuid varchar'.split(
    ' ',
  ),
)

function isArrayOfScalars({ names, arrayBounds = [], setof }: TypeName): boolean {
  const { schema, name } = qualifiedName(names)
  if (setof === true || arrayBounds.length === 0) return false
  return (schema === null || schema === 'pg_catalog') && SCALARS.has(name)
}
