/** What stands in comparisons: protected columns and values, and how both are written for the database. */
import type { ProtectedColumn, ValueUse } from '../analysis.ts'
import type { Context, Place } from './context.ts'
import { areFreeCasts, type Core, coreOf, elementTypeOf, isOfType, valueTypeOf } from './core.ts'
import type { Findings } from './findings.ts'
import { givenUnder } from './given-columns.ts'
import type { Given } from './items.ts'
import { columnRef } from './references.ts'
import type { Span } from './source-text.ts'
import { storedTypeIn } from './stored-types.ts'
import type { Node, SubLink } from './tree.ts'

/** How many bytes of a stored value with a search hash are compared: spec acra-envelopes §5. */
export const SEARCH_HASH_SIZE = 33
/** Something that is compared: a protected column that can be, a value, a column that values of the text are given to, or anything else. */
export type Operand =
  | { readonly kind: 'column'; readonly column: ProtectedColumn; readonly core: Core }
  | { readonly kind: 'value'; readonly core: Core }
  | { readonly kind: 'given'; readonly core: Core; readonly givens: readonly Given[] }
  | { readonly kind: 'other' }

const OTHER: Operand = { kind: 'other' }

export function operandOf(node: Node, place: Place): Operand {
  place.findings.budget.steps()
  const core = coreOf(node, place.findings.source)
  if (core === null) return OTHER
  if ('SubLink' in core.node) return answerOf(core, core.node.SubLink, place)
  if (!('ColumnRef' in core.node)) {
    const isValue = 'A_Const' in core.node || 'ParamRef' in core.node || core.made !== null
    return isValue ? { kind: 'value', core } : OTHER
  }
  const item = columnRef(core.node.ColumnRef, place)
  const { column, row, isMixed } = item
  const givens = item.givens === undefined ? null : givenUnder(core, core.node.ColumnRef, place)
  if (givens !== null) return { kind: 'given', core, givens }
  if (column === null || row !== null || isMixed === true) return OTHER
  if (equalityOf(column) === 'none') return OTHER
  return { kind: 'column', column, core }
}

/** The one value of `(SELECT email ...)`. */
function answerOf(core: Core, link: SubLink, place: Place): Operand {
  const [part, ...others] = place.findings.answers.of(link, place)
  if (part?.kind !== 'column' || others.length > 0) return OTHER
  const { column, row, isMixed } = part.item
  if (column === null || row !== null || isMixed === true) return OTHER
  return equalityOf(column) === 'none' ? OTHER : { kind: 'column', column, core }
}

export function equalityOf(column: ProtectedColumn): 'none' | 'prefix' | 'whole' {
  return column.equality ?? 'none'
}

export function isNull({ node }: Core): boolean {
  return 'A_Const' in node && node.A_Const.isnull === true
}

/** A cast of a column is left out where it changes nothing that is compared: from text to text, for one. */
export function isFree({ column, core }: Operand & { kind: 'column' }, place: Place): boolean {
  if (column.dataType === 'bytes') return core.casts.length === 0
  if (core.casts.some((cast) => (cast.typmods ?? []).length > 0)) return false
  return areFreeCasts(core.casts, valueTypeOf(column, place), null, place)
}

export function isFreeValue(
  column: ProtectedColumn,
  { core }: Operand & { kind: 'value' },
  place: Place,
): boolean {
  if (core.made !== null && !isOfType(core.made, column, place)) return false
  const content =
    'A_Const' in core.node && !isNull(core) ? place.findings.contentOf(core.node.A_Const) : null
  return areFreeCasts(core.casts, valueTypeOf(column, place), content, place)
}

/** Notes a value that is compared with a column. NULL stays as it is. False where a constant cannot be replaced. */
export function giveValue(
  column: ProtectedColumn,
  { core }: Operand & { kind: 'value' },
  use: ValueUse,
  to: Span,
  { findings }: Place,
): boolean {
  if (isNull(core)) return true
  if (core.made !== null) return findings.madeValue(column, core.made, use, to)
  if ('ParamRef' in core.node) {
    const { number = 0, location = 0 } = core.node.ParamRef
    const elementType = use.kind === 'search' && use.as === 'array' ? elementTypeOf(core) : null
    const at = to === core.span ? null : to
    findings.parameterValue(column, number, location, use, at, elementType)
    return true
  }
  return (
    'A_Const' in core.node && findings.literalValue(column, core.node.A_Const, core.span, use, to)
  )
}

/** Values that are given elsewhere become there what is compared with the column. */
export function claimToSearch(
  column: ProtectedColumn,
  { core, givens }: Operand & { kind: 'given' },
  { findings, clause }: Place,
): void {
  const node = 'ColumnRef' in core.node ? core.node.ColumnRef : core.node
  const reference = { node, span: core.span }
  findings.givens.claim(givens, { column, use: 'search', clause, reference })
}

export function removeCasts(
  operands: readonly (Operand & { readonly core: Core })[],
  place: Place,
): void {
  for (const { core } of operands)
    for (const { start, end } of core.castSpans) place.findings.edit(start, end, ' ')
}

export function isComparable(
  one: ProtectedColumn,
  other: ProtectedColumn,
  { findings }: Context,
): boolean {
  return one === other || (findings.catalog.comparable?.(one, other) ?? false)
}

/** The type of the database that what is stored in a column has. */
export function storedType(column: ProtectedColumn, { findings }: Context): string {
  return storedTypeIn(findings.catalog, column)
}

/** The part that is compared of what the text is in the database. */
export function hashOf(text: string): string {
  return ` pg_catalog.substr(${text}, 1, ${SEARCH_HASH_SIZE})`
}

/** Writes the part of a stored value that is compared in the place of the column. */
export function wrap({ column, core }: Operand & { kind: 'column' }, { findings }: Place): void {
  if (equalityOf(column) !== 'prefix') return
  wrapSpan(core.span, findings)
}

/** Writes the part that is compared of what stands in a span. */
export function wrapSpan({ start, end }: Span, findings: Findings): void {
  findings.edit(start, start, ' pg_catalog.substr(')
  findings.edit(end, end, `, 1, ${SEARCH_HASH_SIZE})`)
}
