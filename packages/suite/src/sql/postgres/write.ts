/** INSERT, UPDATE and DELETE. */

import type { ProtectedColumn } from '../analysis.ts'
import {
  assign,
  isStoredAlike,
  listedTarget,
  refuseCatalog,
  type Target,
  targetOf,
  UNNAMED_TARGET,
  type Written,
  writtenTable,
} from './assignment.ts'
import { withTables } from './common-tables.ts'
import { type Context, type Place, placeIn } from './context.ts'
import { use } from './expressions.ts'
import { nameOf } from './findings.ts'
import { fromList } from './from.ts'
import { insertQuery } from './insert-select.ts'
import { isOpen, type Part, type Relation } from './items.ts'
import { SEARCH_HASH_SIZE } from './operands.ts'
import { refuseCopy, targets } from './query.ts'
import { refuseUse } from './refusals.ts'
import { NO_SOURCE, type Source, scopeOver, tableRelation } from './relations.ts'
import type { Scope } from './scope.ts'
import { updatedSetting, updateSetting } from './set-config.ts'
import {
  complete,
  type DeleteStmt,
  type InsertStmt,
  isStar,
  type Node,
  type OnConflictClause,
  type RangeVar,
  type ReturningClause,
  type SelectStmt,
  type UpdateStmt,
} from './tree.ts'

export function insertStatement(statement: InsertStmt, context: Context, outer: Scope): Part[] {
  const {
    relation,
    cols,
    selectStmt,
    onConflictClause,
    returningClause,
    withClause,
    override,
    ...rest
  } = statement
  complete(rest)
  const scope = withTables(withClause, context, outer)
  const written = writtenTable(relation, context)
  const columns = insertedColumns(written, cols, {
    ...context,
    scope,
    clause: `INSERT INTO ${written.name}`,
  })
  const select =
    selectStmt !== undefined && 'SelectStmt' in selectStmt ? selectStmt.SelectStmt : null
  if (select !== null) insertRows(written, columns, select, context, scope)
  refuseCatalog(relation, context)
  const target = targetRelation(relation, context)
  if (onConflictClause !== undefined) onConflict(onConflictClause, written, target, context, scope)
  return returning(returningClause, target, NO_SOURCE, context, scope)
}

/** The columns that the values go to, in order; null where the statement does not name them and the configuration neither. */
export function insertedColumns(
  written: Written,
  cols: readonly Node[] | undefined,
  place: Place,
): readonly Target[] | null {
  if (cols === undefined) {
    const names = written.table?.columns ?? null
    return names === null ? null : names.map((name) => targetOf(written, name, [], place))
  }
  return cols.flatMap((node) => {
    if (!('ResTarget' in node)) return []
    return [listedTarget(written, node.ResTarget, place)]
  })
}

function insertRows(
  written: Written,
  columns: readonly Target[] | null,
  select: SelectStmt,
  context: Context,
  outer: Scope,
): void {
  refuseUnnamed(written, columns, context)
  if (!isPlainValues(select)) {
    insertQuery(written, columns, select, context, outer)
    return
  }
  const place = placeIn(context, outer, `INSERT INTO ${written.name}`)
  for (const row of select.valuesLists ?? []) {
    const values = 'List' in row ? (row.List.items ?? []) : []
    refuseStars(values, columns, written, place)
    values.forEach((value, index) => {
      assign(columnAt(written, columns, index, context), value, place)
    })
  }
}

/** `(row).*` among the values stands for a number of them: it is not known which columns the others go to. */
export function refuseStars(
  values: readonly Node[],
  columns: readonly Target[] | null,
  written: Written,
  place: Place,
): void {
  if (!values.some(isStar)) return
  for (const { column, suspect } of columns ?? []) {
    if (suspect !== null) place.findings.refuseSuspect(suspect, place.clause)
    if (column === null) continue
    place.findings.refuse(column, {
      message: `${place.clause} has a * among the values, so that it is not known which of them goes to ${nameOf(column)}`,
      hint: `Write the values for ${written.name} one by one.`,
    })
  }
}

/** A protected table must be written by names, its own or the configuration's. */
function refuseUnnamed(
  { table }: Written,
  columns: readonly Target[] | null,
  { findings }: Context,
): void {
  const [inside] = table?.protected.values() ?? []
  if (columns !== null || inside === undefined) return
  findings.refuse(inside, {
    message: `INSERT INTO ${inside.table} has no list of columns, and the encryptor config does not list the columns of the table`,
    hint: 'Name the columns in the statement, or list every column of the table in the encryptor config (columns).',
  })
}

function columnAt(
  written: Written,
  columns: readonly Target[] | null,
  index: number,
  { findings }: Context,
): Target {
  if (columns === null) return UNNAMED_TARGET
  const target = columns[index]
  if (target !== undefined) return target
  const [inside] = written.table?.protected.values() ?? []
  if (inside !== undefined) {
    findings.refuse(inside, {
      message: `INSERT INTO ${inside.table} has more values than columns are known`,
      hint: 'Name the columns in the statement, or list every column of the table in the encryptor config (columns).',
    })
  }
  return UNNAMED_TARGET
}

/** True for VALUES that PostgreSQL does not take for a query: only there DEFAULT is allowed. */
function isPlainValues(select: SelectStmt): boolean {
  const { valuesLists, limitOption, op, ...others } = select
  return valuesLists !== undefined && Object.keys(others).length === 0
}

export function updateStatement(statement: UpdateStmt, context: Context, outer: Scope): Part[] {
  const {
    relation,
    targetList = [],
    whereClause,
    fromClause = [],
    returningClause,
    withClause,
    ...rest
  } = statement
  complete(rest)
  const setting = updatedSetting(statement)
  if (setting !== null) {
    const at = { ...context, scope: outer, clause: 'UPDATE pg_settings SET' }
    use(setting.value, at)
    updateSetting(setting, at)
    return []
  }
  const scope = withTables(withClause, context, outer)
  refuseCatalog(relation, context)
  const target = targetRelation(relation, context)
  const written = writtenTable(relation, context)
  const source = fromList(fromClause, context, scope)
  const inside = scopeOver([target, ...source.relations], scope)
  assignAll(targetList, written, placeIn(context, inside, `UPDATE ${written.name} SET`))
  if (whereClause !== undefined) use(whereClause, placeIn(context, inside, 'WHERE'), 'a condition')
  return returning(returningClause, target, source, context, scope)
}

export function deleteStatement(statement: DeleteStmt, context: Context, outer: Scope): Part[] {
  const {
    relation,
    usingClause = [],
    whereClause,
    returningClause,
    withClause,
    ...rest
  } = statement
  complete(rest)
  const scope = withTables(withClause, context, outer)
  refuseCatalog(relation, context)
  const target = targetRelation(relation, context)
  const source = fromList(usingClause, context, scope)
  const inside = scopeOver([target, ...source.relations], scope)
  if (whereClause !== undefined) use(whereClause, placeIn(context, inside, 'WHERE'), 'a condition')
  return returning(returningClause, target, source, context, scope)
}

/** The table that is written to as a relation to refer to: no common table can stand in its place. */
export function targetRelation(relation: RangeVar | undefined, context: Context): Relation {
  return tableRelation(relation ?? {}, null, { context })
}

/** The list of SET. */
export function assignAll(list: readonly Node[], written: Written, place: Place): void {
  let shared: Node | undefined
  for (const node of list) {
    if (!('ResTarget' in node)) continue
    const { name = '', indirection = [], val, location, ...rest } = node.ResTarget
    complete(rest)
    const target = listedTarget(written, { name, indirection }, place)
    if (val === undefined) continue
    // The tree has the value of a list of columns once for each of them.
    if ('MultiAssignRef' in val && (val.MultiAssignRef.colno ?? 1) === 1)
      shared = val.MultiAssignRef.source
    const value = 'MultiAssignRef' in val ? sharedValue(val, shared, target, place) : val
    if (value !== null) assign(target, value, place)
  }
}

/** The part of `(a, b) = (x, y)` that one column gets; null where it is a query, which has been looked at. */
function sharedValue(
  node: Extract<Node, { MultiAssignRef: unknown }>,
  value: Node | undefined,
  target: Target,
  place: Place,
): Node | null {
  const { source: _, colno = 1, ncolumns, ...rest } = node.MultiAssignRef
  complete(rest)
  if (value === undefined) return null
  if ('RowExpr' in value) {
    const { args = [] } = value.RowExpr
    // `ROW(v.*)` stands for a number of values.
    return args.length === ncolumns && !args.some(isStar) ? args[colno - 1] : value
  }
  if (!('SubLink' in value)) return value
  const parts = place.findings.answers.of(value.SubLink, place)
  const part = parts[colno - 1]
  if (target.column === null && target.suspect === null) {
    refuseCopy(isOpen(parts) || part === undefined ? parts : [part], place.clause, place)
    return null
  }
  const isKnown = parts.length === ncolumns && !isOpen(parts) && part?.kind === 'column'
  if (!isKnown || target.column === null || target.isPart) return value
  return isStoredAlike(part.item, target.column, place) ? null : value
}

function onConflict(
  clause: OnConflictClause,
  written: Written,
  target: Relation,
  context: Context,
  outer: Scope,
): void {
  const { action, infer, targetList = [], whereClause, location, ...rest } = clause
  complete(rest)
  const row = scopeOver([target], outer)
  const at = placeIn(context, row, 'ON CONFLICT')
  for (const node of infer?.indexElems ?? []) {
    if (!('IndexElem' in node)) continue
    const { name, expr } = node.IndexElem
    if (expr !== undefined) use(expr, at, 'the conflict target')
    const column = name === undefined ? null : (written.table?.protected.get(name) ?? null)
    if (column === null || column.equality === 'whole') continue
    if (!compareTarget(infer?.location ?? 0, name ?? '', column, at))
      refuseUse(column, at, 'the conflict target')
  }
  if (infer?.whereClause !== undefined) use(infer.whereClause, at, 'a condition')
  const excluded: Relation = { ...target, name: 'excluded', schema: null }
  const place: Place = {
    ...context,
    scope: { ...row, qualifiedOnly: [excluded] },
    clause: 'ON CONFLICT DO UPDATE SET',
  }
  assignAll(targetList, written, place)
  if (whereClause !== undefined)
    use(whereClause, { ...place, clause: 'ON CONFLICT DO UPDATE WHERE' }, 'a condition')
}

/** `ON CONFLICT (email)` means the unique index on the search hashes. False where the names in the brackets are not read. */
function compareTarget(
  open: number,
  name: string,
  { equality }: ProtectedColumn,
  { findings }: Place,
): boolean {
  const { source } = findings
  if (equality !== 'prefix' || source.text[open] !== 0x28) return false
  for (let at = source.skipBlank(open + 1); ; ) {
    const end = source.endOfWord(at)
    if (end === at) return false
    if (source.nameAt(at) === name) {
      findings.edit(at, at, ' (pg_catalog.substr(')
      findings.edit(end, end, `, 1, ${SEARCH_HASH_SIZE}))`)
      return true
    }
    const comma = source.skipBlank(end)
    if (source.text[comma] !== 0x2c) return false
    at = source.skipBlank(comma + 1)
  }
}

/** The columns of RETURNING. Its `*` is the table that is written to, then those in FROM; in MERGE the other way round. */
export function returning(
  clause: ReturningClause | undefined,
  target: Relation,
  source: Source,
  context: Context,
  outer: Scope,
  sourceFirst = false,
): Part[] {
  if (clause === undefined) return []
  const { options = [], exprs = [], ...rest } = clause
  complete(rest)
  const names = new Map([
    ['RETURNING_OPTION_OLD', 'old'],
    ['RETURNING_OPTION_NEW', 'new'],
  ])
  for (const node of options) {
    if ('ReturningOption' in node)
      names.set(node.ReturningOption.option ?? '', node.ReturningOption.value ?? '')
  }
  const rows = [...names.values()].map((name) => ({ ...target, name, schema: null }))
  const relations = [target, ...source.relations]
  const scope: Scope = { ...scopeOver(relations, outer), qualifiedOnly: rows }
  const star = () =>
    sourceFirst ? [...source.star(), ...target.parts] : [...target.parts, ...source.star()]
  return targets(exprs, { relations, star }, placeIn(context, scope, 'RETURNING'))
}
