/** The kinds of statements, and what is done about each. A kind that is not here is refused. */
import type { StatementAnalysis } from '../analysis.ts'
import { alterDomain, alterTable, moveToSchema, rename } from './alterations.ts'
import { answering, NO_ROWS } from './answer.ts'
import { alterFunction, createFunction, createRule, runCode } from './code.ts'
import {
  alterOperator,
  createAccessMethod,
  createCast,
  createConversion,
  createTransform,
  define,
} from './code-by-name.ts'
import type { Context } from './context.ts'
import { copy } from './copy.ts'
import {
  createDomain,
  createIndex,
  createPolicy,
  createPublication,
  createStatistics,
  createTable,
  createTableAs,
  createTrigger,
  createView,
} from './definitions.ts'
import { OUTERMOST } from './query.ts'
import { refuseKind } from './refusals.ts'
import { changeBy, changedNames } from './schema-changes.ts'
import { discard, isBareCall, transaction } from './search-path.ts'
import { settingColumns } from './set-config.ts'
import {
  type BodyOf,
  type CreateTableAsStmt,
  type Kind,
  type Node,
  partsOf,
  type RawStmt,
} from './tree.ts'
import {
  call,
  deallocate,
  declareCursor,
  execute,
  explain,
  fetch,
  HARMLESS,
  prepare,
  setForAll,
  setForLater,
  setVariable,
} from './utility.ts'

const QUERIES = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** Statements around others, and those that set, copy or run something. */
const AROUND: { readonly [K in Kind]?: (body: BodyOf<K>, context: Context) => StatementAnalysis } =
  {
    AlterDatabaseSetStmt: ({ setstmt = {} }, context) => setForLater(setstmt, context),
    AlterRoleSetStmt: ({ setstmt = {} }, context) => setForLater(setstmt, context),
    AlterSystemStmt: ({ setstmt = {} }, context) => setForAll(setstmt, context),
    CallStmt: call,
    CopyStmt: copy,
    CreateTableAsStmt: tableOf,
    DeallocateStmt: deallocate,
    DeclareCursorStmt: declareCursor,
    DiscardStmt: discard,
    ExecuteStmt: execute,
    ExplainStmt: explain,
    FetchStmt: fetch,
    PrepareStmt: prepare,
    TransactionStmt: transaction,
    VariableSetStmt: setVariable,
  }

/** Statements that define or change things of the database: none of them answers rows. */
const DEFINING: { readonly [K in Kind]?: (body: BodyOf<K>, context: Context) => void } = {
  AlterDomainStmt: alterDomain,
  AlterFunctionStmt: ({ func, actions = [] }, context) =>
    alterFunction(func?.objname ?? [], actions, context),
  AlterObjectSchemaStmt: moveToSchema,
  AlterOperatorStmt: alterOperator,
  AlterPolicyStmt: createPolicy,
  AlterPublicationStmt: createPublication,
  AlterTableStmt: alterTable,
  CreateAmStmt: createAccessMethod,
  CreateCastStmt: createCast,
  CreateConversionStmt: createConversion,
  CreateDomainStmt: createDomain,
  CreateForeignTableStmt: ({ base = {} }, context) => createTable(base, context),
  CreateFunctionStmt: createFunction,
  CreatePolicyStmt: createPolicy,
  CreatePublicationStmt: createPublication,
  CreateSchemaStmt: ({ schemaElts = [] }, context) => {
    for (const element of schemaElts) context.statement(element)
  },
  CreateStatsStmt: createStatistics,
  CreateStmt: createTable,
  CreateTransformStmt: createTransform,
  CreateTrigStmt: createTrigger,
  DefineStmt: define,
  DoStmt: runCode,
  IndexStmt: createIndex,
  RenameStmt: rename,
  RuleStmt: createRule,
  ViewStmt: createView,
}

/** Statements with literals that the parser gives no place for (options), and that no verdict depends on. */
const WITH_OPTIONS = new Set([
  'AlterTableStmt',
  'CopyStmt',
  'CreateStmt',
  'FetchStmt',
  'IndexStmt',
  'VariableSetStmt',
  'ViewStmt',
])

/** Analyses one statement of a text; null where there is none. */
export function topStatement(
  { stmt, stmt_location = 0, stmt_len = 0 }: RawStmt,
  context: Context,
): StatementAnalysis | null {
  if (stmt === undefined) return null
  const [kind] = partsOf(stmt)
  const end = stmt_len === 0 ? Number.POSITIVE_INFINITY : stmt_location + stmt_len
  context.findings.statement = { start: stmt_location, end }
  if (HARMLESS.has(kind) || WITH_OPTIONS.has(kind)) {
    context.findings.ignoreLiterals(stmt_location, end)
  }
  context.findings.path.isBareCall = isBareCall(stmt)
  context.findings.settingColumns = settingColumns(stmt)
  return statement(stmt, context)
}

/** Of a statement that EXECUTE names it is known elsewhere what its rows are. */
function tableOf(statement: CreateTableAsStmt, context: Context): StatementAnalysis {
  createTableAs(statement, context)
  const { query } = statement
  if (query === undefined || !('ExecuteStmt' in query)) return NO_ROWS
  const { named, ...rest } = execute(query.ExecuteStmt, context)
  return named?.action === 'execute'
    ? { ...rest, named: { ...named, isStored: true } }
    : { ...rest, named }
}

export function statement(node: Node, context: Context): StatementAnalysis {
  const [kind, body] = partsOf(node)
  context.findings.changesSchema(changeBy(node), changedNames(node))
  if (QUERIES.has(kind)) return answering(context.query(node, OUTERMOST), context)
  // The key of a node says what its body is.
  const around = AROUND[kind as Kind] as
    | ((body: object, context: Context) => StatementAnalysis)
    | undefined
  if (around !== undefined) return around(body, context)
  const define = DEFINING[kind as Kind] as ((body: object, context: Context) => void) | undefined
  if (define !== undefined) define(body, context)
  else if (!HARMLESS.has(kind)) refuseKind(kind, context)
  return NO_ROWS
}
