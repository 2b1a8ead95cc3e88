/** Comparisons of protected columns with what a subquery answers: `email IN (SELECT ...)`, `= ANY`, `<> ALL`, `NOT IN`. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Place } from './context.ts'
import { coreOf } from './core.ts'
import type { Part } from './items.ts'
import {
  equalityOf,
  giveValue,
  isComparable,
  isFree,
  isFreeValue,
  type Operand,
  operandOf,
  removeCasts,
  wrap,
  wrapSpan,
} from './operands.ts'
import { type Node, qualifiedName, type SubLink } from './tree.ts'

/** Looks at a column of the subquery, and what it is compared with, where neither is protected. */
type Plain = (test: Node, part: Part) => void

/** True where the database can be given the comparison; otherwise nothing is found or changed. `parts` are the subquery's columns. */
export function isCarriedSubquery(
  link: SubLink,
  parts: readonly Part[],
  place: Place,
  plain: Plain,
): boolean {
  const { subLinkType, testexpr, subselect } = link
  if (subLinkType !== 'ANY_SUBLINK' && subLinkType !== 'ALL_SUBLINK') return false
  if (testexpr === undefined || subselect === undefined || !isEquality(link)) return false
  const tests = 'RowExpr' in testexpr ? (testexpr.RowExpr.args ?? []) : [testexpr]
  const back = place.findings.mark()
  const isCarried = compareAll(tests, parts, subselect, place, plain)
  if (!isCarried) back()
  return isCarried
}

function isEquality({ operName }: SubLink): boolean {
  if (operName === undefined) return true
  const { schema, name } = qualifiedName(operName)
  return (schema === null || schema === 'pg_catalog') && (name === '=' || name === '<>')
}

function compareAll(
  tests: readonly Node[],
  parts: readonly Part[],
  subselect: Node,
  place: Place,
  plain: Plain,
): boolean {
  if (tests.length !== parts.length) return false
  return tests.every((test, index) => {
    const part = parts[index]
    const operand = operandOf(test, place)
    if (part.kind === 'column' && part.item.isMixed === true) return false
    const inside = part.kind === 'column' ? part.item.column : null
    if (inside === null && operand.kind !== 'column') {
      plain(test, part)
      return true
    }
    return inside !== null && compareOne(operand, inside, subselect, index, place)
  })
}

/** `operand` with the column at `index` of the subquery, which is `inside`. */
function compareOne(
  operand: Operand,
  inside: ProtectedColumn,
  subselect: Node,
  index: number,
  place: Place,
): boolean {
  if (operand.kind === 'other' || equalityOf(inside) === 'none') return false
  if (operand.kind === 'column') {
    if (!isComparable(operand.column, inside, place) || !isFree(operand, place)) return false
  } else {
    const use = { kind: 'search', as: 'value' } as const
    if (!isFreeValue(inside, operand, place)) return false
    if (!giveValue(inside, operand, use, operand.core.span, place)) return false
  }
  if (equalityOf(inside) === 'prefix' && !hashTarget(subselect, index, place)) return false
  removeCasts([operand], place)
  if (operand.kind === 'column') wrap(operand, place)
  return true
}

/** Makes a subquery answer the search hash of a column. False for other queries than a plain one that selects the column as it is. */
function hashTarget(subselect: Node, index: number, place: Place): boolean {
  if (!('SelectStmt' in subselect)) return false
  const { op = 'SETOP_NONE', groupClause, targetList = [] } = subselect.SelectStmt
  if (op !== 'SETOP_NONE' || groupClause !== undefined) return false
  const target = targetList[index]
  const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
  if (value === undefined || !('ColumnRef' in value)) return false
  const core = coreOf(value, place.findings.source)
  if (core === null) return false
  wrapSpan(core.span, place.findings)
  return true
}
