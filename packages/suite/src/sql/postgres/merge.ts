/** MERGE: what it writes is looked at as in UPDATE and INSERT. */

import { assign, refuseCatalog, UNNAMED_TARGET, type Written, writtenTable } from './assignment.ts'
import { withTables } from './common-tables.ts'
import type { Context, Place } from './context.ts'
import { use } from './expressions.ts'
import { nameOf } from './findings.ts'
import { fromList } from './from.ts'
import type { Part } from './items.ts'
import { scopeOver } from './relations.ts'
import type { Scope } from './scope.ts'
import { complete, type MergeStmt, type MergeWhenClause, type Node } from './tree.ts'
import { assignAll, insertedColumns, refuseStars, returning, targetRelation } from './write.ts'

export function mergeStatement(statement: MergeStmt, context: Context, outer: Scope): Part[] {
  const {
    relation,
    sourceRelation,
    joinCondition,
    mergeWhenClauses = [],
    returningClause,
    withClause,
    ...rest
  } = statement
  complete(rest)
  const scope = withTables(withClause, context, outer)
  refuseCatalog(relation, context)
  const target = targetRelation(relation, context)
  const source = fromList(sourceRelation === undefined ? [] : [sourceRelation], context, scope)
  const place: Place = {
    ...context,
    scope: scopeOver([target, ...source.relations], scope),
    clause: 'MERGE ON',
  }
  if (joinCondition !== undefined) use(joinCondition, place, 'a comparison')
  const written = writtenTable(relation, context)
  for (const node of mergeWhenClauses) {
    if ('MergeWhenClause' in node)
      action(node.MergeWhenClause, written, { ...place, clause: `MERGE INTO ${written.name}` })
  }
  return returning(returningClause, target, source, context, scope, true)
}

function action(clause: MergeWhenClause, written: Written, place: Place): void {
  const { matchKind, commandType, override, condition, targetList = [], values, ...rest } = clause
  complete(rest)
  if (condition !== undefined) use(condition, { ...place, clause: 'MERGE WHEN' }, 'a condition')
  if (commandType === 'CMD_UPDATE') {
    assignAll(targetList, written, place)
  } else if (commandType === 'CMD_INSERT') insert(targetList, values ?? [], written, place)
}

function insert(
  targetList: readonly Node[],
  values: readonly Node[],
  written: Written,
  place: Place,
): void {
  const targets = insertedColumns(written, targetList.length > 0 ? targetList : undefined, place)
  if (targets === null) refuseUnnamed(written, place)
  refuseStars(values, targets, written, place)
  values.forEach((value, index) => {
    if (index >= (targets ?? []).length && targets !== null) refuseUnnamed(written, place)
    assign(targets?.[index] ?? UNNAMED_TARGET, value, place)
  })
}

/** A protected table must be written by names, its own or the configuration's. */
function refuseUnnamed({ table }: Written, place: Place): void {
  const [inside] = table?.protected.values() ?? []
  if (inside === undefined) return
  place.findings.refuse(inside, {
    message: `${place.clause} inserts into ${nameOf(inside)} without a list of columns, and the encryptor config does not list the columns of the table`,
    hint: 'Name the columns in the statement, or list every column of the table in the encryptor config (columns).',
  })
}
