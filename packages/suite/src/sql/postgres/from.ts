/** FROM: what a query can refer to, and what `*` means in it. */
import { fromFunction, jsonTable, xmlTable } from './computed-relations.ts'
import type { Context } from './context.ts'
import { useAll } from './expressions.ts'
import type { Part } from './items.ts'
import { commonNames, mergedColumns, unknownStar, without } from './joined-columns.ts'
import {
  aliased,
  NO_SOURCE,
  place,
  type Source,
  type Surroundings,
  scopeOver,
  sideBySide,
  sourceOf,
  tableRelation,
} from './relations.ts'
import type { Scope } from './scope.ts'
import {
  complete,
  type JoinExpr,
  type Node,
  partsOf,
  type RangeSubselect,
  type RangeTableSample,
  stringsOf,
} from './tree.ts'

/** The items of a FROM list. `outer` is the scope around the query. */
export function fromList(items: readonly Node[], context: Context, outer: Scope): Source {
  const sources: Source[] = []
  const left = () => sideBySide(sources, context).relations
  for (const item of items) sources.push(fromItem(item, { context, outer, left }))
  const [only, ...others] = sources
  return only !== undefined && others.length === 0 ? only : sideBySide(sources, context)
}

function fromItem(node: Node, around: Surroundings): Source {
  around.context.findings.budget.steps()
  if ('RangeVar' in node) return sourceOf(tableRelation(node.RangeVar, around.outer.tables, around))
  if ('JoinExpr' in node) return join(node.JoinExpr, around)
  if ('RangeSubselect' in node) return derived(node.RangeSubselect, around)
  if ('RangeFunction' in node) return fromFunction(node.RangeFunction, around)
  if ('RangeTableSample' in node) return sampled(node.RangeTableSample, around)
  if ('RangeTableFunc' in node) return xmlTable(node.RangeTableFunc, around)
  if ('JsonTable' in node) return jsonTable(node.JsonTable, around)
  around.context.findings.refuse(null, {
    message: `FROM has a part that acra-server does not know (${partsOf(node)[0]})`,
    hint: 'Write the statement in another way, or run it on the database without acra-server.',
  })
  return NO_SOURCE
}

function derived(node: RangeSubselect, around: Surroundings): Source {
  const { lateral, subquery, alias, ...others } = node
  complete(others)
  const scope = lateral ? scopeOver(around.left(), around.outer) : around.outer
  const parts = subquery === undefined ? [] : around.context.giving(subquery, scope)
  return sourceOf(
    aliased({ name: null, schema: null, parts, isTable: false }, alias, around.context),
  )
}

function join(node: JoinExpr, around: Surroundings): Source {
  const {
    jointype,
    isNatural,
    larg,
    rarg,
    usingClause,
    join_using_alias,
    quals,
    alias,
    rtindex,
    ...others
  } = node
  complete(others)
  const left = larg === undefined ? NO_SOURCE : fromItem(larg, around)
  const { context } = around
  const before = () => [...around.left(), ...left.relations]
  const right = rarg === undefined ? NO_SOURCE : fromItem(rarg, { ...around, left: before })
  const { certain, possible } = isNatural
    ? commonNames(left, right)
    : { certain: stringsOf(usingClause), possible: [] }
  const merged = mergedColumns(left, right, certain, around)
  mergedColumns(left, right, possible, around)
  const joined = sideBySide([left, right], context)
  if (quals !== undefined) {
    const scope = scopeOver(joined.relations, around.outer)
    useAll([quals], { ...context, scope, clause: 'JOIN ON' }, 'a condition')
  }
  const star = starOf(joined, merged, certain, possible, context)
  if (alias !== undefined) {
    const parts = star()
    return sourceOf(aliased({ name: null, schema: null, parts, isTable: false }, alias, context))
  }
  const using = join_using_alias
  const extra =
    using === undefined
      ? []
      : [{ name: using.aliasname ?? null, schema: null, parts: merged, isTable: false }]
  return { relations: [...joined.relations, ...extra], star }
}

/** The columns of `*` of a join that compares columns of these names, and may compare those. */
function starOf(
  joined: Source,
  merged: readonly Part[],
  certain: readonly string[],
  possible: readonly string[],
  { findings }: Context,
): Source['star'] {
  if (certain.length === 0 && possible.length === 0) return joined.star
  const columns =
    possible.length > 0
      ? [unknownStar(joined.star())]
      : [...merged, ...without(joined.star(), certain)]
  findings.budget.columns(columns.length)
  return () => columns
}

function sampled(node: RangeTableSample, around: Surroundings): Source {
  const { relation, method, args = [], repeatable, location, ...others } = node
  complete(others)
  useAll([...args, ...(repeatable === undefined ? [] : [repeatable])], place(around), 'TABLESAMPLE')
  return relation === undefined ? NO_SOURCE : fromItem(relation, around)
}
