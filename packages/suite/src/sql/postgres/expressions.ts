/** What the value of an expression is, and the refusal of expressions that a protected column must not stand in. */
import { choiceOf, uncastColumn } from './choices.ts'
import { isCarriedCase, isCarriedComparison, isCarriedDistinct } from './comparisons.ts'
import type { Place } from './context.ts'
import { coreOf } from './core.ts'
import { describe, fieldsOf } from './expression-fields.ts'
import { isCast, kindOfFunction } from './functions.ts'
import { carryPartitions, showGroup } from './grouping.ts'
import {
  combined,
  type Item,
  itemOf,
  NULL,
  type Part,
  PLAIN,
  protectedIn,
  SENT,
  unlistedIn,
  usedUp,
} from './items.ts'
import { columnRef, fieldOfRow } from './references.ts'
import { checkType, refuseNode, refuseUnknownCode, refuseUnsafe, refuseUse } from './refusals.ts'
import { callSetConfig } from './set-config.ts'
import { isCarriedSubquery } from './subquery-comparisons.ts'
import {
  type A_Const,
  type A_Expr,
  type A_Indirection,
  type CaseExpr,
  complete,
  type FuncCall,
  type JsonArrayQueryConstructor,
  type Node,
  partsOf,
  qualifiedName,
  type SubLink,
  stringOf,
  type TypeCast,
  type TypeName,
  type WindowDef,
} from './tree.ts'

/** The value of an expression that may be a protected column as it is: an item of a SELECT list, the operand of IS NULL. */
export function evaluate(node: Node, place: Place): Item {
  place.findings.budget.steps()
  if ('ColumnRef' in node) return reference(node, place)
  if ('A_Const' in node) return constant(node.A_Const, place)
  if ('ParamRef' in node) {
    place.findings.parameter(node.ParamRef.number ?? 0, node.ParamRef.location ?? 0)
    return SENT
  }
  if ('A_Expr' in node) return operator(node.A_Expr, place)
  if ('BoolExpr' in node) return condition(node.BoolExpr.args ?? [], place)
  if ('FuncCall' in node) return functionCall(node.FuncCall, place)
  if ('TypeCast' in node) return typeCast(node.TypeCast, place)
  if ('SubLink' in node) return subquery(node.SubLink, place)
  if ('NullTest' in node) {
    if (node.NullTest.arg !== undefined) testNull(node.NullTest.arg, place)
    return PLAIN
  }
  if ('CaseExpr' in node) return caseExpression(node.CaseExpr, place)
  if ('CoalesceExpr' in node) return coalesce(node, place)
  if ('A_Indirection' in node) return indirection(node.A_Indirection, place)
  if ('JsonArrayQueryConstructor' in node) return jsonArray(node.JsonArrayQueryConstructor, place)
  return composition(node, place)
}

/** The value of an expression that something is done with: refused where it is a protected column. */
export function use(node: Node, place: Place, how = 'an expression'): Item {
  const item = evaluate(node, place)
  if (item.column === null) return item
  refuseUse(item.column, place, how)
  return { ...item, column: null, row: null }
}

export function useAll(nodes: readonly Node[], place: Place, how?: string): Item[] {
  return nodes.map((node) => use(node, place, how))
}

/** The value that several make together: no literal or parameter may come together with a suspect column. */
export function together(items: readonly Item[], place: Place): Item {
  const item = combined(items)
  if (item.suspect !== null && item.sent) {
    place.findings.refuseSuspect(item.suspect, place.clause)
    return SENT
  }
  return item
}

function reference(node: Extract<Node, { ColumnRef: unknown }>, place: Place): Item {
  const { givens: _, ...item } = columnRef(node.ColumnRef, place)
  showGroup(node, item, place)
  return item
}

/** A parameter whose value matters elsewhere need not be sent for this. */
function testNull(node: Node, place: Place): void {
  const core = coreOf(node, place.findings.source)
  if (core === null || !('ParamRef' in core.node)) {
    evaluate(node, place)
    return
  }
  const { number = 0, location = 0 } = core.node.ParamRef
  for (const type of core.casts) checkType(type, place)
  place.findings.parameterPresence(number, location, core.castSpans)
}

function constant(value: A_Const, place: Place): Item {
  if (value.isnull) return NULL
  if (value.boolval !== undefined) return PLAIN
  place.findings.literal(value.location ?? 0)
  return SENT
}

/** AND, OR, NOT: each side for itself. */
function condition(args: readonly Node[], place: Place): Item {
  return truth(useAll(args, place, 'a condition'))
}

/** True, false or null: it says nothing of the columns that it was made of. */
function truth(items: readonly Item[]): Item {
  return items.some((item) => item.sent) ? SENT : PLAIN
}

const COMPARISONS = new Set([
  '=',
  '<>',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  '~',
  '~*',
  '!~',
  '!~*',
  '~~',
  '~~*',
  '!~~',
  '!~~*',
  '@>',
  '<@',
  '&&',
  '?',
  '?|',
  '?&',
  '^@',
])

function operator(expression: A_Expr, place: Place): Item {
  const { kind, name, lexpr, rexpr, location, rexpr_list_start, rexpr_list_end, ...rest } =
    expression
  complete(rest)
  const plain = (nodes: readonly Node[]) => {
    together(useAll(nodes, place, 'a comparison'), place)
  }
  if (isCarriedComparison(expression, place, plain)) return SENT
  const { schema, name: symbol } = qualifiedName(name)
  const isComparison = (kind !== 'AEXPR_OP' && kind !== 'AEXPR_NULLIF') || COMPARISONS.has(symbol)
  const how = isComparison ? 'a comparison' : 'an operator'
  const operands = [lexpr, rexpr].filter((operand) => operand !== undefined)
  const items = useAll(operands, place, how)
  const item = together(items, place)
  if (item.sent) {
    refuseRows(items, place)
    if (
      schema !== null &&
      schema !== 'pg_catalog' &&
      !place.findings.catalog.trusts(schema, symbol)
    ) {
      refuseUnknownCode(`the operator ${schema}.${symbol}`, place)
    }
  }
  return isComparison ? truth(items) : item
}

/** A literal compared with a whole row of a relation outside the configuration. */
function refuseRows(items: readonly Item[], place: Place): void {
  for (const { row } of items) {
    const unlisted = row === null ? null : unlistedIn(row.parts)
    if (unlisted !== null)
      place.findings.refuseSuspect({ relation: unlisted, name: '*', like: null }, place.clause)
  }
}

function functionCall(call: FuncCall, place: Place): Item {
  const {
    funcname,
    args = [],
    agg_order = [],
    agg_filter,
    over,
    agg_within_group,
    agg_star,
    agg_distinct,
    ...flags
  } = call
  const { func_variadic, funcformat, location, ...rest } = flags
  complete(rest)
  const { schema, name } = qualifiedName(funcname)
  const { catalog } = place.findings
  const kind = isCast(call) ? 'known' : kindOfFunction(catalog, schema, name)
  const written = schema === null || kind === 'known' ? name : `${schema}.${name}`
  const inside = over === undefined ? { ...place, inAggregate: true } : place
  if (agg_filter !== undefined) use(agg_filter, { ...inside, clause: 'FILTER' })
  if (over !== undefined) useWindow(over, { ...place, clause: 'OVER' })

  const counts =
    kind === 'known' && name === 'count' && agg_distinct !== true && agg_order.length === 0
  if (counts) {
    for (const argument of args) evaluate(argument, inside)
    return PLAIN
  }
  const isCount = kind === 'known' && name === 'count' && agg_order.length === 0
  if (isCount && isCarriedDistinct(args, place)) return PLAIN
  const items = useAll([...args, ...agg_order], place, `the function ${written}`)
  const item = together(items, place)
  if (kind === 'unsafe') refuseUnsafe(written, place)
  if (kind === 'unknown' && item.sent) refuseUnknownCode(`the function ${written}`, place)
  if (kind === 'known' && name === 'set_config') callSetConfig(args, place)
  if (kind === 'unknown') place.findings.path.unknownCode()
  if (kind === 'unknown' || kind === 'trusted') place.findings.changesSchema('possible')
  // `email(u)` is another way to write `u.email`.
  const like =
    kind === 'known' || items.length !== 1 || items[0].row === null
      ? null
      : catalog.protectedName(name)
  return like === null ? item : { ...item, suspect: { relation: rowName(items[0]), name, like } }
}

/** A window: its partitions may be those of equal protected values. */
export function useWindow(window: WindowDef, place: Place): void {
  use({ WindowDef: carryPartitions(window, place) }, place, 'a window')
}

function typeCast(cast: TypeCast, place: Place): Item {
  const { arg, typeName, location, ...rest } = cast
  complete(rest)
  checkType(typeName, place)
  if (arg === undefined) return PLAIN
  const bare = uncastColumn({ TypeCast: cast }, place)
  return bare === null ? use(arg, place, 'a cast') : evaluate(bare, place)
}

function subquery(link: SubLink, place: Place): Item {
  const { xpr, subLinkType, subLinkId, testexpr, operName, subselect, location, ...rest } = link
  complete(rest)
  if (subLinkType === 'EXPR_SUBLINK') return scalar(place.findings.answers.of(link, place), place)
  const parts = subselect === undefined ? [] : place.giving(subselect, place.scope)
  if (subLinkType === 'EXISTS_SUBLINK') return PLAIN
  if (subLinkType === 'ARRAY_SUBLINK') return usedParts(usedUp(parts), place, 'an array')
  const plain = (test: Node, part: Part) => {
    together([use(test, place, 'a comparison'), usedParts([part], place, 'a comparison')], place)
  }
  if (isCarriedSubquery(link, parts, place, plain)) return SENT
  usedUp(parts)
  const tested = testexpr === undefined ? [] : [use(testexpr, place, 'a comparison')]
  return truth([together([...tested, usedParts(parts, place, 'a comparison')], place)])
}

/** The one value of `(SELECT ...)`. */
function scalar(parts: readonly Part[], place: Place): Item {
  if (parts.length === 1 && parts[0].kind === 'column') return parts[0].item
  return usedParts(parts, place, 'a subquery')
}

/** What the columns of a query are together, where something is done with all of them. */
export function usedParts(parts: readonly Part[], place: Place, how: string): Item {
  const unlisted = unlistedIn(parts)
  const items = parts.map(itemOf)
  for (const item of items) if (item.column !== null) refuseUse(item.column, place, how)
  const item = together(items, place)
  const suspect =
    item.suspect ?? (unlisted === null ? null : { relation: unlisted, name: '*', like: null })
  return { ...item, suspect }
}

function caseExpression(expression: CaseExpr, place: Place): Item {
  const { arg, args = [], defresult, xpr, casetype, casecollid, location, ...rest } = expression
  complete(rest)
  const whens = args.map((when) => ('CaseWhen' in when ? when.CaseWhen : {}))
  const tested = whens.map(({ expr }) => expr).filter((expr) => expr !== undefined)
  if (arg === undefined || !isCarriedCase(arg, tested, place)) {
    const tests = useAll(tested, place, 'CASE')
    if (arg !== undefined) together([use(arg, place, 'CASE'), ...tests], place)
  }
  const results = [...whens.map((when) => when.result), defresult].filter(
    (result) => result !== undefined,
  )
  return choiceOf(results, place, evaluate) ?? together(useAll(results, place, 'CASE'), place)
}

function coalesce(node: Extract<Node, { CoalesceExpr: unknown }>, place: Place): Item {
  return choiceOf(node.CoalesceExpr.args ?? [], place, evaluate) ?? composition(node, place)
}

/** `value[1]`, `(row).column`, `(row).*`. */
function indirection(node: A_Indirection, place: Place): Item {
  const { arg, indirection: steps = [], ...rest } = node
  complete(rest)
  if (arg === undefined) return PLAIN
  const field = plainField(arg, steps, place)
  const base = field ?? use(arg, place, 'a part of a value')
  const hidden = field === null ? hiddenIn(arg, steps, base) : undefined
  const items = [base]
  for (const step of steps) {
    const name = stringOf(step)
    const like =
      name === null || hidden === undefined ? null : place.findings.catalog.protectedName(name)
    if (like !== null)
      items.push({ ...PLAIN, suspect: { relation: hidden ?? null, name: name ?? '', like } })
    else if ('A_Indices' in step) items.push(use(step, place, 'a subscript'))
  }
  return together(items, place)
}

/** `(u).nick`: a column of a whole row, where it is not protected; null for everything else. */
function plainField(arg: Node, steps: readonly Node[], place: Place): Item | null {
  const name = stringOf(steps[0])
  if (!('ColumnRef' in arg) || name === null) return null
  const { row } = columnRef(arg.ColumnRef, place)
  if (row === null || protectedIn(row.parts) === null) return null
  const item = fieldOfRow(row, name, place)
  return item.column === null ? item : null
}

/**
 * The relation whose row a value may be, so that its fields may be protected columns: null where it is not known which one, undefined where it is
 * none. What the statement puts together itself is none, and neither is a column of a table that is known.
 */
function hiddenIn(
  arg: Node,
  steps: readonly Node[],
  { row, unlisted }: Item,
): string | null | undefined {
  if (row !== null) return unlistedIn(row.parts) ?? undefined
  if (unlisted !== undefined) return unlisted
  const inner = withoutCasts(arg)
  const isMade = isConstant(inner) || ('RowExpr' in inner && steps.length === 1)
  return isMade || 'ColumnRef' in inner ? undefined : null
}

function withoutCasts(node: Node): Node {
  return 'TypeCast' in node && node.TypeCast.arg !== undefined
    ? withoutCasts(node.TypeCast.arg)
    : node
}

/** True for constants and parameters, and rows of such. */
function isConstant(node: Node): boolean {
  const inner = withoutCasts(node)
  if ('RowExpr' in inner) return (inner.RowExpr.args ?? []).every(isConstant)
  return 'A_Const' in inner || 'ParamRef' in inner
}

/** What a message calls the relation that a row is of; null where it has no name. */
function rowName({ row }: Item): string | null {
  return row === null ? null : (unlistedIn(row.parts) ?? row.name)
}

/** `JSON_ARRAY(SELECT ...)`. */
function jsonArray(node: JsonArrayQueryConstructor, place: Place): Item {
  const { query, output, format, absent_on_null, location, ...rest } = node
  complete(rest)
  checkType(output?.typeName, place)
  const parts = query === undefined ? [] : place.query(query, place.scope)
  return usedParts(parts, place, 'an array')
}

/** Everything that is no more than its operands; refused where the kind of node is not known. */
function composition(node: Node, place: Place): Item {
  const [kind, body] = partsOf(node)
  return together(operands(kind, body, place), place)
}

function operands(kind: string, body: object, place: Place): Item[] {
  if (kind === 'TypeName') {
    checkType(body as TypeName, place)
    return []
  }
  const fields = fieldsOf(kind)
  if (fields === null) {
    refuseNode(kind, place)
    return []
  }
  const items: Item[] = []
  for (const [name, value] of Object.entries(body)) {
    const field = fields[name] ?? 'never'
    if (field === 'never') refuseNode(`${kind}.${name}`, place)
    else if (field === 'operand') {
      const nodes = Array.isArray(value) ? (value as Node[]) : [value as Node]
      for (const node of nodes) items.push(use(node, place, describe(kind)))
    } else if (field !== 'plain') {
      for (const item of operands(field.as, value as object, place)) items.push(item)
    }
  }
  return items
}
