/** CASE and COALESCE over a protected column: whichever of the values it is, it is read as the column is. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Place } from './context.ts'
import { areFreeCasts, type Core, coreOf, valueTypeOf } from './core.ts'
import { givenBy } from './given-columns.ts'
import { type Item, PLAIN } from './items.ts'
import { columnRef } from './references.ts'
import { type Node, qualifiedName } from './tree.ts'

/**
 * The value of a choice among `results`, of which one is a protected column: others are it too, or are stored alike, or are values of the text,
 * which become what would be stored for them. Null where it is not so; then nothing is found or changed. `evaluate` looks at a column.
 */
export function choiceOf(
  results: readonly Node[],
  place: Place,
  evaluate: (node: Node, place: Place) => Item,
): Item | null {
  const { source } = place.findings
  const cores = results.map((node) => coreOf(node, source))
  const columns = cores.map((core) => (core === null ? null : storedIn(core, place)))
  const column = columns.find((one) => one !== null) ?? null
  if (column === null) return null
  const isCarried = results.every((node, index) => {
    const own = columns[index]
    return own === null ? isGivenAlone(node, cores[index], place) : isAlike(own, column, place)
  })
  if (!isCarried) return null
  for (const [index, node] of results.entries()) {
    const core = cores[index]
    if (columns[index] !== null && core !== null) {
      evaluate(core.node, place)
      for (const { start, end } of core.castSpans) place.findings.edit(start, end, ' ')
    } else {
      evaluate(node, place)
      const { givens = [] } = givenBy(node, place)
      const { clause } = place
      place.findings.givens.claim(givens, { column, use: 'store', clause, reference: null })
    }
  }
  return { ...PLAIN, column, of: {} }
}

/** The protected column that a reference is, under casts that change nothing. */
function storedIn(core: Core, place: Place): ProtectedColumn | null {
  if (!('ColumnRef' in core.node)) return null
  const { column, row, isMixed } = columnRef(core.node.ColumnRef, place)
  if (column === null || row !== null || isMixed === true) return null
  const isFree = areFreeCasts(core.casts, valueTypeOf(column, place), null, place)
  return isFree ? column : null
}

function isGivenAlone(node: Node, core: Core | null, place: Place): boolean {
  return core !== null && !('ColumnRef' in core.node) && givenBy(node, place).givens !== undefined
}

function isAlike(one: ProtectedColumn, other: ProtectedColumn, { findings }: Place): boolean {
  return one === other || (findings.catalog.copies?.(one, other) ?? false)
}

/** A cast of a column of text to text says nothing new: it is left out. */
export function uncastColumn(node: Node, place: Place): Node | null {
  const core = coreOf(node, place.findings.source)
  if (core === null || !('ColumnRef' in core.node)) return null
  const { column, row } = columnRef(core.node.ColumnRef, place)
  if (column === null || row !== null || column.dataType !== 'str') return null
  const isText = core.casts.every(({ names }) => qualifiedName(names).name === 'text')
  if (!isText || !areFreeCasts(core.casts, 'str', null, place)) return null
  for (const { start, end } of core.castSpans) place.findings.edit(start, end, ' ')
  return core.node
}
