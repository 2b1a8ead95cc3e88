/**
 * Equality with a protected column. What is compared is the search hash at the beginning of a stored value, or all of it where equal
 * values are stored alike; the text is edited so that the database does just that.
 */
import type { ProtectedColumn, ValueUse } from '../analysis.ts'
import type { Place } from './context.ts'
import { type Core, coreOf, isFreeCast, valueTypeOf } from './core.ts'
import {
  claimToSearch,
  equalityOf,
  giveValue,
  hashOf,
  isComparable,
  isFree,
  isFreeValue,
  isNull,
  type Operand,
  operandOf,
  removeCasts,
  storedType,
  wrap,
} from './operands.ts'
import type { Span } from './source-text.ts'
import { type A_Expr, type Node, qualifiedName, type TypeName } from './tree.ts'

const BYTEA_ARRAY = '::pg_catalog.bytea[]'
const EQUAL_ANY = ' OPERATOR(pg_catalog.=) ANY ('
const UNEQUAL_ALL = ' OPERATOR(pg_catalog.<>) ALL ('
const VALUE: ValueUse = { kind: 'search', as: 'value' }
const FORMS: ValueUse = { kind: 'search', as: 'forms' }

type Plain = (nodes: readonly Node[]) => void

/**
 * True where the expression compares protected columns in a way that the database can be given; otherwise nothing is found or changed.
 * `plain` is given what is compared with each other in rows beside them.
 */
export function isCarriedComparison(expression: A_Expr, place: Place, plain: Plain): boolean {
  if (!mayCompare(expression, place)) return false
  const back = place.findings.mark()
  const carried = compare(expression, place, plain)
  if (!carried) back()
  return carried
}

/** Most comparisons have no protected column in them. */
function mayCompare({ lexpr, rexpr, name }: A_Expr, place: Place): boolean {
  const { name: symbol } = qualifiedName(name)
  if (symbol !== '=' && symbol !== '<>') return false
  return [lexpr, rexpr].some((node) => node !== undefined && holdsColumn(node, place))
}

function holdsColumn(node: Node, place: Place): boolean {
  if ('RowExpr' in node) return (node.RowExpr.args ?? []).some((part) => holdsColumn(part, place))
  if ('List' in node) return (node.List.items ?? []).some((part) => holdsColumn(part, place))
  return operandOf(node, place).kind === 'column'
}

function compare(expression: A_Expr, place: Place, plain: Plain): boolean {
  const { kind = 'AEXPR_OP', name, lexpr, rexpr } = expression
  const { schema } = qualifiedName(name)
  if (schema !== null && schema !== 'pg_catalog') return false
  if (lexpr === undefined || rexpr === undefined) return false
  switch (kind) {
    case 'AEXPR_OP':
      return isRow(lexpr)
        ? compareRows(lexpr, rexpr, place, plain)
        : compareTwo(operandOf(lexpr, place), operandOf(rexpr, place), expression, place)
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return isRow(lexpr)
        ? compareRows(lexpr, rexpr, place, plain)
        : compareAll([operandOf(lexpr, place), operandOf(rexpr, place)], place)
    case 'AEXPR_IN':
      return compareList(expression, lexpr, rexpr, place, plain)
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return compareArray(expression, lexpr, rexpr, place)
    default:
      return false
  }
}

/** `CASE email WHEN 'x' THEN`: the same as comparing with each. */
export function isCarriedCase(tested: Node, values: readonly Node[], place: Place): boolean {
  const operands = [tested, ...values].map((node) => operandOf(node, place))
  const back = place.findings.mark()
  const carried = compareAll(operands, place)
  if (!carried) back()
  return carried
}

/** True for a column whose stored values are equal exactly where the plain ones are. */
export function isComparedWhole(node: Node, place: Place): boolean {
  if (!('ColumnRef' in node)) return false
  const operand = operandOf(node, place)
  return operand.kind === 'column' && equalityOf(operand.column) === 'whole'
}

/** `count(DISTINCT email)`: counts what is compared. */
export function isCarriedDistinct(nodes: readonly Node[], place: Place): boolean {
  const operands = nodes.map((node) => operandOf(node, place))
  const columns = operands.filter((operand) => operand.kind === 'column')
  const isFreeOfCasts = columns.every(({ core }) => core.casts.length === 0)
  if (columns.length === 0 || columns.length < operands.length || !isFreeOfCasts) return false
  for (const column of columns) wrap(column, place)
  return true
}

/** `email = 'x'`, `'x' = email`, `a.email = b.email`. */
function compareTwo(left: Operand, right: Operand, expression: A_Expr, place: Place): boolean {
  const symbol = qualifiedName(expression.name).name
  const [column, value] = left.kind === 'column' ? [left, right] : [right, left]
  if (column.kind !== 'column' || value.kind !== 'value') return compareAll([left, right], place)
  const isWhole = equalityOf(column.column) === 'whole'
  // A subquery is left where it stands.
  const isMoved = right === column && !('ColumnRef' in column.core.node)
  if (isWhole || isMoved || isNull(value.core)) return compareAll([left, right], place)
  const { source } = place.findings
  const rightCore = left === column ? value.core : column.core
  const operatorEnd = source.endOfOperator(expression.location ?? 0, symbol)
  if (operatorEnd === null) return false
  const { start, end } = rightCore.span
  const close = source.closing(operatorEnd, start, end, rightCore.castSpans)
  if (close === null || !isFree(column, place) || !isFreeValue(column.column, value, place))
    return false
  const to = left === column ? value.core.span : column.core.span
  if (!giveValue(column.column, value, FORMS, to, place)) return false
  place.findings.edit(operatorEnd, operatorEnd, symbol === '=' ? ' ANY (' : ' ALL (')
  place.findings.edit(close, close, ')')
  removeCasts([column, value], place)
  if (left === column) wrap(column, place)
  else replaceValue(column, value, place)
  return true
}

/** The value stands where the column was: puts the column where the value was. */
function replaceValue(
  column: Operand & { kind: 'column' },
  { core }: Operand & { kind: 'value' },
  { findings }: Place,
): void {
  const { text } = findings.source
  const of = ({ start, end }: Span) => text.toString('utf8', start, end)
  const name = of(column.core.span)
  findings.edit(core.span.start, core.span.end, hashOf(name))
}

/** Compares protected columns and values, each in its place with each. All columns must be comparable. */
function compareAll(operands: readonly Operand[], place: Place): boolean {
  const columns = operands.filter((operand) => operand.kind === 'column')
  const values = operands.filter((operand) => operand.kind === 'value')
  const given = operands.filter((operand) => operand.kind === 'given')
  const [first] = columns
  const count = columns.length + values.length + given.length
  if (first === undefined || count < operands.length) return false
  if (!columns.every(({ column }) => isComparable(first.column, column, place))) return false
  if (!columns.every((column) => isFree(column, place))) return false
  if (!values.every((value) => isFreeValue(first.column, value, place))) return false
  if (!values.every((value) => giveValue(first.column, value, VALUE, value.core.span, place)))
    return false
  for (const operand of given) claimToSearch(first.column, operand, place)
  removeCasts([...columns, ...values], place)
  for (const column of columns) wrap(column, place)
  return true
}

function isRow(node: Node): boolean {
  return 'RowExpr' in node
}

/** `(email, id) = ('x', 1)`: column by column. The parts that are not protected are looked at as usual. */
function compareRows(left: Node, right: Node, place: Place, plain: Plain): boolean {
  if (!('RowExpr' in left && 'RowExpr' in right)) return false
  return compareColumns([left, right], place, plain)
}

function compareColumns(rows: readonly Node[], place: Place, plain: Plain): boolean {
  const lists = rows.map((row) => ('RowExpr' in row ? (row.RowExpr.args ?? []) : []))
  const count = lists[0].length
  if (lists.some((list) => list.length !== count)) return false
  const pairs = lists[0].map((_, index) => lists.map((list) => operandOf(list[index], place)))
  const isProtected = pairs.map((pair) => pair.some(({ kind }) => kind === 'column'))
  if (!isProtected.includes(true)) return false
  for (let index = 0; index < count; index++) {
    if (isProtected[index]) {
      if (!compareAll(pairs[index], place)) return false
    } else plain(lists.map((list) => list[index]))
  }
  return true
}

/** `email IN (...)`, `email NOT IN (...)`. */
function compareList(
  expression: A_Expr,
  left: Node,
  right: Node,
  place: Place,
  plain: Plain,
): boolean {
  const items = 'List' in right ? (right.List.items ?? []) : []
  if (isRow(left)) return items.every(isRow) && compareColumns([left, ...items], place, plain)
  const column = operandOf(left, place)
  const values = items.map((item) => operandOf(item, place))
  const isPlain = values.every((value) => value.kind === 'value')
  if (column.kind !== 'column' || equalityOf(column.column) === 'whole' || !isPlain)
    return compareAll([column, ...values], place)
  const { rexpr_list_start: open, rexpr_list_end: close, location = 0 } = expression
  if (open === undefined || close === undefined || !isFree(column, place)) return false
  if (!giveElements(column.column, values, open + 1, close, place)) return false
  const isEqual = qualifiedName(expression.name).name === '='
  place.findings.edit(location, open + 1, isEqual ? EQUAL_ANY : UNEQUAL_ALL)
  removeCasts([column], place)
  wrap(column, place)
  return true
}

/** Writes a list of values between two places as one array of all their forms. */
function giveElements(
  column: ProtectedColumn,
  operands: readonly Operand[],
  from: number,
  to: number,
  place: Place,
): boolean {
  const { findings } = place
  const values = operands.filter((operand) => operand.kind === 'value')
  if (values.length < operands.length || values.length === 0) return false
  if (!values.every((value) => isFreeValue(column, value, place))) return false
  const { opening, closing } = groupsOf(values.length)
  let at = from
  let before = ' '
  for (const [index, value] of values.entries()) {
    before += '('.repeat(opening[index])
    const { start, end } = value.core.span
    if (isNull(value.core)) {
      findings.edit(at, end, `${before}ARRAY[NULL]`)
    } else {
      if (!giveValue(column, value, FORMS, value.core.span, place)) return false
      findings.edit(at, start, before)
    }
    at = end
    before = `${BYTEA_ARRAY}${')'.repeat(closing[index])} OPERATOR(pg_catalog.||) `
  }
  findings.edit(at, to, BYTEA_ARRAY + ')'.repeat(closing[values.length - 1]))
  return true
}

/** So many arrays are put together one after the other: the database goes one level deeper for each. */
const IN_A_ROW = 32

/** How many brackets open before each of many arrays, and close behind it, so that the database goes a few levels deep for all of them. */
function groupsOf(count: number): { opening: Uint8Array; closing: Uint8Array } {
  const [opening, closing] = [new Uint8Array(count), new Uint8Array(count)]
  const group = (start: number, end: number) => {
    if (end - start <= IN_A_ROW) return
    const middle = (start + end) >> 1
    for (const [first, last] of [
      [start, middle],
      [middle, end],
    ] as const) {
      opening[first]++
      closing[last - 1]++
      group(first, last)
    }
  }
  group(0, count)
  return { opening, closing }
}

/** `email = ANY ('{...}')`, `= ANY ($1)`, `= ANY (ARRAY[...])`, and with ALL. */
function compareArray(expression: A_Expr, left: Node, right: Node, place: Place): boolean {
  const { findings } = place
  const column = operandOf(left, place)
  const core = coreOf(right, findings.source)
  if (column.kind !== 'column' || core === null || !isFree(column, place)) return false
  const { name: symbol } = qualifiedName(expression.name)
  const isUnion = symbol === (expression.kind === 'AEXPR_OP_ANY' ? '=' : '<>')
  if (!giveArray(column.column, core, isUnion, place)) return false
  removeCasts([column], place)
  wrap(column, place)
  return true
}

/** Writes what the elements of an array are compared by in its place, where it stands by itself. */
export function isCarriedArray(column: ProtectedColumn, node: Node, place: Place): boolean {
  const core = coreOf(node, place.findings.source)
  if (core === null || !giveArray(column, core, false, place)) return false
  const { end } = core.span
  if (!('A_ArrayExpr' in core.node))
    place.findings.edit(end, end, `::${storedType(column, place)}[]`)
  return true
}

function giveArray(column: ProtectedColumn, core: Core, isUnion: boolean, place: Place): boolean {
  const { findings } = place
  if ('A_ArrayExpr' in core.node) {
    const { elements = [], list_start: open, list_end: close } = core.node.A_ArrayExpr
    if (!core.casts.every((cast) => isFreeArrayCast(cast, column, place))) return false
    const operands = elements.map((element) => operandOf(element, place))
    if (open === undefined || close === undefined) return false
    if (equalityOf(column) === 'prefix' && isUnion) {
      if (!giveElements(column, operands, core.span.start, core.span.end, place)) return false
    } else {
      const values = operands.filter((operand) => operand.kind === 'value')
      if (values.length < operands.length) return false
      if (!values.every((value) => isFreeValue(column, value, place))) return false
      if (!values.every((value) => giveValue(column, value, VALUE, value.core.span, place)))
        return false
      removeCasts(values, place)
      // Strings alone would make an array of text.
      const { end } = core.span
      findings.edit(end - 1, end, `]::${storedType(column, place)}[]`)
    }
  } else {
    const use: ValueUse = { kind: 'search', as: 'array', isSingle: !isUnion }
    if (!core.casts.every((cast) => isFreeArrayCast(cast, column, place))) return false
    const operand: Operand = { kind: 'value', core }
    const isText = 'A_Const' in core.node && core.node.A_Const.sval !== undefined
    if (!isText && !('ParamRef' in core.node)) return false
    if (!giveValue(column, operand, use, core.span, place)) return false
  }
  for (const { start, end } of core.castSpans) findings.edit(start, end, ' ')
  return true
}

export function isFreeArrayCast(type: TypeName, column: ProtectedColumn, place: Place): boolean {
  if ((type.typmods ?? []).length > 0) return false
  return isFreeCast(type, valueTypeOf(column, place), null, true, place)
}
