/**
 * Groups of equal values of protected columns: GROUP BY, DISTINCT and PARTITION BY mean the search hash, and a group shows one of the stored
 * values in it, whichever: all of them are the same value.
 */
import type { Place } from './context.ts'
import { coreOf } from './core.ts'
import type { Item, Part } from './items.ts'
import { equalityOf, hashOf, operandOf, wrap } from './operands.ts'
import { columnRef, groupOf } from './references.ts'
import { findName } from './scope.ts'
import type { Span } from './source-text.ts'
import { isStar, type Node, stringOf, stringsOf, type WindowDef } from './tree.ts'

/** A protected column with a search hash, where it stands. */
interface Hashed {
  readonly item: Item
  readonly span: Span
  readonly text: string
}

/** Carries those keys of GROUP BY that are protected columns with a search hash, and returns the others. */
export function carryGroups(
  keys: readonly Node[],
  targetList: readonly Node[],
  place: Place,
): readonly Node[] {
  if (place.findings.catalog.empty) return keys
  return keys.filter((key) => !carryGroup(key, targetList, place))
}

function carryGroup(key: Node, targetList: readonly Node[], place: Place): boolean {
  const { findings } = place
  const span = coreOf(key, findings.source)?.span
  const found = keyOf(key, targetList, place)
  if (span === undefined || found === null) return false
  const { of, column } = found.item
  if (of === undefined || column === null) return false
  if ('A_Const' in key) {
    findings.literal(key.A_Const.location ?? 0)
    findings.exact = true
  }
  findings.edit(span.start, span.end, hashOf(found.text))
  findings.groups.push({ of, column, scope: place.scope })
  return true
}

/** A bare name means a column of FROM first, then one of the answer; a number one of the answer. */
function keyOf(key: Node, targetList: readonly Node[], place: Place): Hashed | null {
  if ('A_Const' in key && key.A_Const.ival !== undefined) {
    const position = key.A_Const.ival.ival ?? 0
    place.findings.budget.look(Math.min(position, targetList.length))
    const values = targetList.slice(0, position).map(targetValue)
    if (values.some((value) => value === null || isStar(value))) return null
    return hashedColumn(values.at(-1) ?? null, place)
  }
  if (!('ColumnRef' in key)) return null
  const [name, ...others] = stringsOf(key.ColumnRef.fields)
  if (others.length > 0 || name === undefined) return hashedColumn(key, place)
  const own = findName({ ...place.scope, outer: null }, name, place.findings)
  if (own.kind !== 'nothing') return own.kind === 'item' ? hashedColumn(key, place) : null
  place.findings.budget.look(targetList.length)
  const named = targetList.filter((node) => 'ResTarget' in node && node.ResTarget.name === name)
  return named.length === 1 ? hashedColumn(targetValue(named[0]), place) : null
}

function targetValue(node: Node | undefined): Node | null {
  return node !== undefined && 'ResTarget' in node ? (node.ResTarget.val ?? null) : null
}

function hashedColumn(node: Node | null, place: Place): Hashed | null {
  if (node === null || !('ColumnRef' in node) || isStar(node)) return null
  const { source } = place.findings
  const core = coreOf(node, source)
  if (core === null) return null
  const item = columnRef(node.ColumnRef, place)
  if (item.column === null || item.row !== null || item.isMixed === true) return null
  if (equalityOf(item.column) !== 'prefix') return null
  const { span } = core
  return { item, span, text: source.text.toString('utf8', span.start, span.end) }
}

/** What a query groups by is over at its end. */
export function endGroups({ findings, scope }: Place): void {
  const first = findings.groups.findIndex((group) => group.scope === scope)
  if (first !== -1) findings.groups.splice(first)
}

/**
 * Writes, in the place of a column that the query groups by, one of the group's values: the least in hex, as an aggregate that every version
 * of PostgreSQL has and that keeps one value at a time.
 */
export function showGroup(node: Node, item: Item, place: Place): void {
  if (place.inAggregate === true || groupOf(item, place) === null) return
  const { source } = place.findings
  const span = coreOf(node, source)?.span
  if (span === undefined) return
  const text = source.text.toString('utf8', span.start, span.end)
  place.findings.edit(span.start, span.end, ` ${leastOf(text)}`)
}

/** One of the stored values of a group. */
export function leastOf(text: string): string {
  const least = `pg_catalog.min(pg_catalog.encode(${text}, 'hex') COLLATE pg_catalog."C")`
  return `pg_catalog.decode(${least}, 'hex')`
}

/** Gives a column of the answer that has none of its own the name that it had. */
export function nameGroup(node: Node, item: Item, place: Place): void {
  if (!('ColumnRef' in node) || groupOf(item, place) === null) return
  const end = coreOf(node, place.findings.source)?.span.end
  const name = stringOf(node.ColumnRef.fields?.at(-1)) ?? ''
  if (end !== undefined) place.findings.edit(end, end, ` AS "${name.replaceAll('"', '""')}"`)
}

/** Carries SELECT DISTINCT of columns with search hashes as DISTINCT ON of these and of all other columns. False where it is not followed. */
export function isCarriedDistinctRow(
  targetList: readonly Node[],
  parts: readonly Part[],
  place: Place,
): boolean {
  const { findings } = place
  const keys: string[] = []
  if (targetList.length !== parts.length) return false
  for (const [index, part] of parts.entries()) {
    const value = targetValue(targetList[index])
    if (value === null || isStar(value) || part.kind === 'rest') return false
    if (part.item.column === null || equalityOf(part.item.column) === 'whole') {
      keys.push(String(index + 1))
      continue
    }
    const column = hashedColumn(value, place)
    if (column === null) return false
    keys.push(hashOf(column.text).trim())
  }
  const [first] = targetList
  const start = first !== undefined && 'ResTarget' in first ? (first.ResTarget.location ?? 0) : 0
  const before = findings.source.text.toString('latin1', 0, start)
  if (!/\bdistinct\s+$/i.test(before)) return false
  findings.edit(start, start, `ON (${keys.join(', ')}) `)
  return true
}

/** Carries a key of DISTINCT ON that is a column with a search hash. A bare name there means a column of the answer first. */
export function isCarriedDistinctKey(node: Node, parts: readonly Part[], place: Place): boolean {
  const column = hashedColumn(node, place)
  if (column === null || !('ColumnRef' in node)) return false
  const [name, ...others] = stringsOf(node.ColumnRef.fields)
  if (others.length === 0) {
    place.findings.budget.look(parts.length)
    const named = parts.filter((part) => part.kind === 'rest' || part.name === name)
    const unnamed = parts.some((part) => part.kind === 'column' && part.name === null)
    if (named.length === 0 && unnamed) return false
    const isSame = (part: Part) => part.kind === 'column' && part.item.of === column.item.of
    if (!named.every(isSame)) return false
  }
  place.findings.edit(column.span.start, column.span.end, hashOf(column.text))
  return true
}

/** Carries those keys of PARTITION BY that are protected columns, and returns the window without them. */
export function carryPartitions(window: WindowDef, place: Place): WindowDef {
  const { partitionClause } = window
  if (partitionClause === undefined) return window
  const others = partitionClause.filter((key) => {
    const operand = 'ColumnRef' in key ? operandOf(key, place) : null
    if (operand?.kind !== 'column') return true
    wrap(operand, place)
    return false
  })
  return { ...window, partitionClause: others }
}
