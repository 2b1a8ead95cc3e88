/** What a text of PostgreSQL says: the entry of the analysis. */
import type {
  Analysis,
  Catalog,
  Refusal,
  SchemaUse,
  SearchPath,
  StatementAnalysis,
} from '../analysis.ts'
import type { Shape } from '../shape.ts'
import { Budget, SqlLimitError } from './budget.ts'
import type { Context } from './context.ts'
import { Findings, Refused } from './findings.ts'
import { protectGivens } from './given-values.ts'
import { type Part, usedUp } from './items.ts'
import { mergeStatement } from './merge.ts'
import { parametersIn } from './parameter-count.ts'
import { type Parser, SqlSyntaxError } from './parse.ts'
import { OUTERMOST, selectQuery } from './query.ts'
import type { Scope } from './scope.ts'
import { statement, topStatement } from './statements.ts'
import { type Node, partsOf, type Tree } from './tree.ts'
import { deleteStatement, insertStatement, updateStatement } from './write.ts'

const UNTOUCHED: Analysis = { kind: 'untouched' }
/** As many as the protocol can carry: the database counts them. */
const ANY_NUMBER = 65_535
const UNKNOWN_PATH: readonly SearchPath[] = [null]

/**
 * Parses `text`, whose shape is given, and analyses it for a session whose search path is one of `paths`. Throws nothing: what cannot be
 * parsed or followed is refused.
 */
export function analyzeText(
  parser: Parser,
  text: Uint8Array,
  shape: Shape,
  catalog: Catalog,
  paths: readonly SearchPath[] = UNKNOWN_PATH,
): Analysis {
  if (catalog.empty) return UNTOUCHED
  const budget = new Budget(parser.limits, text.length)
  const findings = new Findings(catalog, text, shape.literals, paths, budget)
  try {
    if (!isUtf8(shape.key)) findings.refuse(null, NOT_UTF8)
    return analyzeTree(parser.parse(text, shape), contextOf(findings, parser))
  } catch (error) {
    return unfollowed(error, findings)
  }
}

function contextOf(findings: Findings, parser: Parser): Context {
  const context: Context = {
    findings,
    parser,
    within: (inside) => contextOf(inside, parser),
    query: (node, outer) => usedUp(query(node, context, outer ?? OUTERMOST)),
    giving: (node, outer) => query(node, context, outer),
    statement: (node) => statement(node, context),
  }
  return context
}

function analyzeTree(tree: Tree, context: Context): Analysis {
  const { findings } = context
  const statements: StatementAnalysis[] = []
  for (const raw of tree.stmts ?? []) {
    const found = topStatement(raw, context)
    if (found !== null) statements.push(found)
  }
  protectGivens(context)
  const values = findings.slots()
  const edits = findings.edits()
  const { passed, exact, settings, makesEscapes } = findings
  const path = findings.path.use
  const says = statements.some(
    ({ results, named, copy }) => results !== null || named !== null || copy !== null,
  )
  const found = values.length + edits.length + passed.length + settings.length
  const parameterCount = Math.max(findings.declaredCount, parametersIn(tree, findings.source))
  const schema = schemaUse(findings, tree)
  if (!says && !exact && !makesEscapes && found === 0 && path === undefined) {
    if (!findings.isNearProtected && schema === null) return UNTOUCHED
    return { ...UNTOUCHED, ...(findings.isNearProtected ? { parameterCount } : {}), ...schema }
  }
  const plan = { values, edits, statements, settings, parameterCount, passed, exact }
  return {
    kind: 'planned',
    ...plan,
    ...(makesEscapes ? { makesEscapes } : {}),
    ...(path === undefined ? {} : { path }),
    ...schema,
  }
}

function schemaUse(
  { schemaChange, changedNames }: Findings,
  { stmts = [] }: Tree,
): SchemaUse | null {
  if (schemaChange === null) return null
  const isCertain = schemaChange === 'certain'
  const names = isCertain && changedNames !== null ? [...changedNames] : null
  return { schemaChange: { isCertain, isAlone: stmts.length === 1, names } }
}

/** What a query, or a statement that returns rows, answers. */
function query(node: Node, context: Context, outer: Scope): Part[] {
  if ('SelectStmt' in node) return selectQuery(node.SelectStmt, context, outer)
  if ('InsertStmt' in node) return insertStatement(node.InsertStmt, context, outer)
  if ('UpdateStmt' in node) return updateStatement(node.UpdateStmt, context, outer)
  if ('DeleteStmt' in node) return deleteStatement(node.DeleteStmt, context, outer)
  if ('MergeStmt' in node) return mergeStatement(node.MergeStmt, context, outer)
  context.findings.refuse(null, {
    message: `a query has a part that acra-server does not know (${partsOf(node)[0]})`,
    hint: 'Write the statement in another way, or run it on the database without acra-server.',
  })
  return []
}

const NOT_UTF8 = {
  message:
    'the statement has bytes outside its literals that are not UTF-8, so names cannot be compared',
  hint: 'Use UTF8 as client_encoding.',
}

function isUtf8(key: string): boolean {
  for (let at = 0; at < key.length; at++) {
    if (key.charCodeAt(at) > 0x7f)
      return !Buffer.from(key, 'latin1').toString('utf8').includes('\ufffd')
  }
  return true
}

/** The analysis of a text that could not be followed to its end: refused, or passed as it is where the operator wants that. */
function unfollowed(error: unknown, findings: Findings): Analysis {
  if (error instanceof Refused)
    return { kind: 'refused', refusal: error.refusal, exact: findings.exact }
  const refusal = refusalOf(error)
  if (refusal === null) throw error
  const transient = error instanceof SqlLimitError && error.code === 'sql-parser-restarting'
  if (transient || findings.catalog.onUnprotected === 'refuse')
    return { kind: 'refused', refusal, exact: true, transient }
  return {
    kind: 'planned',
    values: [],
    edits: [],
    statements: [],
    settings: [],
    makesEscapes: true,
    parameterCount: ANY_NUMBER,
    passed: [...findings.passed, refusal],
    exact: true,
    schemaChange: { isCertain: true, isAlone: false, names: null },
  }
}

function refusalOf(error: unknown): Refusal | null {
  if (error instanceof SqlSyntaxError) return { ...NOT_PARSED, ...complaintOf(error) }
  if (error instanceof SqlLimitError)
    return {
      ...TOO_MUCH,
      message: `${error.message}, and is not forwarded without being analysed`,
      hint: error.hint,
    }
  // The tree is deeper than our own stack.
  return error instanceof RangeError ? TOO_MUCH : null
}

function complaintOf({ complaint, position }: SqlSyntaxError): Pick<Refusal, 'complaint'> {
  return complaint === '' ? {} : { complaint: { message: complaint, position } }
}

const NOT_PARSED: Refusal = {
  sqlState: '42601',
  message: 'SQL that acra-server cannot parse is not forwarded',
  hint: 'Check the syntax: acra-server knows that of PostgreSQL 18.',
  column: null,
}

const TOO_MUCH: Refusal = {
  sqlState: '54001',
  message: 'the sql text is nested too deeply, and is not forwarded without being analysed',
  hint: 'Split the statement, or use parameters instead of long texts.',
  column: null,
}
