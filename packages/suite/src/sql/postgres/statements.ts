/** The kinds of statements, and what is done about each. A kind that is not here is refused. */
import type { StatementAnalysis } from '../analysis.ts'
import { alterDomain, alterTable, moveToSchema, rename } from './alterations.ts'
import { answering, NO_ROWS } from './answer.ts'
import type { Context } from './context.ts'
import {
  constraint,
  createFunction,
  createIndex,
  createStatistics,
  createTable,
  createTableAs,
  createTrigger,
  createView,
  placeIn,
  publication,
} from './definitions.ts'
import { evaluate, useAll } from './expressions.ts'
import { OUTERMOST } from './query.ts'
import { type CallStmt, type Node, partsOf, qualifiedName, type RawStmt } from './tree.ts'
import {
  copy,
  declareCursor,
  execute,
  explain,
  fetch,
  HARMLESS,
  prepare,
  setVariable,
} from './utility.ts'

/** Analyses one statement of a text. */
export function topStatement(
  { stmt, stmt_location = 0, stmt_len = 0 }: RawStmt,
  context: Context,
): StatementAnalysis | null {
  if (stmt === undefined) return null
  const [kind] = partsOf(stmt)
  if (WITHOUT_MATTER.has(kind) || HARMLESS.has(kind)) {
    context.findings.ignoreLiterals(
      stmt_location,
      stmt_len === 0 ? Number.POSITIVE_INFINITY : stmt_location + stmt_len,
    )
  }
  return statement(stmt, context)
}

/** Statements with literals that the parser gives no place for, and that no verdict depends on. */
const WITHOUT_MATTER = new Set([
  'CopyStmt',
  'FetchStmt',
  'ExplainStmt',
  'VariableSetStmt',
  'AlterTableStmt',
  'CreateStmt',
  'IndexStmt',
  'ViewStmt',
])

export function statement(node: Node, context: Context): StatementAnalysis {
  if (
    'SelectStmt' in node ||
    'InsertStmt' in node ||
    'UpdateStmt' in node ||
    'DeleteStmt' in node ||
    'MergeStmt' in node
  ) {
    return answering(context.query(node, OUTERMOST))
  }
  return around(node, context) ?? defining(node, context)
}

/** Statements around others, and those that set or copy something; null for other kinds. */
function around(node: Node, context: Context): StatementAnalysis | null {
  if ('ExplainStmt' in node) return explain(node.ExplainStmt, context)
  if ('DeclareCursorStmt' in node)
    return declareCursor(
      node.DeclareCursorStmt.portalname ?? '',
      node.DeclareCursorStmt.query,
      context,
    )
  if ('FetchStmt' in node) return fetch(node.FetchStmt)
  if ('PrepareStmt' in node) return prepare(node.PrepareStmt, context)
  if ('ExecuteStmt' in node) return execute(node.ExecuteStmt, context)
  if ('CopyStmt' in node) return copy(node.CopyStmt, context)
  if ('VariableSetStmt' in node) return setVariable(node.VariableSetStmt, context)
  if ('AlterRoleSetStmt' in node) return setVariable(node.AlterRoleSetStmt.setstmt, context)
  if ('AlterDatabaseSetStmt' in node) return setVariable(node.AlterDatabaseSetStmt.setstmt, context)
  if ('AlterSystemStmt' in node) return setVariable(node.AlterSystemStmt.setstmt, context)
  if ('CallStmt' in node) return call(node.CallStmt, context)
  return null
}

/** Statements that define or change things of the database: none of them answers rows. */
function defining(node: Node, context: Context): StatementAnalysis {
  if ('CreateStmt' in node) createTable(node.CreateStmt, context)
  else if ('CreateForeignTableStmt' in node)
    createTable(node.CreateForeignTableStmt.base ?? {}, context)
  else if ('CreateTableAsStmt' in node) createTableAs(node.CreateTableAsStmt, context)
  else if ('CreateSchemaStmt' in node)
    for (const element of node.CreateSchemaStmt.schemaElts ?? []) context.statement(element)
  else if ('ViewStmt' in node) createView(node.ViewStmt, context)
  else if ('IndexStmt' in node) createIndex(node.IndexStmt, context)
  else if ('CreateTrigStmt' in node) createTrigger(node.CreateTrigStmt, context)
  else if ('CreateStatsStmt' in node)
    createStatistics(
      node.CreateStatsStmt.relations ?? [],
      node.CreateStatsStmt.exprs ?? [],
      context,
    )
  else if ('CreatePolicyStmt' in node) policy(node.CreatePolicyStmt, context)
  else if ('AlterPolicyStmt' in node) policy(node.AlterPolicyStmt, context)
  else if ('CreatePublicationStmt' in node) publication(node.CreatePublicationStmt, context)
  else if ('AlterPublicationStmt' in node) publication(node.AlterPublicationStmt, context)
  else if ('CreateDomainStmt' in node) domain(node.CreateDomainStmt.constraints ?? [], context)
  else if ('AlterDomainStmt' in node) alterDomain(node.AlterDomainStmt, context)
  else if ('AlterTableStmt' in node) alterTable(node.AlterTableStmt, context)
  else if ('RenameStmt' in node) rename(node.RenameStmt, context)
  else if ('AlterObjectSchemaStmt' in node) moveToSchema(node.AlterObjectSchemaStmt, context)
  else if ('CreateFunctionStmt' in node)
    createFunction(node.CreateFunctionStmt, 'CREATE FUNCTION', context)
  else if ('AlterFunctionStmt' in node)
    createFunction(
      { funcname: node.AlterFunctionStmt.func?.objname ?? [] },
      'ALTER FUNCTION',
      context,
    )
  else if ('DoStmt' in node) createFunction({}, 'DO', context)
  else if ('DefineStmt' in node && DEFINABLE.has(node.DefineStmt.kind ?? '')) return NO_ROWS
  else if (!HARMLESS.has(partsOf(node)[0])) refuseKind(partsOf(node)[0], context)
  return NO_ROWS
}

/** What CREATE may define besides operators and aggregates, which are code under another name. */
const DEFINABLE = new Set([
  'OBJECT_COLLATION',
  'OBJECT_TSCONFIGURATION',
  'OBJECT_TSDICTIONARY',
  'OBJECT_TSPARSER',
  'OBJECT_TSTEMPLATE',
  'OBJECT_TYPE',
])

/** RULE, CAST, OPERATOR, EVENT TRIGGER, LANGUAGE and whatever a later PostgreSQL brings. */
function refuseKind(kind: string, { findings }: Context): void {
  const name = kind.replace(/Stmt$/, '')
  findings.refuse(null, {
    message: `a statement of this kind (${name}) may change what becomes of a value`,
    hint: 'Run it on the database without acra-server.',
  })
}

/** A procedure can do anything with its values. */
function call({ funccall }: CallStmt, context: Context): StatementAnalysis {
  const { schema, name } = qualifiedName(funccall?.funcname)
  const place = { ...context, scope: OUTERMOST, clause: 'CALL' }
  if (!context.findings.catalog.trusts(schema, name))
    createFunction({ funcname: funccall?.funcname ?? [] }, 'CALL', context)
  if (funccall !== undefined) evaluate({ FuncCall: funccall }, place)
  return NO_ROWS
}

function policy(
  {
    table,
    qual,
    with_check,
  }: { table?: Parameters<typeof placeIn>[0]; qual?: Node; with_check?: Node },
  context: Context,
): void {
  const conditions = [qual, with_check].filter((condition) => condition !== undefined)
  useAll(conditions, placeIn(table, 'CREATE POLICY', context), 'a condition')
}

function domain(constraints: readonly Node[], context: Context): void {
  const place = { ...context, scope: OUTERMOST, clause: 'CREATE DOMAIN' }
  for (const node of constraints) if ('Constraint' in node) constraint(node.Constraint, null, place)
}
