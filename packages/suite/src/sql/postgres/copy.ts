/** COPY: which column each field of its rows is, and how the rows are written. */
import type { CopyAnalysis, ResultItem, StatementAnalysis } from '../analysis.ts'
import { NO_ROWS } from './answer.ts'
import { refuseCatalog, targetOf, type Written, writtenTable } from './assignment.ts'
import type { Context } from './context.ts'
import { use } from './expressions.ts'
import { nameOf } from './findings.ts'
import type { Part } from './items.ts'
import { OUTERMOST } from './query.ts'
import { scopeOver } from './relations.ts'
import { type CopyStmt, complete, type DefElem, type Node, stringOf, stringsOf } from './tree.ts'
import { targetRelation } from './write.ts'

export function copy(statement: CopyStmt, context: Context): StatementAnalysis {
  const { relation, query, attlist, is_from, is_program, filename, options, whereClause, ...rest } =
    statement
  complete(rest)
  const parts = query === undefined ? null : context.query(query, OUTERMOST)
  const isFile = filename !== undefined || is_program === true
  if (is_from === true) return copyIn(statement, isFile, context)
  const names = attlist === undefined ? null : stringsOf(attlist)
  const items = parts === null ? tableItems(statement, names, context) : itemsOf(parts)
  if (isFile || items === null) return NO_ROWS
  return copying('out', items, statement, context)
}

function tableItems(
  { relation }: CopyStmt,
  names: readonly string[] | null,
  { findings }: Context,
): readonly ResultItem[] | null {
  const table = findings.table(relation?.schemaname ?? null, relation?.relname ?? '')
  const listed = names ?? table?.columns ?? null
  return listed?.map((name) => table?.protected.get(name) ?? 'other') ?? null
}

function itemsOf(parts: readonly Part[]): readonly ResultItem[] | null {
  const items = parts.map((part) => (part.kind === 'rest' ? null : (part.item.column ?? 'other')))
  return items.includes(null) ? null : (items as ResultItem[])
}

/** The rows pass through acra-server, but for those of a file of the database's. */
function copyIn(statement: CopyStmt, isFile: boolean, context: Context): StatementAnalysis {
  const { relation, attlist, whereClause } = statement
  refuseCatalog(relation, context)
  const written = writtenTable(relation, context)
  const names = attlist === undefined ? (written.table?.columns ?? null) : stringsOf(attlist)
  const reached = names ?? [...(written.table?.protected.keys() ?? [])]
  const items = reached.map((name): ResultItem => {
    const { column, suspect } = targetOf(written, name, [], context)
    if (suspect !== null) context.findings.refuseSuspect(suspect, 'COPY FROM')
    return column ?? 'other'
  })
  if (names === null || isFile) refuseColumns(written, items, isFile, context)
  const scope = scopeOver([targetRelation(relation, context)], OUTERMOST)
  if (whereClause !== undefined)
    use(whereClause, { ...context, scope, clause: 'COPY WHERE' }, 'a condition')
  return names === null || isFile ? NO_ROWS : copying('in', items, statement, context)
}

function refuseColumns(
  written: Written,
  items: readonly ResultItem[],
  isFile: boolean,
  { findings }: Context,
): void {
  for (const column of items) {
    if (typeof column === 'string') continue
    findings.refuse(column, {
      message: isFile
        ? `COPY FROM a file of the database server writes ${nameOf(column)}: the rows do not pass through acra-server`
        : `COPY FROM has no list of columns, and the encryptor config does not list the columns of ${written.name}`,
      hint: isFile
        ? 'Use COPY FROM STDIN.'
        : 'Name the columns in the statement, or list every column of the table in the encryptor config (columns).',
    })
  }
}

function copying(
  direction: CopyAnalysis['direction'],
  columns: readonly ResultItem[],
  statement: CopyStmt,
  context: Context,
): StatementAnalysis {
  const [inside] = columns.filter((column) => typeof column !== 'string')
  if (inside === undefined) return NO_ROWS
  const { findings } = context
  findings.exact = true
  const format = formatOf(statement.options ?? [])
  if (format === null) {
    findings.refuse(inside, {
      message: `COPY of ${nameOf(inside)} has an option with which its rows are not read`,
      hint: 'Leave out DEFAULT, FORCE_NULL and ENCODING, and use single characters as delimiter, quote and escape.',
    })
    return NO_ROWS
  }
  return { ...NO_ROWS, copy: { direction, columns, ...format } }
}

type Format = Omit<CopyAnalysis, 'direction' | 'columns'>

/** Options that say nothing of how rows are written; what they name is not looked at. */
const OTHER_OPTIONS = new Set(['freeze', 'on_error', 'log_verbosity', 'reject_limit'])

/** Null where an option is not followed. */
function formatOf(options: readonly Node[]): Format | null {
  const given = new Map<string, DefElem>()
  for (const node of options)
    if ('DefElem' in node) given.set(node.DefElem.defname ?? '', node.DefElem)
  const text = (name: string) => stringOf(given.get(name)?.arg)
  const kind = text('format') ?? 'text'
  if (kind !== 'text' && kind !== 'csv' && kind !== 'binary') return null
  const known = ['format', 'delimiter', 'null', 'header', 'quote', 'escape', 'force_quote']
  known.push('force_not_null')
  for (const name of given.keys())
    if (!known.includes(name) && !OTHER_OPTIONS.has(name)) return null
  const delimiter = text('delimiter') ?? (kind === 'csv' ? ',' : '\t')
  const quote = text('quote') ?? '"'
  const escapeMark = text('escape') ?? quote
  if ([delimiter, quote, escapeMark].some((one) => one.length !== 1 || one > '\x7f')) return null
  const isQuoted = given.get('force_quote')
  const notNull = given.get('force_not_null')
  return {
    kind,
    delimiter,
    quote,
    escape: escapeMark,
    nullText: text('null') ?? (kind === 'csv' ? '' : '\\N'),
    hasHeader: given.has('header') && isTrue(given.get('header')),
    quotedColumns: isQuoted === undefined ? [] : namesIn(isQuoted.arg),
    notNullColumns: notNull === undefined ? [] : namesIn(notNull.arg),
  }
}

function isTrue(option: DefElem | undefined): boolean {
  const { arg } = option ?? {}
  if (arg === undefined) return true
  if ('Boolean' in arg) return arg.Boolean.boolval === true
  if ('Integer' in arg) return arg.Integer.ival === 1
  return !['false', 'off', '0'].includes(stringOf(arg)?.toLowerCase() ?? '')
}

/** Names of columns; null for `*`. */
function namesIn(node: Node | undefined): readonly string[] | null {
  if (node === undefined || !('List' in node)) return null
  return stringsOf(node.List.items)
}
