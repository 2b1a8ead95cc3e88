/** Comparisons of protected columns with what a subquery answers: `email IN (SELECT ...)`, `= ANY`, `<> ALL`, `NOT IN`. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Place } from './context.ts'
import { coreOf } from './core.ts'
import { type Part, usedUp } from './items.ts'
import {
  claimToSearch,
  equalityOf,
  giveValue,
  hashOf,
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
  const isCarried = compareAll(tests, parts, link, place, plain)
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
  link: SubLink,
  place: Place,
  plain: Plain,
): boolean {
  if (tests.length !== parts.length) return false
  const hashed: boolean[] = []
  for (const [index, test] of tests.entries()) {
    const part = parts[index]
    const operand = operandOf(test, place)
    if (part.kind === 'column' && part.item.isMixed === true) return false
    const inside = part.kind === 'column' ? part.item.column : null
    if (inside === null && operand.kind !== 'column') {
      usedUp([part])
      plain(test, part)
    } else if (!compareOne(operand, part, inside, place)) return false
    hashed.push(inside !== null && equalityOf(inside) === 'prefix')
  }
  return !hashed.includes(true) || hashColumns(link, hashed, place)
}

/** `operand` with a column of the subquery, which is the protected column `inside`, or is given values. */
function compareOne(
  operand: Operand,
  part: Part,
  inside: ProtectedColumn | null,
  place: Place,
): boolean {
  if (operand.kind === 'other') return false
  if (inside === null) return operand.kind === 'column' && compareGiven(operand, part, place)
  if (equalityOf(inside) === 'none') return false
  if (operand.kind === 'given') {
    claimToSearch(inside, operand, place)
    return true
  }
  if (operand.kind === 'column') {
    if (!isComparable(operand.column, inside, place) || !isFree(operand, place)) return false
    wrap(operand, place)
  } else {
    const use = { kind: 'search', as: 'value' } as const
    if (!isFreeValue(inside, operand, place)) return false
    if (!giveValue(inside, operand, use, operand.core.span, place)) return false
  }
  removeCasts([operand], place)
  return true
}

/** A protected column with values that are given in the subquery, which become there what it is compared with. */
function compareGiven(operand: Operand & { kind: 'column' }, part: Part, place: Place): boolean {
  const givens = part.kind === 'column' ? part.item.givens : undefined
  if (givens === undefined || !isFree(operand, place)) return false
  const { findings, clause } = place
  findings.givens.claim(givens, {
    column: operand.column,
    use: 'search',
    clause,
    reference: null,
  })
  removeCasts([operand], place)
  wrap(operand, place)
  return true
}

/** Makes a subquery answer the search hashes of some of its columns. */
function hashColumns(link: SubLink, hashed: readonly boolean[], place: Place): boolean {
  const targets = plainTargets(link, place)
  if (targets !== null && hashed.every((isHashed, index) => !isHashed || targets[index] !== null)) {
    targets.forEach((span, index) => {
      if (hashed[index] && span !== null) wrapSpan(span, place.findings)
    })
    return true
  }
  return wrapQuery(link, hashed, place)
}

/** Where the columns of a plain query that selects them as they are stand; null for another query, and for what is no column. */
function plainTargets({ subselect }: SubLink, place: Place) {
  if (subselect === undefined || !('SelectStmt' in subselect)) return null
  const { op = 'SETOP_NONE', groupClause, targetList = [] } = subselect.SelectStmt
  if (op !== 'SETOP_NONE' || groupClause !== undefined) return null
  return targetList.map((target) => {
    const value = 'ResTarget' in target ? target.ResTarget.val : undefined
    if (value === undefined || !('ColumnRef' in value)) return null
    return coreOf(value, place.findings.source)?.span ?? null
  })
}

/** Writes another query around a subquery, in its brackets. */
function wrapQuery(
  { location = 0 }: SubLink,
  hashed: readonly boolean[],
  { findings }: Place,
): boolean {
  const brackets = findings.source.bracketsAfter(location, ['in', 'any', 'some', 'all'])
  if (brackets === null) return false
  const own = hashed.map((_, index) => `acra_${index + 1}`)
  const shown = own.map((name, index) => (hashed[index] ? hashOf(name) : name))
  const { start, end } = brackets
  findings.edit(start + 1, start + 1, `SELECT ${shown.join(', ')} FROM (`, -end)
  findings.edit(end - 1, end - 1, `) AS acra (${own.join(', ')})`)
  return true
}
