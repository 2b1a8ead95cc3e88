/** Which statements change what tables, views and columns there are. */
import { type Node, partsOf, qualifiedName, type RangeVar } from './tree.ts'

/** They leave all relations, and the columns of each, as they are; DO says by itself what is in it. What is not here may change them. */
const QUIET: ReadonlySet<string> = new Set([
  'AlterDatabaseRefreshCollStmt',
  'AlterDatabaseSetStmt',
  'AlterDatabaseStmt',
  'AlterDefaultPrivilegesStmt',
  'AlterFunctionStmt',
  'AlterRoleSetStmt',
  'AlterRoleStmt',
  'AlterSystemStmt',
  'CheckPointStmt',
  'ClosePortalStmt',
  'ClusterStmt',
  'CommentStmt',
  'ConstraintsSetStmt',
  'CopyStmt',
  'CreateFunctionStmt',
  'CreateRoleStmt',
  'DeallocateStmt',
  'DeclareCursorStmt',
  'DeleteStmt',
  'DiscardStmt',
  'DoStmt',
  'DropRoleStmt',
  'ExecuteStmt',
  'ExplainStmt',
  'FetchStmt',
  'GrantRoleStmt',
  'GrantStmt',
  'InsertStmt',
  'ListenStmt',
  'LoadStmt',
  'LockStmt',
  'MergeStmt',
  'NotifyStmt',
  'PrepareStmt',
  'RefreshMatViewStmt',
  'ReindexStmt',
  'SecLabelStmt',
  'SelectStmt',
  'TruncateStmt',
  'UnlistenStmt',
  'UpdateStmt',
  'VacuumStmt',
  'VariableSetStmt',
  'VariableShowStmt',
])

/** Code of which nobody knows what it does. */
const CODE: ReadonlySet<string> = new Set(['CallStmt'])

/** Whether the statement changes relations: for certain, perhaps, or not. A query may call functions, and say INTO, besides. */
export function changeBy(node: Node): 'certain' | 'possible' | null {
  const [kind] = partsOf(node)
  if (QUIET.has(kind)) return null
  if ('TransactionStmt' in node)
    return node.TransactionStmt.kind === 'TRANS_STMT_COMMIT_PREPARED' ? 'certain' : null
  if (isOfSession(madeBy(node))) return null
  return CODE.has(kind) ? 'possible' : 'certain'
}

/** They change no relation but by its index, sequence, trigger, comment or rights. */
const BESIDE: ReadonlySet<string> = new Set([
  'AlterPolicyStmt',
  'AlterSeqStmt',
  'CreatePolicyStmt',
  'CreateSeqStmt',
  'CreateStatsStmt',
])

/** What DROP and RENAME call the relations that are known here. */
const RELATIONS: ReadonlySet<string> = new Set([
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_INDEX',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_TABLE',
  'OBJECT_VIEW',
])

/**
 * The names, without their schemas, of the relations that the statement changes; what is joined to them by views, partitions and children may
 * change with them. Null where it may be any.
 */
export function changedNames(node: Node): readonly string[] | null {
  const [kind] = partsOf(node)
  if (BESIDE.has(kind)) return []
  const made = madeBy(node)
  if ('CreateStmt' in node) return namesOf([made, ...rangesIn(node.CreateStmt.inhRelations)])
  if (made !== undefined) return namesOf([made])
  if ('AlterTableStmt' in node) {
    const { relation, cmds = [] } = node.AlterTableStmt
    const others = cmds.map((cmd) => ('AlterTableCmd' in cmd ? cmd.AlterTableCmd.def : undefined))
    return namesOf([relation, ...others.map(rangeIn)])
  }
  if ('IndexStmt' in node) return namesOf([node.IndexStmt.relation])
  if ('CreateTrigStmt' in node) return namesOf([node.CreateTrigStmt.relation])
  if ('AlterObjectSchemaStmt' in node) {
    const { objectType, relation } = node.AlterObjectSchemaStmt
    return RELATIONS.has(objectType ?? '') ? namesOf([relation]) : null
  }
  if ('RenameStmt' in node) {
    const { renameType = '', relation, newname = '' } = node.RenameStmt
    if (renameType === 'OBJECT_COLUMN') return namesOf([relation])
    return RELATIONS.has(renameType) ? [...namesOf([relation]), newname] : null
  }
  if (!('DropStmt' in node)) return null
  const { removeType = '', objects = [] } = node.DropStmt
  if (!RELATIONS.has(removeType)) return null
  return objects.map((object) => qualifiedName('List' in object ? object.List.items : []).name)
}

function namesOf(relations: readonly (RangeVar | undefined)[]): string[] {
  return relations.flatMap((relation) => relation?.relname ?? [])
}

function rangesIn(nodes: readonly Node[] = []): (RangeVar | undefined)[] {
  return nodes.map(rangeIn)
}

/** The relation that a node is, or attaches. */
export function rangeIn(node: Node | undefined): RangeVar | undefined {
  if (node === undefined) return undefined
  if ('PartitionCmd' in node) return node.PartitionCmd.name
  return 'RangeVar' in node ? node.RangeVar : undefined
}

/** The relation that a statement makes. */
function madeBy(node: Node): RangeVar | undefined {
  if ('CreateStmt' in node) return node.CreateStmt.relation
  if ('CreateTableAsStmt' in node) return node.CreateTableAsStmt.into?.rel
  return 'ViewStmt' in node ? node.ViewStmt.view : undefined
}

/** Nobody but its own session sees a temporary relation: it is never among those that are known. */
export function isOfSession(relation: RangeVar | undefined): boolean {
  return relation?.relpersistence === 't'
}
