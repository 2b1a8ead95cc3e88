/** CREATE TABLE, CREATE VIEW, CREATE INDEX and their like: nothing may store a value of a protected column or hide the column. */

import type { Equality, ProtectedColumn } from '../analysis.ts'
import type { Context, Place } from './context.ts'
import { use, useAll } from './expressions.ts'
import { nameOf } from './findings.ts'
import { protectedIn, type Relation } from './items.ts'
import { SEARCH_HASH_SIZE } from './operands.ts'
import { OUTERMOST, refuseCopy, refuseName } from './query.ts'
import { columnRef } from './references.ts'
import { checkType, refuseUse } from './refusals.ts'
import { renameParts, scopeOver } from './relations.ts'
import {
  type AlterPolicyStmt,
  type ColumnDef,
  type Constraint,
  type CreateDomainStmt,
  type CreatePolicyStmt,
  type CreatePublicationStmt,
  type CreateStatsStmt,
  type CreateStmt,
  type CreateTableAsStmt,
  type CreateTrigStmt,
  type IndexStmt,
  type Node,
  qualifiedName,
  type RangeVar,
  stringsOf,
  type ViewStmt,
} from './tree.ts'
import { targetRelation } from './write.ts'

/** A place among the columns of a table. */
export function placeIn(relation: RangeVar | undefined, clause: string, context: Context): Place {
  return { ...context, scope: scopeOver([targetRelation(relation, context)], OUTERMOST), clause }
}

/** A protected column of a table that the configuration names; null where it protects nothing. */
export function protectedOf(
  relation: RangeVar | undefined,
  { findings }: Context,
): ProtectedColumn | null {
  const table = findings.table(relation?.schemaname ?? null, relation?.relname ?? '')
  const [first] = table?.protected.values() ?? []
  return first ?? null
}

/** Refuses what would make a protected table reachable otherwise, or change what its columns are. */
export function refuseTable(column: ProtectedColumn, what: string, { findings }: Context): void {
  findings.refuse(column, {
    message: `${what} of ${column.table}, which has protected columns`,
    hint: 'Run it on the database without acra-server, and change the encryptor config with it.',
  })
}

export function createTable(statement: CreateStmt, context: Context): void {
  const { relation, tableElts = [], inhRelations = [], constraints = [], partspec } = statement
  if (relation?.relpersistence === 't') refuseName(relation, 'CREATE TEMPORARY TABLE', context)
  for (const parent of inhRelations) {
    const above = 'RangeVar' in parent ? protectedOf(parent.RangeVar, context) : null
    if (above !== null) refuseTable(above, 'CREATE TABLE of a partition or a child', context)
  }
  const place = placeIn(relation, 'CREATE TABLE', context)
  for (const node of [...tableElts, ...constraints]) {
    if ('ColumnDef' in node) columnDefinition(node.ColumnDef, relation, place)
    else if ('Constraint' in node) constraint(node.Constraint, null, place)
  }
  for (const node of partspec?.partParams ?? []) {
    if (!('PartitionElem' in node)) continue
    const { name, expr } = node.PartitionElem
    useAll([expr ?? columnNode(name)], place, 'the partition key')
  }
}

function columnNode(name: string | undefined): Node {
  return { ColumnRef: { fields: [{ String: { sval: name ?? '' } }] } }
}

/** A column of CREATE TABLE or ADD COLUMN. */
export function columnDefinition(
  definition: ColumnDef,
  relation: RangeVar | undefined,
  place: Place,
): void {
  const { colname = '', typeName, raw_default, constraints = [] } = definition
  checkType(typeName, place)
  const table = place.findings.table(relation?.schemaname ?? null, relation?.relname ?? '')
  const own = table?.protected.get(colname) ?? null
  if (raw_default !== undefined) defaultValue(raw_default, own, place)
  for (const node of constraints) if ('Constraint' in node) constraint(node.Constraint, own, place)
}

/** A constraint; `own` is the protected column that it belongs to. */
export function constraint(
  definition: Constraint,
  own: ProtectedColumn | null,
  place: Place,
): void {
  const { contype, raw_expr, exclusions = [], where_clause } = definition
  if (raw_expr !== undefined && (contype === 'CONSTR_DEFAULT' || contype === 'CONSTR_GENERATED')) {
    defaultValue(raw_expr, own, place)
  } else if (raw_expr !== undefined) {
    const item = use(raw_expr, { ...place, clause: 'CHECK' }, 'a condition')
    if (own !== null && item.sent) refuseUse(own, { ...place, clause: 'CHECK' }, 'a condition')
  }
  for (const entry of exclusions)
    indexElements('List' in entry ? (entry.List.items ?? []).slice(0, 1) : [entry], {
      ...place,
      clause: 'EXCLUDE',
    })
  if (where_clause !== undefined) use(where_clause, place, 'a condition')
}

/** A value that rows get by themselves: of a protected column it would be stored in the clear. */
export function defaultValue(expression: Node, own: ProtectedColumn | null, place: Place): void {
  const item = use(expression, { ...place, clause: 'DEFAULT' })
  if (own === null || item.isNull) return
  place.findings.refuse(own, {
    message: `a default of ${nameOf(own)} would be stored as it is: the column is protected`,
    hint: 'Let the application write the value.',
  })
}

export function createTableAs({ query, into }: CreateTableAsStmt, context: Context): void {
  if (query !== undefined && !('ExecuteStmt' in query))
    refuseCopy(context.query(query, OUTERMOST), 'CREATE TABLE AS', context)
  refuseName(into?.rel, 'CREATE TABLE AS', context)
}

export function createView({ view, aliases, query }: ViewStmt, context: Context): void {
  refuseName(view, 'CREATE VIEW', context)
  const parts = query === undefined ? [] : context.query(query, OUTERMOST)
  const names = stringsOf(aliases)
  const named = names.length === 0 ? parts : renameParts(parts, names, view?.relname ?? '', context)
  const inside = protectedIn(named)
  if (inside !== null) refuseTable(inside, 'CREATE VIEW', context)
  for (const part of named) {
    const suspect = part.kind === 'column' ? part.item.suspect : null
    // Under its own name it is as suspect in the view as it was.
    if (suspect !== null && part.kind === 'column' && part.name !== suspect.name) {
      context.findings.refuseSuspect(suspect, 'CREATE VIEW')
    }
  }
}

export function createIndex(statement: IndexStmt, context: Context): void {
  const { relation, indexParams = [], indexIncludingParams = [], whereClause } = statement
  const place = placeIn(relation, 'CREATE INDEX', context)
  indexElements([...indexParams, ...indexIncludingParams], place)
  if (whereClause !== undefined) use(whereClause, place, 'a condition')
}

function indexElements(nodes: readonly Node[], place: Place): void {
  for (const node of nodes) {
    if (!('IndexElem' in node)) continue
    const { name, expr } = node.IndexElem
    const indexed = expr ?? columnNode(name)
    if (!isComparedPart(indexed, place)) use(indexed, place, 'an index')
  }
}

/** True for what stands for a plain value in comparisons: `substr(email, 1, 33)`, or a column that is compared as it is stored. */
function isComparedPart(node: Node, place: Place): boolean {
  if ('ColumnRef' in node) return equalityIn(node, place) === 'whole'
  if (!('FuncCall' in node)) return false
  const { funcname, args = [] } = node.FuncCall
  const { schema, name } = qualifiedName(funcname)
  const [column, from, size] = args
  const isSubstr = name === 'substr' && (schema ?? 'pg_catalog') === 'pg_catalog'
  if (!isSubstr || args.length !== 3 || column === undefined) return false
  place.findings.exact = true
  const isPrefix = integerOf(from) === 1 && integerOf(size) === SEARCH_HASH_SIZE
  return isPrefix && equalityIn(column, place) === 'prefix'
}

function equalityIn(node: Node, place: Place): Equality {
  const column = 'ColumnRef' in node ? columnRef(node.ColumnRef, place).column : null
  return column?.equality ?? 'none'
}

function integerOf(node: Node | undefined): number | null {
  return node !== undefined && 'A_Const' in node ? (node.A_Const.ival?.ival ?? null) : null
}

export function createTrigger(statement: CreateTrigStmt, context: Context): void {
  const { relation, whenClause } = statement
  const inside = protectedOf(relation, context)
  if (inside !== null) refuseTable(inside, 'CREATE TRIGGER on a column', context)
  if (whenClause === undefined) return
  const table = targetRelation(relation, context)
  const rows: Relation[] = ['old', 'new'].map((name) => ({ ...table, name, schema: null }))
  use(
    whenClause,
    { ...context, scope: { ...OUTERMOST, qualifiedOnly: rows }, clause: 'CREATE TRIGGER WHEN' },
    'a condition',
  )
}

export function createPublication(
  { pubobjects = [] }: Pick<CreatePublicationStmt, 'pubobjects'>,
  context: Context,
): void {
  for (const node of pubobjects) {
    const table = 'PublicationObjSpec' in node ? node.PublicationObjSpec.pubtable : undefined
    if (table?.whereClause !== undefined)
      use(table.whereClause, placeIn(table.relation, 'CREATE PUBLICATION', context), 'a condition')
  }
}

/** CREATE STATISTICS looks into the values of columns, as an index does. */
export function createStatistics(
  { relations = [], exprs = [] }: CreateStatsStmt,
  context: Context,
): void {
  const [first] = relations
  const relation = first !== undefined && 'RangeVar' in first ? first.RangeVar : undefined
  const place = placeIn(relation, 'CREATE STATISTICS', context)
  for (const node of exprs) {
    const element =
      'StatsElem' in node ? (node.StatsElem.expr ?? columnNode(node.StatsElem.name)) : node
    use(element, place, 'statistics')
  }
}

/** Policies of row security: a condition on each row. */
export function createPolicy(
  { table, qual, with_check }: CreatePolicyStmt | AlterPolicyStmt,
  context: Context,
): void {
  const conditions = [qual, with_check].filter((condition) => condition !== undefined)
  useAll(conditions, placeIn(table, 'POLICY', context), 'a condition')
}

export function createDomain({ constraints = [] }: CreateDomainStmt, context: Context): void {
  const place = { ...context, scope: OUTERMOST, clause: 'CREATE DOMAIN' }
  for (const node of constraints) if ('Constraint' in node) constraint(node.Constraint, null, place)
}
