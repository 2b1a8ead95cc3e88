/** SELECT in all its forms, and what its columns are. */

import { isCarriedOperation } from './carried-operations.ts'
import { nameOfColumn } from './column-names.ts'
import { withTables } from './common-tables.ts'
import { type Context, type Place, placeIn } from './context.ts'
import { evaluate, use, useWindow } from './expressions.ts'
import { nameOf } from './findings.ts'
import { fromList } from './from.ts'
import { givenBy, givenInRows, isGivenByRow } from './given-columns.ts'
import {
  carryGroups,
  endGroups,
  isCarriedDistinctKey,
  isCarriedDistinctRow,
  nameGroup,
} from './grouping.ts'
import {
  column,
  type Item,
  incomparableIn,
  nameOfSuspect,
  type Part,
  protectedIn,
  rest,
  usedUp,
} from './items.ts'
import { leftmost } from './query-text.ts'
import { groupOf } from './references.ts'
import { refuseUse } from './refusals.ts'
import { NO_SOURCE, type Source, scopeOver } from './relations.ts'
import { isOfSession } from './schema-changes.ts'
import { findRelation, type Scope } from './scope.ts'
import { mergeBranches } from './set-operations.ts'
import { groupBy, orderBy } from './sorting.ts'
import { complete, isStar, type Node, type RangeVar, type SelectStmt, stringsOf } from './tree.ts'

/** The scope of a statement: nothing is around it. */
export const OUTERMOST: Scope = { relations: [], qualifiedOnly: [], tables: null, outer: null }

/** Analyses a query and returns its columns. INTO is the business of the caller. */
export function selectQuery(select: SelectStmt, context: Context, outer: Scope): Part[] {
  context.findings.budget.steps()
  const scope = withTables(select.withClause, context, outer)
  const parts = queryParts(select, context, scope)
  const into = leftmost(select).intoClause
  if (into !== undefined) {
    if (!isOfSession(into.rel)) context.findings.changesSchema('certain', [into.rel?.relname ?? ''])
    refuseCopy(parts, 'SELECT INTO', context)
    refuseName(into.rel, 'SELECT INTO', context)
  }
  return parts
}

function queryParts(select: SelectStmt, context: Context, scope: Scope): Part[] {
  if (select.valuesLists !== undefined) return valuesQuery(select, context, scope)
  const isSetOperation = select.op !== undefined && select.op !== 'SETOP_NONE'
  return isSetOperation ? setOperation(select, context, scope) : simpleQuery(select, context, scope)
}

/** Refuses to make another relation of the name of a protected table: it could stand in its place. */
export function refuseName(
  relation: RangeVar | undefined,
  what: string,
  { findings }: Context,
): void {
  const table = findings.table(relation?.schemaname ?? null, relation?.relname ?? '')
  const [inside] = table?.protected.values() ?? []
  if (inside === undefined) return
  findings.refuse(inside, {
    message: `${what} makes another relation with the name of ${inside.table}, which has protected columns`,
    hint: 'Give it another name.',
  })
}

/** Refuses to store protected cells elsewhere: nothing would know that they are encrypted. */
export function refuseCopy(parts: readonly Part[], clause: string, { findings }: Context): void {
  const inside = protectedIn(parts)
  if (inside === null) return
  findings.refuse(inside, {
    message: `${clause} would store ${nameOf(inside)} in another table: the column is protected, and its cells belong to it`,
    hint: 'Leave the protected column out, or let the application read it and write it.',
  })
}

function simpleQuery(select: SelectStmt, context: Context, outer: Scope): Part[] {
  const {
    distinctClause,
    targetList = [],
    fromClause = [],
    whereClause,
    groupClause = [],
    havingClause,
    windowClause = [],
    ...rest
  } = select
  const {
    intoClause,
    groupDistinct,
    valuesLists,
    sortClause,
    limitOffset,
    limitCount,
    limitOption,
    lockingClause,
    ...more
  } = rest
  const { withClause, op, all, larg, rarg, ...others } = more
  complete(others)
  const source = fromClause.length === 0 ? NO_SOURCE : fromList(fromClause, context, outer)
  const scope = scopeOver(source.relations, outer)
  const at = (clause: string): Place => placeIn(context, scope, clause)
  if (whereClause !== undefined) use(whereClause, at('WHERE'), 'a condition')
  const groups = carryGroups(groupClause, targetList, at('GROUP BY'))
  const parts = targets(targetList, source, at('the SELECT list'))
  groupBy(groups, parts, at('GROUP BY'))
  if (havingClause !== undefined) use(havingClause, at('HAVING'), 'a condition')
  for (const node of windowClause) if ('WindowDef' in node) useWindow(node.WindowDef, at('WINDOW'))
  distinct(distinctClause, targetList, parts, at('DISTINCT'))
  orderBy(sortClause ?? [], parts, at('ORDER BY'))
  limits(select, at('LIMIT'))
  endGroups(at('GROUP BY'))
  return parts
}

/** DISTINCT compares whole rows, DISTINCT ON the expressions that it names. */
function distinct(
  clause: readonly Node[] | undefined,
  targetList: readonly Node[],
  parts: readonly Part[],
  place: Place,
): void {
  if (clause === undefined) return
  const on = clause.filter((node) => Object.keys(node).length > 0)
  if (on.length > 0) {
    const at = placeIn(place, place.scope, 'DISTINCT ON')
    const others = on.filter((node) => !isCarriedDistinctKey(node, parts, at))
    orderBy(others, parts, at)
    return
  }
  const inside = incomparableIn(parts)
  usedUp(parts.filter(isGivenByRow))
  if (inside !== null && !isCarriedDistinctRow(targetList, parts, place))
    refuseUse(inside, place, 'a comparison of rows')
}

function limits(select: SelectStmt, place: Place): void {
  for (const node of [select.limitCount, select.limitOffset])
    if (node !== undefined) use(node, place, 'a number of rows')
}

function setOperation(select: SelectStmt, context: Context, outer: Scope): Part[] {
  const left = selectQuery(select.larg ?? {}, context, outer)
  const right = selectQuery(select.rarg ?? {}, context, outer)
  const isCarried = isCarriedOperation(select, left, right, context)
  const parts = mergeBranches(left, right, select, context, isCarried)
  const place = placeIn(context, scopeOver([], outer), 'ORDER BY')
  orderBy(select.sortClause ?? [], parts, place)
  limits(select, placeIn(place, place.scope, 'LIMIT'))
  return parts
}

/** `VALUES (...), (...)` as a query: a column is what its values are. */
function valuesQuery(select: SelectStmt, context: Context, outer: Scope): Part[] {
  const place = placeIn(context, scopeOver([], outer), 'VALUES')
  let parts: Part[] | null = null
  for (const row of select.valuesLists ?? []) {
    const nodes = 'List' in row ? (row.List.items ?? []) : []
    const columns = nodes.map((node, index) => valueColumn(node, index, place))
    parts =
      parts === null
        ? columns
        : mergeBranches(parts, columns, { op: 'SETOP_UNION', all: true }, context)
  }
  orderBy(select.sortClause ?? [], parts ?? [], placeIn(place, place.scope, 'ORDER BY'))
  limits(select, placeIn(place, place.scope, 'LIMIT'))
  return withGivens(parts ?? [], select.valuesLists ?? [], place)
}

/** The columns of VALUES with what their rows give. */
function withGivens(parts: readonly Part[], lists: readonly Node[], place: Place): Part[] {
  const rows = lists.map((row) => ('List' in row ? (row.List.items ?? []) : []))
  return parts.map((part, index) => {
    const nodes = rows.map((row) => row[index])
    if (part.kind === 'rest' || rows.some((row) => row.length !== parts.length)) return part
    const givens = givenInRows(nodes, place)
    return givens === null ? part : { ...part, item: { ...part.item, givens } }
  })
}

function valueColumn(node: Node, index: number, place: Place): Part {
  if (!isStar(node)) return column(`column${index + 1}`, plain(node, place))
  return rest({ sent: use(node, place, 'a row of VALUES').sent })
}

/** A value that leaves the query as it is. A whole row with a protected column in it would be a text that cannot be read. */
export function plain(node: Node, place: Place): Item {
  const item = evaluate(node, place)
  if (item.column === null || item.row === null) return item
  refuseUse(item.column, place, 'a whole row')
  return { ...item, column: null }
}

/** The columns of a SELECT list or of RETURNING. */
export function targets(list: readonly Node[], source: Source, place: Place): Part[] {
  return list.flatMap((node) => {
    if (!('ResTarget' in node)) return [column(null, use(node, place))]
    const { name, indirection, val, location, ...rest } = node.ResTarget
    complete(rest)
    if (val === undefined) return []
    if (isStar(val)) return expandStar(val, source, place)
    const item = plain(val, place)
    if (name === undefined) nameGroup(val, item, place)
    return [column(name ?? nameOfColumn(val), { ...item, ...givenBy(val, place) })]
  })
}

/** The columns of `*` and `u.*`; of `(row).*` it is not known how many there are. */
function expandStar(node: Node, source: Source, place: Place): readonly Part[] {
  if (!('ColumnRef' in node)) {
    const { suspect, sent } = use(node, place, 'a part of a value')
    return [rest({ unlisted: nameOfSuspect(suspect), sent })]
  }
  const names = stringsOf(node.ColumnRef.fields)
  const parts =
    names.length === 0
      ? source.star()
      : (findRelation(place.scope, names.at(-2) ?? null, names.at(-1) ?? '', place.findings)
          ?.parts ?? [rest({})])
  place.findings.budget.columns(parts.length)
  for (const part of parts) {
    const group = part.kind === 'column' ? groupOf(part.item, place) : null
    if (group !== null) refuseUse(group.column, place, 'a * of a query that groups by it')
  }
  return parts
}
