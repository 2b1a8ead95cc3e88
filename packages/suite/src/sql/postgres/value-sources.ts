/**
 * Values that reach protected columns through FROM: `(VALUES ($1, $2)) AS v (id, email)`, `unnest($1::int[], $2::text[]) AS v (id, email)`.
 * A column of such a source that goes into a protected column, and nowhere else, is protected in its source.
 */
import type { ProtectedColumn } from '../analysis.ts'
import { assignArray } from './array-values.ts'
import { assignProtected, NOTHING } from './assignment.ts'
import type { Place } from './context.ts'
import { areFreeCasts, type Core, coreOf, valueTypeOf } from './core.ts'
import { type Node, qualifiedName, stringsOf } from './tree.ts'

/** A reference to a column that goes into a protected one. */
interface Flow {
  readonly node: Node
  readonly column: ProtectedColumn
}

interface Source {
  /** In the FROM list. */
  readonly index: number
  readonly alias: string
  readonly names: readonly string[]
  readonly kind: 'values' | 'unnest'
}

export interface Claimed {
  /** The FROM list without the values that have been protected. */
  readonly from: readonly Node[]
  /** The references whose values have been protected. */
  readonly nodes: ReadonlySet<Node>
}

/** Protects the values of those flows that come from such a source of `from`. `statement` is all that may refer to it. */
export function claimValues(
  from: readonly Node[],
  flows: readonly Flow[],
  statement: object,
  place: Place,
): Claimed {
  const sources = from.flatMap((node, index) => sourceOf(node, index) ?? [])
  const nodes = new Set<Node>()
  let rest = from
  for (const source of sources) {
    source.names.forEach((name, at) => {
      const own = flows.filter((flow) => refersTo(flow, source, name, from.length === 1, place))
      const [first] = own
      if (first === undefined || own.some(({ column }) => column !== first.column)) return
      if (countReferences(statement, source.alias, name) !== own.length) return
      rest = withoutColumn(rest, source, at, first.column, place)
      for (const { node } of own) claim(node, nodes, place)
    })
  }
  return { from: rest, nodes }
}

/** The columns of the only source in FROM, which is such a one; null elsewhere. */
export function onlySource(from: readonly Node[]): readonly string[] | null {
  const [only] = from
  return from.length === 1 && only !== undefined ? (sourceOf(only, 0)?.names ?? null) : null
}

/** Protects the values of whole columns of the only source in FROM, which `*` stands for and nothing else refers to; null where it is not so. */
export function claimStar(
  from: readonly Node[],
  columns: readonly (ProtectedColumn | null)[],
  statement: object,
  place: Place,
): readonly Node[] | null {
  const [only] = from
  const source = only === undefined ? null : sourceOf(only, 0)
  if (source === null) return null
  const isElsewhere = source.names.some(
    (name, at) =>
      (columns[at] ?? null) !== null && countReferences(statement, source.alias, name) !== 1,
  )
  if (isElsewhere) return null
  return source.names.reduce<readonly Node[]>((rest, _, at) => {
    const column = columns[at] ?? null
    return column === null ? rest : withoutColumn(rest, source, at, column, place)
  }, from)
}

function claim(node: Node, nodes: Set<Node>, { findings }: Place): void {
  nodes.add(node)
  for (const { start, end } of coreOf(node, findings.source)?.castSpans ?? [])
    findings.edit(start, end, ' ')
}

function sourceOf(node: Node, index: number): Source | null {
  if ('RangeSubselect' in node) {
    const { subquery, alias } = node.RangeSubselect
    if (subquery === undefined || !('SelectStmt' in subquery)) return null
    const { valuesLists, limitOption: _, op: __, ...others } = subquery.SelectStmt
    const [first] = valuesLists ?? []
    if (first === undefined || !('List' in first) || Object.keys(others).length > 0) return null
    const width = first.List.items?.length ?? 0
    if (!(valuesLists ?? []).every((row) => 'List' in row && row.List.items?.length === width))
      return null
    const given = stringsOf(alias?.colnames)
    const names = Array.from({ length: width }, (_, at) => given[at] ?? `column${at + 1}`)
    return { index, alias: alias?.aliasname ?? '', names, kind: 'values' }
  }
  return 'RangeFunction' in node ? unnestOf(node, index) : null
}

function unnestOf(node: Extract<Node, { RangeFunction: unknown }>, index: number): Source | null {
  const { functions = [], alias, coldeflist, ordinality } = node.RangeFunction
  const [entry, ...more] = functions
  const call = entry !== undefined && 'List' in entry ? entry.List.items?.[0] : entry
  if (call === undefined || more.length > 0 || coldeflist !== undefined) return null
  const args = unnestArguments(call)
  if (args === null) return null
  const own = args.length === 1 ? (alias?.aliasname ?? 'unnest') : 'unnest'
  const given = stringsOf(alias?.colnames)
  const names = args.map((_, at) => given[at] ?? own)
  if (ordinality === true) names.push(given[args.length] ?? 'ordinality')
  return { index, alias: alias?.aliasname ?? 'unnest', names, kind: 'unnest' }
}

/** The arrays of `unnest(...)`; null for anything else. */
export function unnestArguments(node: Node): readonly Node[] | null {
  if (!('FuncCall' in node)) return null
  const { funcname, args = [], funcformat: _, location: __, ...others } = node.FuncCall
  const { schema, name } = qualifiedName(funcname)
  const isOwn = name === 'unnest' && (schema === null || schema === 'pg_catalog')
  return isOwn && Object.keys(others).length === 0 ? args : null
}

/** True for a reference to a column, under casts that change nothing. A bare name is followed where nothing else is in FROM. */
function refersTo(
  { node, column }: Flow,
  { alias }: Source,
  name: string,
  isAlone: boolean,
  place: Place,
): boolean {
  const core: Core | null = coreOf(node, place.findings.source)
  if (core === null || !('ColumnRef' in core.node)) return false
  const names = stringsOf(core.node.ColumnRef.fields)
  if (names.length !== (core.node.ColumnRef.fields ?? []).length) return false
  if (!areFreeCasts(core.casts, valueTypeOf(column, place), null, place)) return false
  const [first, second] = names
  return names.length === 2 ? first === alias && second === name : isAlone && first === name
}

/** How often a tree may refer to a column: by its name, by the row that it is in, by `*`. */
function countReferences(tree: unknown, alias: string, name: string): number {
  if (Array.isArray(tree))
    return tree.reduce((sum: number, part) => sum + countReferences(part, alias, name), 0)
  if (typeof tree !== 'object' || tree === null) return 0
  if ('ColumnRef' in tree)
    return mayRefer(
      (tree as Extract<Node, { ColumnRef: unknown }>).ColumnRef.fields ?? [],
      alias,
      name,
    )
      ? 1
      : 0
  return countReferences(Object.values(tree), alias, name)
}

function mayRefer(fields: readonly Node[], alias: string, name: string): boolean {
  const last = fields.at(-1)
  const names = stringsOf(fields)
  if (last !== undefined && 'A_Star' in last) return names.length === 0 || names.at(-1) === alias
  if (names.length === 1) return names[0] === name || names[0] === alias
  return names.at(-1) === name && names.at(-2) === alias
}

/** FROM without the values of one column of a source, which are protected. */
function withoutColumn(
  from: readonly Node[],
  { index, kind }: Source,
  at: number,
  column: ProtectedColumn,
  place: Place,
): readonly Node[] {
  const node = from[index]
  const rest =
    kind === 'values'
      ? withoutItems(node, at, column, place)
      : withoutArray(node, at, column, place)
  return from.with(index, rest)
}

function withoutItems(node: Node, at: number, column: ProtectedColumn, place: Place): Node {
  if (!('RangeSubselect' in node)) return node
  const { subquery } = node.RangeSubselect
  if (subquery === undefined || !('SelectStmt' in subquery)) return node
  const valuesLists = (subquery.SelectStmt.valuesLists ?? []).map((row) => {
    const items = 'List' in row ? (row.List.items ?? []) : []
    assignProtected(column, items[at] ?? NOTHING, place, true)
    return { List: { items: items.with(at, NOTHING) } }
  })
  return {
    RangeSubselect: {
      ...node.RangeSubselect,
      subquery: { SelectStmt: { ...subquery.SelectStmt, valuesLists } },
    },
  }
}

function withoutArray(node: Node, at: number, column: ProtectedColumn, place: Place): Node {
  if (!('RangeFunction' in node)) return node
  const [entry] = node.RangeFunction.functions ?? []
  const items = entry !== undefined && 'List' in entry ? (entry.List.items ?? []) : []
  const [call] = items
  if (call === undefined || !('FuncCall' in call)) return node
  const { args = [] } = call.FuncCall
  assignArray(column, args[at] ?? NOTHING, place)
  const rest: Node = { FuncCall: { ...call.FuncCall, args: args.with(at, NOTHING) } }
  const functions = [{ List: { items: items.with(0, rest) } }]
  return { RangeFunction: { ...node.RangeFunction, functions } }
}
