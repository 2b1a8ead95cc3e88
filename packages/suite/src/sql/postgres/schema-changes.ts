/** Which statements change what tables, views and columns there are. */
import { type Node, partsOf, type RangeVar } from './tree.ts'

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
