/**
 * UNION, INTERSECT and EXCEPT of columns with search hashes. The text is changed so that the database makes groups of rows by the hashes, and
 * shows one of the stored values of each group, as GROUP BY does.
 */
import type { Context } from './context.ts'
import { leastOf } from './grouping.ts'
import type { Column, Part } from './items.ts'
import { isOpen } from './items.ts'
import { equalityOf, hashOf, isComparable } from './operands.ts'
import { leftmost, type OperationSpan, spanOfOperation } from './query-text.ts'
import type { Span } from './source-text.ts'
import type { SelectStmt } from './tree.ts'

/** True where the operation compares search hashes, and the text has been changed to do so; otherwise nothing is changed. */
export function isCarriedOperation(
  select: SelectStmt,
  left: readonly Part[],
  right: readonly Part[],
  context: Context,
): boolean {
  const { op, all = false, larg = {} } = select
  const isUnion = op === 'SETOP_UNION'
  if ((isUnion && all) || isOpen(left) || isOpen(right) || left.length !== right.length)
    return false
  const columns = (left as Column[]).map((one, index) => {
    const hash = isHashed(one, right[index] as Column, context)
    return hash === null || one.name === null ? null : { name: one.name, isHashed: hash }
  })
  if (columns.includes(null) || !columns.some((column) => column?.isHashed)) return false
  // In a query of their own, constants would be of a type of their own.
  if (!isUnion && [...left, ...right].some(isConstant)) return false
  if (leftmost(larg).intoClause !== undefined) return false
  const span = spanOfOperation(select, context.findings.source)
  if (span === null) return false
  rewrite(
    select,
    columns.filter((column) => column !== null),
    span,
    context,
  )
  return true
}

function isConstant(part: Part): boolean {
  return part.kind === 'column' && (part.item.isNull === true || part.item.givens !== undefined)
}

/** True where a column is compared by search hashes, false where as it is; null where it cannot be compared. */
function isHashed(
  { item: one }: Column,
  { item: other }: Column,
  context: Context,
): boolean | null {
  const items = [one, other].filter(({ isNull }) => isNull !== true)
  const columns = items.map(({ column }) => column)
  const [first] = columns
  if (!columns.some((column) => column !== null && equalityOf(column) !== 'whole')) return false
  if (items.some(({ column, isMixed }) => column === null || isMixed === true)) return null
  const isAll = columns.every(
    (column) =>
      column && first && equalityOf(column) === 'prefix' && isComparable(first, column, context),
  )
  return isAll ? true : null
}

interface Named {
  readonly name: string
  readonly isHashed: boolean
}

const SIDE = 'acra_side'
const COPY = 'acra_copy'
const EQUALS = 'OPERATOR(pg_catalog.=)'
/** Which groups of rows an operation keeps: 0 is its left side, 1 its right one. */
const KEPT: Readonly<Record<string, string>> = {
  SETOP_INTERSECT: ` HAVING pg_catalog.min(${SIDE}) ${EQUALS} 0 AND pg_catalog.max(${SIDE}) ${EQUALS} 1`,
  SETOP_EXCEPT: ` HAVING pg_catalog.max(${SIDE}) ${EQUALS} 0`,
}

function rewrite(
  { op = 'SETOP_UNION', all = false }: SelectStmt,
  columns: readonly Named[],
  { start, end, operator }: Span & Pick<OperationSpan, 'operator'>,
  { findings }: Context,
): void {
  const own = columns.map((_, index) => `acra_${index + 1}`)
  const shown = columns.map(({ name, isHashed }, index) => {
    const value = isHashed ? leastOf(own[index]) : own[index]
    return `${value} AS "${name.replaceAll('"', '""')}"`
  })
  const compared = columns.map(({ isHashed }, index) =>
    isHashed ? hashOf(own[index]) : own[index],
  )
  const before = `SELECT ${shown.join(', ')} FROM (`
  const write = (prefix: string, between: string, suffix: string) => {
    // What begins at the same place and goes on longer is around the other.
    findings.edit(start, start, prefix, -end)
    findings.edit(operator.start, operator.end, between)
    findings.edit(end, end, suffix)
  }
  const kept = KEPT[op]
  if (kept === undefined) {
    write(before, ' UNION ALL ', `) AS acra (${own.join(', ')}) GROUP BY ${compared.join(', ')} `)
    return
  }
  const names = [SIDE, ...own].join(', ')
  const numbered = `SELECT ${names}, pg_catalog.row_number() OVER (PARTITION BY ${[SIDE, ...compared].join(', ')}) FROM (`
  const keys = all ? [...compared, COPY] : compared
  write(
    `${before}${all ? numbered : ''}SELECT 0, * FROM (`,
    ') AS acra_left UNION ALL SELECT 1, * FROM (',
    `) AS acra_right) AS acra (${names})${all ? `) AS acra (${names}, ${COPY})` : ''} GROUP BY ${keys.join(', ')}${kept} `,
  )
}
