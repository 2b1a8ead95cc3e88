/** What a column reference is, or its refusal where it cannot be told. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Place } from './context.ts'
import { type Group, nameOf } from './findings.ts'
import { kindOfFunction } from './functions.ts'
import { combined, type Item, PLAIN, type Relation, rowItem, SENT } from './items.ts'
import { refuseUnknownCode, refuseUse } from './refusals.ts'
import { type Found, findName, findQualified, findRelation, type Scope } from './scope.ts'
import { type ColumnRef, stringsOf } from './tree.ts'

export function columnRef(ref: ColumnRef, place: Place): Item {
  const fields = ref.fields ?? []
  const last = fields.at(-1)
  const names = stringsOf(fields)
  if (last !== undefined && 'A_Star' in last) return wholeRow(names, place)
  const item = isVariable(names, place)
    ? variableItem(find(names, place))
    : foundItem(find(names, place), names.at(-1) ?? '', place)
  place.findings.budget.look(item.givens?.length ?? 0)
  for (const { source } of item.givens ?? []) source.references.add(ref)
  refuseInside(item, place)
  return item
}

/** In a body of code: a value, under the name of a variable or of a field of one. */
function isVariable(names: readonly string[], { findings }: Place): boolean {
  const { variables } = findings
  return (
    variables !== null &&
    names
      .slice(0, -1)
      .concat(names[0])
      .some((name) => variables.has(name))
  )
}

/** It may be a column of that name, too. */
function variableItem(found: Found): Item {
  return found.kind === 'item' ? { ...found.item, sent: true } : SENT
}

/** A subquery cannot be given what a query around it groups by: the database knows no expression of it there. */
function refuseInside(item: Item, place: Place): void {
  const group = groupOf(item, place)
  if (group !== null && group.scope !== place.scope)
    refuseUse(group.column, place, 'a subquery of a query that groups by it')
}

/** The group that a reference is the key of; null where it is none. */
export function groupOf({ of, column }: Item, { findings }: Place): Group | null {
  if (of === undefined || findings.groups.length === 0) return null
  findings.budget.look(findings.groups.length)
  return findings.groups.find((group) => group.of === of && group.column === column) ?? null
}

function find(names: readonly string[], place: Place): Found {
  const { scope, findings } = place
  if (names.length === 1) return findName(scope, names[0], findings)
  const [schema, relation, name] = names.length === 2 ? [null, ...names] : names.slice(-3)
  return findQualified(scope, schema, relation ?? '', name ?? '', findings)
}

function foundItem(found: Found, name: string, place: Place): Item {
  const { findings } = place
  switch (found.kind) {
    case 'item':
      return found.item
    case 'row': {
      const row = rowItem(found.relation)
      const { column = null, suspect = null } = found.column ?? {}
      return { ...row, column: row.column ?? column, suspect: row.suspect ?? suspect }
    }
    case 'unknown-column':
      return unknownColumn(found.relation, name, place)
    case 'nothing': {
      findings.catalog.unknownColumn?.(name)
      const like = findings.protectedName(name)
      if (like === null) return unknownItem(place)
      findings.refuse(like, {
        message: `${place.clause} uses a column ${name} of a table that acra-server cannot tell`,
        hint: 'Write the column with the name of its table.',
      })
      return PLAIN
    }
  }
}

/** In a body of code it may be a value. */
function unknownItem({ findings }: Place): Item {
  return findings.variables === null ? PLAIN : SENT
}

/** The protected column of a name that a relation has under another one; null where there is none. */
function renamedIn({ parts }: Relation, name: string): ProtectedColumn | null {
  for (const part of parts) {
    const column = part.kind === 'column' ? part.item.column : null
    if (column?.column === name) return column
  }
  return null
}

/** `(u).name`: what `u.name` is, for a whole row `u`. */
export function fieldOfRow(relation: Relation, name: string, place: Place): Item {
  const scope: Scope = { relations: [relation], qualifiedOnly: [], tables: null, outer: null }
  const qualifier = relation.name ?? ''
  const found = findQualified(scope, null, qualifier, name, place.findings)
  return found.kind === 'nothing' ? PLAIN : foundItem(found, name, place)
}

/**
 * A column that nobody protects, or a function of the row: what that sees of stored values is in the database already. It must not see values of
 * the statement.
 */
function unknownColumn(relation: Relation, name: string, place: Place): Item {
  const { catalog } = place.findings
  catalog.unknownColumn?.(name)
  const { sent } = rowItem(relation)
  if (sent && kindOfFunction(catalog, null, name) === 'unknown')
    refuseUnknownCode(`the function ${name}`, place)
  const column = renamedIn(relation, name)
  if (column !== null) {
    place.findings.refuse(column, {
      message: `${place.clause} uses ${relation.name}.${name}, and ${nameOf(column)} has another name there`,
      hint: 'Write the column by the name that the statement gives it.',
    })
  }
  return sent ? SENT : PLAIN
}

/** `u.*` inside an expression is the row of `u`; a bare `*` there stands for all rows in FROM. */
function wholeRow(names: readonly string[], place: Place): Item {
  if (names.length === 0) {
    const rows = place.scope.relations.map(rowItem)
    return { ...combined(rows), column: rows.find((row) => row.column !== null)?.column ?? null }
  }
  const relation = findRelation(
    place.scope,
    names.at(-2) ?? null,
    names.at(-1) ?? '',
    place.findings,
  )
  return relation === null ? unknownItem(place) : rowItem(relation)
}
