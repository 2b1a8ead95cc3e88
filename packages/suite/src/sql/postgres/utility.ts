/** Statements that carry no value into a table, and those around other statements: cursors, PREPARE, EXPLAIN, COPY, SET. */

import type { ArgumentSource, StatementAnalysis } from '../analysis.ts'
import { answering, NO_ROWS } from './answer.ts'
import type { Context, Place } from './context.ts'
import { areFreeCasts, type Core, coreOf } from './core.ts'
import { evaluate } from './expressions.ts'
import type { Findings } from './findings.ts'
import { OUTERMOST } from './query.ts'
import { checkType } from './refusals.ts'
import { setPath } from './search-path.ts'
import { isCheckedSetting, isRole, isSearchPath, makesEscapes, settingProblem } from './settings.ts'
import { type Span, wholeOf } from './source-text.ts'
import type {
  CallStmt,
  DeallocateStmt,
  DeclareCursorStmt,
  ExecuteStmt,
  ExplainStmt,
  FetchStmt,
  Node,
  PrepareStmt,
  VariableSetStmt,
} from './tree.ts'

/** They name things, set nothing that is checked, and answer nothing of a table: nothing in them matters. */
export const HARMLESS: ReadonlySet<string> = new Set([
  'AlterCollationStmt',
  'AlterDatabaseRefreshCollStmt',
  'AlterDatabaseStmt',
  'AlterDefaultPrivilegesStmt',
  'AlterEnumStmt',
  'AlterExtensionContentsStmt',
  'AlterExtensionStmt',
  'AlterFdwStmt',
  'AlterForeignServerStmt',
  'AlterObjectDependsStmt',
  'AlterOpFamilyStmt',
  'AlterOwnerStmt',
  'AlterRoleStmt',
  'AlterSeqStmt',
  'AlterStatsStmt',
  'AlterSubscriptionStmt',
  'AlterTSConfigurationStmt',
  'AlterTSDictionaryStmt',
  'AlterTableMoveAllStmt',
  'AlterTableSpaceOptionsStmt',
  'AlterTypeStmt',
  'AlterUserMappingStmt',
  'CheckPointStmt',
  'ClosePortalStmt',
  'ClusterStmt',
  'CommentStmt',
  'CompositeTypeStmt',
  'ConstraintsSetStmt',
  'CreateEnumStmt',
  'CreateExtensionStmt',
  'CreateFdwStmt',
  'CreateForeignServerStmt',
  'CreateOpClassStmt',
  'CreateOpFamilyStmt',
  'CreateRangeStmt',
  'CreateRoleStmt',
  'CreateSeqStmt',
  'CreateSubscriptionStmt',
  'CreateTableSpaceStmt',
  'CreateUserMappingStmt',
  'CreatedbStmt',
  'DeallocateStmt',
  'DiscardStmt',
  'DropOwnedStmt',
  'DropRoleStmt',
  'DropStmt',
  'DropSubscriptionStmt',
  'DropTableSpaceStmt',
  'DropUserMappingStmt',
  'DropdbStmt',
  'GrantRoleStmt',
  'GrantStmt',
  'ImportForeignSchemaStmt',
  'ListenStmt',
  'LoadStmt',
  'LockStmt',
  'NotifyStmt',
  'ReassignOwnedStmt',
  'RefreshMatViewStmt',
  'ReindexStmt',
  'SecLabelStmt',
  'TransactionStmt',
  'TruncateStmt',
  'UnlistenStmt',
  'VacuumStmt',
  'VariableShowStmt',
])

export function setVariable(statement: VariableSetStmt, context: Context): StatementAnalysis {
  setPath(statement, context)
  const { kind, name = '', args = [] } = statement
  const value = kind === 'VAR_SET_VALUE' ? textOf(args[0]) : 'default'
  if (makesEscapes(name, value)) context.findings.makesEscapes = true
  return setForLater(statement, context)
}

/** A setting of all sessions, those too that run already. */
export function setForAll(statement: VariableSetStmt, context: Context): StatementAnalysis {
  const { name = '', args = [] } = statement
  if (statement.kind === 'VAR_SET_VALUE' && makesEscapes(name, textOf(args[0]))) {
    context.findings.refuse(null, {
      message:
        'ALTER SYSTEM sets standard_conforming_strings to something else than on, for sessions that run already',
      hint: 'Set it for a role, a database or a session.',
    })
  }
  return setForLater(statement, context)
}

/** A setting of sessions to come. */
export function setForLater(
  { kind, name = '', args = [] }: VariableSetStmt,
  { findings }: Context,
): StatementAnalysis {
  const value = kind === 'VAR_SET_VALUE' ? textOf(args[0]) : 'default'
  const problem = settingProblem(name, value)
  if (isCheckedSetting(name) && !isSearchPath(name)) findings.exact = true
  if (kind === 'VAR_RESET_ALL' || isCheckedSetting(name) || isRole(name))
    findings.setsReading = true
  if (problem !== null) findings.refuse(null, problem)
  return NO_ROWS
}

function textOf(node: Node | undefined): string | null {
  if (node === undefined || !('A_Const' in node)) return null
  const { sval, ival, boolval } = node.A_Const
  if (sval !== undefined) return sval.sval ?? ''
  if (boolval !== undefined) return String(boolval.boolval ?? false)
  return ival === undefined ? null : String(ival.ival ?? 0)
}

export function declareCursor(
  { portalname: name = '', query }: DeclareCursorStmt,
  context: Context,
): StatementAnalysis {
  const parts = query === undefined ? [] : context.query(query, OUTERMOST)
  return { ...answering(parts, context), named: { action: 'declare', name } }
}

export function fetch({ portalname = '' }: FetchStmt): StatementAnalysis {
  return { ...NO_ROWS, named: { action: 'fetch', name: portalname } }
}

/** A statement that SQL prepares is executed with values of another text: what they are for is remembered by its name. */
export function prepare(
  { name = '', argtypes = [], query }: PrepareStmt,
  context: Context,
): StatementAnalysis {
  if (query === undefined) return NO_ROWS
  const { findings } = context
  const place = { ...context, scope: OUTERMOST, clause: 'PREPARE' }
  argtypes.forEach((type, index) => {
    if (!('TypeName' in type)) return
    checkType(type.TypeName, place)
    findings.declareParameter(index + 1, type.TypeName)
  })
  if (findings.isPreparing) {
    findings.refuse(null, {
      message: 'two PREPARE in one text',
      hint: 'Send them one by one.',
    })
  }
  findings.isPreparing = true
  const settingCount = countSettings(findings)
  const parts = context.query(query, OUTERMOST)
  if (countSettings(findings) > settingCount) {
    findings.refuse(null, {
      message:
        'PREPARE of a statement that sets something by a parameter, or may change how later statements are read',
      hint: 'Prepare it by the protocol, as drivers do, or run it without PREPARE.',
    })
  }
  return { ...answering(parts, context), named: { action: 'prepare', name } }
}

function countSettings({ settings, path, makesEscapes }: Findings): number {
  return settings.length + path.settingCount + (makesEscapes ? 1 : 0)
}

export function execute(
  { name = '', params = [] }: ExecuteStmt,
  context: Context,
): StatementAnalysis {
  const place = { ...context, scope: OUTERMOST, clause: 'EXECUTE' }
  const given = params.map((node) => argument(node, place))
  context.findings.path.executed()
  return { ...NO_ROWS, named: { action: 'execute', name, arguments: given } }
}

/** `DEALLOCATE name`; ALL has none. */
export function deallocate({ name }: DeallocateStmt): StatementAnalysis {
  return name === undefined ? NO_ROWS : { ...NO_ROWS, named: { action: 'deallocate', name } }
}

function argument(node: Node, place: Place): ArgumentSource {
  evaluate(node, place)
  const { source } = place.findings
  const core = coreOf(node, source)
  if (core === null || !('A_Const' in core.node)) return 'other'
  const constant = core.node.A_Const
  // Under a cast it has a type, which is not that of what is stored.
  if (constant.isnull === true) return core.casts.length === 0 ? 'null' : 'other'
  const literal = source.literalAt(constant.location ?? 0)
  const content = place.findings.contentOf(constant)
  if (literal === undefined || content === null) return 'other'
  const whole = wholeOf(core)
  if (!areFreeCasts(core.casts, 'none', content, place) || !isBalanced(whole, core, place))
    return 'other'
  const isNegative = core.span.start < source.literals[literal].start
  const isBare = !isNegative && core.casts.length === 0
  return { literal, isNegative, at: isBare ? null : source.anchored(whole) }
}

/** True where brackets around the value are not cut in two: `('x')::text`. */
function isBalanced({ start, end }: Span, { span }: Core, { findings }: Place): boolean {
  const { text } = findings.source
  const around = text.toString('latin1', start, span.start) + text.toString('latin1', span.end, end)
  return around.split('(').length === around.split(')').length
}

/** The plan is text: the answer has no protected column, whatever the statement. EXECUTE has values that are protected as by itself. */
export function explain({ query }: ExplainStmt, context: Context): StatementAnalysis {
  if (query === undefined) return NO_ROWS
  const { named } = context.statement(query)
  const isExecute = named?.action === 'execute' && named.arguments.length > 0
  return { ...NO_ROWS, named: isExecute ? named : null, isPlan: true }
}

/** A procedure can do anything with its values, as a function can. */
export function call({ funccall = {} }: CallStmt, context: Context): StatementAnalysis {
  evaluate({ FuncCall: funccall }, { ...context, scope: OUTERMOST, clause: 'CALL' })
  return NO_ROWS
}
