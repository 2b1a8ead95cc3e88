/** The columns that USING and NATURAL JOIN compare, and what `*` is behind them. */
import type { ProtectedColumn } from '../analysis.ts'
import {
  column,
  combined,
  type Item,
  isOpen,
  itemOf,
  type Part,
  PLAIN,
  protectedItem,
  rest,
  suspectItem,
  unlistedIn,
  usedUp,
  useUp,
} from './items.ts'
import { refuseUse } from './refusals.ts'
import { place, type Source, type Surroundings } from './relations.ts'

/** The columns that NATURAL JOIN compares, as far as they are known, and those that it may compare. */
export function commonNames(
  left: Source,
  right: Source,
): { certain: string[]; possible: string[] } {
  const leftNames = namesOf(left.star())
  const rightNames = namesOf(right.star())
  const atRight = new Set(rightNames)
  const certain = leftNames.filter((name) => atRight.has(name))
  const isCertain = new Set(certain)
  // Columns that are not known may have the name of one on the other side.
  const possible = [
    ...(isOpen(right.star()) ? leftNames : []),
    ...(isOpen(left.star()) ? rightNames : []),
  ]
  return { certain, possible: possible.filter((name) => !isCertain.has(name)) }
}

/** The columns of USING: each compares one column of the left side with one of the right. */
export function mergedColumns(
  left: Source,
  right: Source,
  names: readonly string[],
  around: Surroundings,
): Part[] {
  const { budget } = around.context.findings
  return names.map((name) => {
    budget.look(2 * (left.star().length + right.star().length))
    const whole = wholeIn(left, right, name, around)
    if (whole !== null) return column(name, { ...PLAIN, column: whole, of: {} })
    const items = [left, right].map((side) => columnOf(side, name, around))
    const item = combined(items)
    if (item.suspect !== null && item.sent)
      around.context.findings.refuseSuspect(item.suspect, 'JOIN USING')
    return column(name, item)
  })
}

/** The column that both sides have, where what is stored is equal just where the plain values are: the database can compare it. */
function wholeIn(
  left: Source,
  right: Source,
  name: string,
  { context }: Surroundings,
): ProtectedColumn | null {
  const { copies, comparable } = context.findings.catalog
  const [one, other] = [left, right].map(({ star }) => {
    const named = star().filter(
      (part) => part.kind === 'rest' || part.name === null || part.name === name,
    )
    const [only, ...others] = named
    if (only?.kind !== 'column' || only.name === null || others.length > 0) return null
    return only.item.isMixed === true ? null : only.item.column
  })
  if (one === null || other === null || one.equality !== 'whole') return null
  const isSame = [copies, comparable].every((same) => same?.(one, other) ?? one === other)
  return isSame ? one : null
}

/** Columns of which some are one, it is not known which. */
export function unknownStar(parts: readonly Part[]): Part {
  const known = new Map<string, ProtectedColumn>()
  for (const part of usedUp(parts)) {
    if (part.kind === 'rest') for (const [name, column] of part.known) known.set(name, column)
    else if (part.item.column !== null && part.name !== null) known.set(part.name, part.item.column)
  }
  return rest({ known, unlisted: unlistedIn(parts), sent: parts.some((part) => itemOf(part).sent) })
}

export function without(parts: readonly Part[], names: readonly string[]): Part[] {
  const left = new Set(names)
  return parts.filter((part) => part.kind === 'rest' || part.name === null || !left.has(part.name))
}

function namesOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) =>
    part.kind === 'column' ? (part.name ?? []) : [...part.known.keys()],
  )
}

function columnOf(side: Source, name: string, around: Surroundings): Item {
  const items: Item[] = []
  for (const part of side.star()) {
    if (part.kind === 'column') {
      if (part.name === null || part.name === name) items.push(useUp(part.item))
      continue
    }
    const known = part.known.get(name)
    const like = part.unlisted === null ? null : around.context.findings.catalog.protectedName(name)
    if (known !== undefined) items.push(protectedItem(known))
    else if (like !== null) items.push(suspectItem({ relation: part.unlisted ?? '', name, like }))
    else items.push({ ...PLAIN, sent: part.sent })
  }
  const guarded = items.find((item) => item.column !== null)?.column ?? null
  if (guarded !== null) {
    const isSearchable = (guarded.equality ?? 'none') !== 'none'
    const hint = isSearchable ? `Write the comparison itself: ON a.${name} = b.${name}.` : undefined
    refuseUse(guarded, { ...place(around), clause: 'JOIN USING' }, 'a comparison', hint)
  }
  return combined(items)
}
