/** FROM: what a query can refer to, and what `*` means in it. */
import { fromFunction, jsonTable, xmlTable } from './computed-relations.ts'
import type { Context } from './context.ts'
import { useAll } from './expressions.ts'
import { commonNames, mergedColumns, unknownStar, without } from './joined-columns.ts'
import {
  aliased,
  both,
  NO_SOURCE,
  place,
  type Source,
  type Surroundings,
  scopeOver,
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
  let all = NO_SOURCE
  for (const item of items) all = both(all, fromItem(item, { context, outer, left: all }))
  return all
}

function fromItem(node: Node, around: Surroundings): Source {
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
  const scope = lateral ? scopeOver(around.left.relations, around.outer) : around.outer
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
  const right =
    rarg === undefined ? NO_SOURCE : fromItem(rarg, { ...around, left: both(around.left, left) })
  const { certain, possible } = isNatural
    ? commonNames(left, right)
    : { certain: stringsOf(usingClause), possible: [] }
  const merged = mergedColumns(left, right, certain, around)
  mergedColumns(left, right, possible, around)
  const joined = both(left, right)
  if (quals !== undefined) {
    const scope = scopeOver(joined.relations, around.outer)
    useAll([quals], { ...around.context, scope, clause: 'JOIN ON' }, 'a condition')
  }
  const star =
    possible.length > 0 ? [unknownStar(joined.star)] : [...merged, ...without(joined.star, certain)]
  if (alias !== undefined) {
    return sourceOf(
      aliased({ name: null, schema: null, parts: star, isTable: false }, alias, around.context),
    )
  }
  const using = join_using_alias
  const extra =
    using === undefined
      ? []
      : [{ name: using.aliasname ?? null, schema: null, parts: merged, isTable: false }]
  return { relations: [...joined.relations, ...extra], star }
}

function sampled(node: RangeTableSample, around: Surroundings): Source {
  const { relation, method, args = [], repeatable, location, ...others } = node
  complete(others)
  useAll([...args, ...(repeatable === undefined ? [] : [repeatable])], place(around), 'TABLESAMPLE')
  return relation === undefined ? NO_SOURCE : fromItem(relation, around)
}
