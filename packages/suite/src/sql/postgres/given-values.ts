/** How values are protected that are given in one place of a statement and used in another. */
import type { ProtectedColumn } from '../analysis.ts'
import { assignArray } from './array-values.ts'
import { assignProtected } from './assignment.ts'
import { isCarriedArray } from './comparisons.ts'
import type { Context, Place } from './context.ts'
import { areFreeCasts, valueTypeOf } from './core.ts'
import { nameOf } from './findings.ts'
import { type Claim, isClaimedWhole } from './givens.ts'
import type { GivenSource } from './items.ts'
import {
  equalityOf,
  giveValue,
  isComparable,
  isFreeValue,
  operandOf,
  removeCasts,
  storedType,
  wrapSpan,
} from './operands.ts'
import { OUTERMOST } from './query.ts'
import type { Node } from './tree.ts'

/** Protects all values that were claimed for protected columns; refused where something else is done with one. */
export function protectGivens(context: Context): void {
  for (const [source, claims] of context.findings.givens.claims()) {
    const [first] = claims.toSorted((one, other) => rank(one) - rank(other))
    const place: Place = { ...context, scope: OUTERMOST, clause: first.clause }
    const isWhole = isClaimedWhole(source, claims)
    if (!isWhole || !claims.every((claim) => isServed(claim, first, place)))
      refuseOtherUse(first, place)
    else protect(source, claims, first, place)
  }
}

/** What is stored can be compared by its beginning; what is compared cannot be stored. */
function rank({ use }: Claim): number {
  return use === 'store' ? 0 : 1
}

/** True where the value that is protected for the claim `first` serves another one. */
function isServed(claim: Claim, first: Claim, place: Place): boolean {
  const { copies } = place.findings.catalog
  if (claim.use === 'store')
    return claim.column === first.column || (copies?.(first.column, claim.column) ?? false)
  const isKnownPlace = first.use === 'search' || claim.reference !== null
  return isKnownPlace && isComparable(first.column, claim.column, place)
}

function refuseOtherUse({ column }: Claim, place: Place): void {
  place.findings.refuse(column, {
    message: `${place.clause} cannot protect the value of ${nameOf(column)}: it is given in another place, and used there for something else too`,
    hint: 'Give the value once for each use of it, or write it where it is used.',
  })
}

function protect(
  source: GivenSource,
  claims: readonly Claim[],
  { column, use }: Claim,
  place: Place,
): void {
  removeAllCasts(claims, column, place)
  const searches = use === 'store' ? claims.filter((claim) => claim.use === 'search') : []
  for (const { column: compared, reference } of searches)
    if (equalityOf(compared) === 'prefix' && reference !== null)
      wrapSpan(reference.span, place.findings)
  const store = { kind: 'store', ...(searches.length > 0 ? { isCompared: true } : {}) } as const
  for (const node of source.nodes) {
    if (use === 'search') search(source.kind, node, { column, place })
    else if (source.kind === 'array') assignArray(column, node, place, store)
    else assignProtected(column, node, place, true, store)
  }
}

/** Casts on the way of a value must not change any that the column may hold. */
function removeAllCasts(claims: readonly Claim[], column: ProtectedColumn, place: Place): void {
  const { findings } = place
  for (const { casts, castSpans } of claims.flatMap(({ given }) => given.casts)) {
    if (!areFreeCasts(casts, valueTypeOf(column, place), null, place)) {
      findings.refuse(column, {
        message: `${place.clause} cannot protect the value of ${nameOf(column)}: it has a cast on its way`,
        hint: 'Leave the cast away, or write the value where it is used.',
      })
    }
    for (const { start, end } of castSpans) findings.edit(start, end, ' ')
  }
}

/** Writes what is compared with the column in the place of a value, or of the elements of an array. */
function search(
  kind: GivenSource['kind'],
  node: Node,
  { column, place }: { readonly column: ProtectedColumn; readonly place: Place },
): void {
  const isCarried =
    kind === 'array' ? isCarriedArray(column, node, place) : isCarriedValue(column, node, place)
  if (isCarried) return
  place.findings.refuse(column, {
    message: `${place.clause} cannot compare ${nameOf(column)} with a value that is given in another place, and is none that can be replaced there`,
    hint: 'Write the values as plain literals or parameters, without casts.',
  })
}

function isCarriedValue(column: ProtectedColumn, node: Node, place: Place): boolean {
  const operand = operandOf(node, place)
  if (operand.kind !== 'value' || !isFreeValue(column, operand, place)) return false
  const { span } = operand.core
  if (!giveValue(column, operand, { kind: 'search', as: 'value' }, span, place)) return false
  removeCasts([operand], place)
  place.findings.edit(span.end, span.end, `::${storedType(column, place)}`)
  return true
}
