/** ALTER and RENAME: a protected table keeps its name, its place, and its columns as the configuration lists them. */
import type { ProtectedColumn } from '../analysis.ts'
import { columnOf, writtenTable } from './assignment.ts'
import type { Context, Place } from './context.ts'
import {
  columnDefinition,
  constraint,
  defaultValue,
  placeIn,
  protectedOf,
  refuseTable,
} from './definitions.ts'
import { use } from './expressions.ts'
import { OUTERMOST } from './query.ts'
import { rangeIn } from './schema-changes.ts'
import type {
  AlterDomainStmt,
  AlterObjectSchemaStmt,
  AlterTableCmd,
  AlterTableStmt,
  RangeVar,
  RenameStmt,
} from './tree.ts'

/** They change nothing of a column's values or of what the table is called. */
const HARMLESS = new Set([
  'AT_AddIdentity',
  'AT_AddIndexConstraint',
  'AT_AddOf',
  'AT_AlterColumnGenericOptions',
  'AT_AlterConstraint',
  'AT_ChangeOwner',
  'AT_ClusterOn',
  'AT_DisableRowSecurity',
  'AT_DisableRule',
  'AT_DisableTrig',
  'AT_DisableTrigAll',
  'AT_DisableTrigUser',
  'AT_DropCluster',
  'AT_DropConstraint',
  'AT_DropExpression',
  'AT_DropIdentity',
  'AT_DropNotNull',
  'AT_DropOf',
  'AT_DropOids',
  'AT_EnableAlwaysTrig',
  'AT_EnableReplicaTrig',
  'AT_EnableRowSecurity',
  'AT_EnableTrig',
  'AT_EnableTrigAll',
  'AT_EnableTrigUser',
  'AT_ForceRowSecurity',
  'AT_GenericOptions',
  'AT_NoForceRowSecurity',
  'AT_ReplaceRelOptions',
  'AT_ReplicaIdentity',
  'AT_ResetOptions',
  'AT_ResetRelOptions',
  'AT_SetAccessMethod',
  'AT_SetCompression',
  'AT_SetIdentity',
  'AT_SetLogged',
  'AT_SetNotNull',
  'AT_SetOptions',
  'AT_SetRelOptions',
  'AT_SetStatistics',
  'AT_SetStorage',
  'AT_SetTableSpace',
  'AT_SetUnLogged',
  'AT_ValidateConstraint',
])

export function alterTable({ relation, cmds = [] }: AlterTableStmt, context: Context): void {
  const inside = protectedOf(relation, context)
  const place = placeIn(relation, 'ALTER TABLE', context)
  for (const node of cmds)
    if ('AlterTableCmd' in node) alterOne(node.AlterTableCmd, relation, inside, place)
}

function alterOne(
  command: AlterTableCmd,
  relation: RangeVar | undefined,
  inside: ProtectedColumn | null,
  place: Place,
): void {
  const { subtype = '', name = '', def } = command
  const { column } = columnOf(writtenTable(relation, place), name, place)
  if (HARMLESS.has(subtype)) return
  switch (subtype) {
    case 'AT_AddColumn':
      if (def !== undefined && 'ColumnDef' in def) columnDefinition(def.ColumnDef, relation, place)
      return
    case 'AT_ColumnDefault':
    case 'AT_SetExpression':
      if (def !== undefined) defaultValue(def, column, place)
      return
    case 'AT_AlterColumnType':
      if (column !== null) refuseTable(column, 'ALTER COLUMN TYPE', place)
      if (def !== undefined && 'ColumnDef' in def && def.ColumnDef.raw_default !== undefined)
        use(def.ColumnDef.raw_default, place)
      return
    case 'AT_AddConstraint':
      if (def !== undefined && 'Constraint' in def) constraint(def.Constraint, null, place)
      return
    case 'AT_AttachPartition':
    case 'AT_DetachPartition':
    case 'AT_DetachPartitionFinalize':
    case 'AT_AddInherit':
    case 'AT_DropInherit': {
      const other = inside ?? protectedOf(rangeIn(def), place)
      if (other !== null) refuseTable(other, 'a change of the partitions or children', place)
      return
    }
    default:
      // DROP COLUMN moves the columns behind it: the configuration would name the wrong ones.
      if (inside !== null)
        refuseTable(
          inside,
          subtype === 'AT_DropColumn' ? 'DROP COLUMN' : `ALTER TABLE (${subtype})`,
          place,
        )
  }
}

/** What a rename changes the name of: relations, and columns of them. */
const RELATIONS = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_INDEX',
])

export function rename(
  { renameType = 'OBJECT_TYPE', relation, subname = '', newname = '' }: RenameStmt,
  context: Context,
): void {
  if (renameType === 'OBJECT_SCHEMA' && context.findings.catalog.mayProtect?.(subname) !== false) {
    context.findings.refuse(null, {
      message: 'RENAME of a schema, by which the encryptor config may know protected tables',
      hint: 'Run it on the database without acra-server, and change the encryptor config with it.',
    })
  }
  if (relation === undefined || (!RELATIONS.has(renameType) && renameType !== 'OBJECT_COLUMN'))
    return
  const inside =
    protectedOf(relation, context) ??
    (RELATIONS.has(renameType) ? protectedOf({ relname: newname }, context) : null)
  if (inside !== null) refuseTable(inside, 'RENAME', context)
  const { suspect } = columnOf(writtenTable(relation, context), subname, context)
  if (suspect !== null && renameType === 'OBJECT_COLUMN')
    context.findings.refuseSuspect(suspect, 'RENAME COLUMN')
}

export function moveToSchema({ relation }: AlterObjectSchemaStmt, context: Context): void {
  const inside = relation === undefined ? null : protectedOf(relation, context)
  if (inside !== null) refuseTable(inside, 'SET SCHEMA', context)
}

export function alterDomain({ def }: AlterDomainStmt, context: Context): void {
  const place: Place = { ...context, scope: OUTERMOST, clause: 'ALTER DOMAIN' }
  if (def === undefined) return
  if ('Constraint' in def) constraint(def.Constraint, null, place)
  else use(def, place)
}
