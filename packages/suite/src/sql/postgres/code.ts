/**
 * Code that runs in the database: CREATE FUNCTION, CREATE PROCEDURE, CREATE RULE and DO. A body of SQL or PL/pgSQL passes where all of it is read, it names no
 * table with a protected column, and a value in it goes nowhere where a statement's could not. Which tables a name means is not known before it
 * runs: it may mean any that it can mean under some search path.
 */
import type { StatementAnalysis } from '../analysis.ts'
import type { Literal } from '../shape.ts'
import type { Context, Place } from './context.ts'
import { protectedOf, refuseTable } from './definitions.ts'
import { use } from './expressions.ts'
import { Findings, nameOf, Refused } from './findings.ts'
import { shapeOf } from './lex.ts'
import { SqlSyntaxError } from './parse.ts'
import { readBody } from './plpgsql.ts'
import { OUTERMOST } from './query.ts'
import { checkType, refuseKind } from './refusals.ts'
import { isCheckedSetting, isRole } from './settings.ts'
import { SourceText } from './source-text.ts'
import {
  type CreateFunctionStmt,
  type DefElem,
  type DoStmt,
  type Node,
  qualifiedName,
  type RuleStmt,
  stringOf,
  stringsOf,
  type TypeName,
} from './tree.ts'

/** Code is read only where all relations of the database are known: a name in it may be that of a view of a protected column. */
export function createFunction(statement: CreateFunctionStmt, context: Context): void {
  const { funcname = [], parameters = [], returnType, options = [], sql_body } = statement
  const what = statement.is_procedure === true ? 'CREATE PROCEDURE' : 'CREATE FUNCTION'
  const { schema, name } = qualifiedName(funcname)
  const { catalog } = context.findings
  if (catalog.trusts(schema, name)) return
  const isTrigger = qualifiedName(returnType?.names).name === 'trigger'
  const code: Code = {
    what,
    variables: new Set([name, ...namesOf(parameters)]),
    isTrigger,
    context,
  }
  const settings = optionsOf(options)
  const language = sql_body === undefined ? settings.get('language') : 'sql'
  if (!isReadable(language, code)) return
  within(code, () => {
    checkSignature(parameters, returnType, code)
    checkOptions(options, code)
    if (sql_body !== undefined) readStatements(sql_body, code)
    else for (const body of bodiesOf(options)) readText(body, language ?? '', code)
  })
}

export function runCode({ args = [] }: DoStmt, context: Context): void {
  const code: Code = { what: 'DO', variables: new Set(), context }
  const language = optionsOf(args).get('language') ?? 'plpgsql'
  const isRead = language === 'plpgsql' && isReadable(language, code)
  if (!isRead) {
    if (language !== 'plpgsql') refuseCode(code, `the language ${language} is not read`)
    context.findings.changesSchema('possible')
    return
  }
  within(code, () => {
    for (const body of bodiesOf(args)) readText(body, language, code)
  })
}

/** What happens instead of a statement, or with it, whoever sends that. */
export function createRule(
  { relation, whereClause, actions = [] }: RuleStmt,
  context: Context,
): void {
  const code: Code = { what: 'CREATE RULE', variables: new Set(['new', 'old']), context }
  const inside = protectedOf(relation, context)
  if (inside !== null) refuseTable(inside, 'CREATE RULE on a column', context)
  if (context.findings.catalog.isComplete !== true) {
    refuseKind('RuleStmt', context)
    return
  }
  within(code, () => {
    const condition: Node[] =
      whereClause === undefined ? [] : [{ ReturnStmt: { returnval: whereClause } }]
    readStatements({ List: { items: [...condition, ...actions] } }, code)
  })
}

/** A change of a function's attributes, by which none of its body is read otherwise. */
export function alterFunction(
  written: readonly Node[],
  actions: readonly Node[],
  context: Context,
): void {
  const { schema, name } = qualifiedName(written)
  if (context.findings.catalog.trusts(schema, name)) return
  const code: Code = { what: 'ALTER FUNCTION', variables: new Set(), context }
  const isHarmless = actions.every(
    (node) => 'DefElem' in node && HARMLESS.has(node.DefElem.defname ?? ''),
  )
  if (!isHarmless) refuseUnread(code)
}

/** A body that is being read. */
interface Code {
  readonly what: string
  /** Names that stand for values in it. */
  readonly variables: ReadonlySet<string>
  /** It gives back a row of whatever table it will be a trigger of. */
  readonly isTrigger?: boolean
  readonly context: Context
}

const LANGUAGES = new Set(['sql', 'plpgsql'])

function isReadable(language: string | undefined, code: Code): boolean {
  const { catalog } = code.context.findings
  if (catalog.isComplete === true && LANGUAGES.has(language ?? '')) return true
  if (catalog.isComplete === true && language !== undefined)
    refuseCode(code, `the language ${language} is not read`)
  else refuseUnread(code)
  return false
}

function refuseUnread({ what, context }: Code): void {
  context.findings.refuse(null, {
    message: `${what}: acra-server does not read code that runs in the database`,
    hint: 'Run it on the database without acra-server, list the function in trusted_functions of the encryptor config, or use --schema_introspection, with which code in SQL and PL/pgSQL is read.',
  })
}

function refuseCode(code: Code, why: string): void {
  const message = `${code.what}: ${why}`
  const { findings } = code.context
  findings.refuse(null, { message, hint: wayOut(code) })
  // Where it passes it may do anything.
  if (code.what === 'DO') findings.changesSchema('possible')
}

function wayOut({ what }: Code): string {
  const isNamed = what !== 'DO' && what !== 'CREATE RULE'
  const listing = ', or list the function in trusted_functions of the encryptor config'
  return `Run it on the database without acra-server${isNamed ? listing : ''}.`
}

/** Reads; a refusal of a part is one of the whole. */
function within(code: Code, read: () => void): void {
  code.context.findings.exact = true
  try {
    read()
  } catch (error) {
    // Its place is one in the body.
    if (error instanceof SqlSyntaxError) throw new SqlSyntaxError(null, error.complaint)
    if (!(error instanceof Refused)) throw error
    const { message, ...refusal } = error.refusal
    // It is one of the whole already.
    if (message.startsWith(`${code.what}: `)) throw error
    const hint = [refusal.hint, wayOut(code)].filter((sentence) => sentence !== null).join(' ')
    throw new Refused({ ...refusal, message: `${code.what}: ${message}`, hint })
  }
}

function optionsOf(options: readonly Node[]): ReadonlyMap<string, string> {
  const texts = options.flatMap((node): [string, string][] => {
    if (!('DefElem' in node)) return []
    const { defname = '', arg } = node.DefElem
    const text = stringOf(arg)
    return text === null ? [] : [[defname, text]]
  })
  return new Map(texts)
}

/** The texts behind AS. */
function bodiesOf(options: readonly Node[]): readonly string[] {
  return options.flatMap((node) => {
    if (!('DefElem' in node) || node.DefElem.defname !== 'as') return []
    const { arg } = node.DefElem
    return arg !== undefined && 'List' in arg
      ? stringsOf(arg.List.items)
      : stringsOf(arg === undefined ? [] : [arg])
  })
}

/** They say nothing of what the body does. */
const HARMLESS = new Set([
  'as',
  'cost',
  'language',
  'leakproof',
  'parallel',
  'rows',
  'security',
  'strict',
  'volatility',
  'window',
])

function checkOptions(options: readonly Node[], code: Code): void {
  for (const node of options) {
    const { defname = '', arg }: DefElem = 'DefElem' in node ? node.DefElem : {}
    const isSetting = defname === 'set' && arg !== undefined && 'VariableSetStmt' in arg
    const name = isSetting ? (arg.VariableSetStmt.name ?? '') : ''
    // The search path of a body may be any.
    const mayBeSet =
      isSetting && (name === 'search_path' || !(isCheckedSetting(name) || isRole(name)))
    if (!HARMLESS.has(defname) && !mayBeSet) refuseCode(code, `its option ${defname} is not read`)
  }
}

function checkSignature(
  parameters: readonly Node[],
  returnType: TypeName | undefined,
  code: Code,
): void {
  const place = placeIn(code.context, code.what)
  checkCodeType(returnType, place)
  for (const node of parameters) {
    if (!('FunctionParameter' in node)) continue
    const { argType, defexpr } = node.FunctionParameter
    checkCodeType(argType, place)
    if (defexpr !== undefined) use(defexpr, { ...place, clause: 'DEFAULT' })
  }
}

function namesOf(parameters: readonly Node[]): readonly string[] {
  return parameters.flatMap((node) => {
    const name = 'FunctionParameter' in node ? node.FunctionParameter.name : undefined
    return name === undefined ? [] : [name]
  })
}

function placeIn(context: Context, clause: string): Place {
  return { ...context, scope: OUTERMOST, clause }
}

/** `people%ROWTYPE` names a table, and so does `people.name%TYPE`. */
function checkCodeType(type: TypeName | undefined, place: Place): void {
  const names = type?.names ?? []
  if (type?.pct_type === true) checkType({ ...type, names: names.slice(0, -1) }, place)
  else checkType(type, place)
}

function readText(body: string, language: string, code: Code): void {
  if (language === 'sql') {
    readSql(body, code)
    return
  }
  const { source, statement } = code.context.findings
  const text = source.text.subarray(statement.start, Math.min(statement.end, source.text.length))
  const shape = checkText(Buffer.from(body), code)
  if (code.isTrigger === true) checkTrigger(new SourceText(Buffer.from(body), shape.literals), code)
  const { embedded, variables, unread } = readBody(code.context.parser.parsePlpgsql(text, shape))
  if (unread !== null) refuseCode(code, `${unread} in a body in PL/pgSQL is not read`)
  const inside = { ...code, variables: new Set([...code.variables, ...variables]) }
  for (const { kind, text } of embedded) {
    if (kind === 'statement') readSql(text, inside)
    else if (kind === 'expression') readSql(`SELECT ${text}`, inside)
    else if (kind === 'assignment') readAssignment(text, inside)
    else readType(text, inside)
  }
}

const ROWS = new Set(['new', 'old'])
const BEFORE_STATEMENTS = new Set([';', 'begin', 'else', 'loop', 'then', '>', ''])
const BEFORE_ROWS = new Set(['for', 'into', 'strict'])

/**
 * Refuses a trigger that may give a protected column a value: one that sets a field that is called as a protected column to anything but the same
 * field of NEW or OLD, sets a row as a whole, or gives back another one than NEW and OLD.
 */
function checkTrigger({ text, tokens }: SourceText, code: Code): void {
  const wordAt = (index: number) => tokens[index]?.word ?? ''
  tokens.forEach(({ word, start, end }, index) => {
    const isQuoted = text[start] === QUOTED_NAME
    const name = isQuoted ? text.toString('utf8', start + 1, end - 1).replaceAll('""', '"') : word
    const isField = wordAt(index - 1) === '.'
    const column = isField ? code.context.findings.protectedName(name) : null
    const first = isField ? index - 2 : index
    if (column !== null && isTarget(first, index, wordAt) && !isCopy(index, wordAt)) {
      code.context.findings.refuse(column, {
        message: `a trigger function sets a field ${name}, as the protected column ${nameOf(column)} is called`,
        hint: 'Let the application write the column.',
      })
    }
    if (!isField && ROWS.has(name)) {
      if (BEFORE_ROWS.has(wordAt(index - 1)) || isAssigned(first, index, wordAt))
        refuseCode(code, 'a trigger function that sets a row as a whole is not read')
    }
    const isKnownRow = ROWS.has(wordAt(index + 1)) || wordAt(index + 1) === 'null'
    if (word === 'return' && !(isKnownRow && wordAt(index + 2) === ';'))
      refuseCode(code, 'a trigger function that returns another row than NEW or OLD is not read')
  })
}

type WordAt = (index: number) => string

/** What stands between two tokens is set, as a variable or by INTO. */
function isTarget(first: number, last: number, wordAt: WordAt): boolean {
  if (isAssigned(first, last, wordAt)) return true
  let at = first - 1
  while (wordAt(at) === ',') at -= wordAt(at - 2) === '.' ? 4 : 2
  return BEFORE_ROWS.has(wordAt(at))
}

function isAssigned(first: number, last: number, wordAt: WordAt): boolean {
  const next = wordAt(last + 1)
  if (next === ':' || next === '[') return true
  return next === '=' && BEFORE_STATEMENTS.has(wordAt(first - 1))
}

/** `email := OLD.email;`: another field may hold what a statement has sent for it. */
function isCopy(last: number, wordAt: WordAt): boolean {
  const from = last + (wordAt(last + 1) === ':' ? 3 : 2)
  return (
    wordAt(last) !== '' &&
    wordAt(from + 2) === wordAt(last) &&
    wordAt(from - 1) === '=' &&
    ROWS.has(wordAt(from)) &&
    wordAt(from + 1) === '.' &&
    wordAt(from + 3) === ';'
  )
}

const QUOTED_NAME = 0x22

/** `a[i].b := value`: both sides are expressions. */
function readAssignment(text: string, code: Code): void {
  const bytes = Buffer.from(text)
  const source = new SourceText(bytes, shapeOf(bytes).literals)
  let depth = 0
  for (const { word, start, end } of source.tokens) {
    if (word === '(' || word === '[') depth++
    else if (word === ')' || word === ']') depth--
    else if (word === '=' && depth === 0) {
      const target = bytes.toString('utf8', 0, start).replace(/:\s*$/, '')
      readSql(`SELECT ${target}`, code)
      readSql(`SELECT ${bytes.toString('utf8', end)}`, code)
      return
    }
  }
  refuseCode(code, 'an assignment in it is not read')
}

const OF_TABLE = /^(.*?)%\s*(rowtype|type)\b/is

function readType(text: string, code: Code): void {
  const [, names, kind = ''] = OF_TABLE.exec(text) ?? []
  if (names === undefined) {
    readSql(`SELECT NULL::${text}`, code)
    return
  }
  // Without quotes: the parser has folded it already.
  const path = names.trim().split('.')
  const table = kind.toLowerCase() === 'type' ? path.slice(0, -1) : path
  // Without one it is the type of a variable.
  if (table.length === 0) return
  const findings = findingsOf(Buffer.from(names), [], code)
  findings.table(table.at(-2) ?? null, table.at(-1) ?? '')
  keepPassed(findings, code)
}

function readSql(sql: string, code: Code): void {
  const text = Buffer.from(sql)
  const { key, literals } = checkText(text, code)
  const tree = code.context.parser.parse(text, { key, literals })
  const findings = findingsOf(text, literals, code)
  for (const { stmt, stmt_location = 0, stmt_len = 0 } of tree.stmts ?? []) {
    const end = stmt_len === 0 ? text.length : stmt_location + stmt_len
    findings.statement = { start: stmt_location, end }
    if (stmt !== undefined) readStatement(stmt, findings, code)
  }
}

/** The statements of BEGIN ATOMIC, or RETURN: their names are looked up at once, and stand in the text of the definition. */
function readStatements(body: Node, code: Code): void {
  const { source } = code.context.findings
  const findings = findingsOf(source.text, source.literals, code)
  const items = 'List' in body ? (body.List.items ?? []) : [body]
  for (const item of items) {
    for (const node of 'List' in item ? (item.List.items ?? []) : [item])
      readStatement(node, findings, code)
  }
}

const ANY_PATH = [null]

function findingsOf(text: Buffer, literals: readonly Literal[], code: Code): Findings {
  const { catalog, budget } = code.context.findings
  const findings = new Findings(catalog, text, literals, ANY_PATH, budget)
  findings.variables = code.variables
  return findings
}

/** What the operator lets pass in the body passes with the definition. */
function keepPassed({ passed }: Findings, { context }: Code): void {
  const outer = context.findings
  outer.passed.push(...passed.filter((one) => !outer.passed.includes(one)))
}

function readStatement(node: Node, findings: Findings, code: Code): void {
  const inside = code.context.within(findings)
  if (!('ReturnStmt' in node)) refuseNamed(inside.statement(node), code)
  else if (node.ReturnStmt.returnval !== undefined)
    use(node.ReturnStmt.returnval, placeIn(inside, 'RETURN'))
  const { settings, path, setsReading, schemaChange } = findings
  if (settings.length > 0 || path.isSet || setsReading)
    refuseCode(code, 'it sets how later statements are read')
  keepPassed(findings, code)
  if (code.what === 'DO') code.context.findings.changesSchema(schemaChange)
}

/** A prepared statement, which may be another one by the time that the body runs. */
function refuseNamed({ named }: StatementAnalysis, code: Code): void {
  if (named?.action === 'execute' || named?.action === 'prepare')
    refuseCode(code, 'it prepares or executes a statement by its name')
}

const BEYOND_ASCII = /[^\0-\x7f]/
const ESCAPED_QUOTE = "\\'"
const QUOTE = 0x27

/** Refuses a text whose names or strings depend on settings of the session that runs it. */
function checkText(text: Buffer, code: Code): ReturnType<typeof shapeOf> {
  const shape = shapeOf(text)
  if (BEYOND_ASCII.test(shape.key)) refuseCode(code, 'its body has names beyond ASCII')
  const isMoving = shape.literals.some(
    ({ start, end }) => text[start] === QUOTE && text.subarray(start, end).includes(ESCAPED_QUOTE),
  )
  if (isMoving)
    refuseCode(code, "its body has a backslash before a quote in a string that is not E'...'")
  return shape
}
