/** Where the parts of set operations stand in the text: the tree does not say it. */
import type { SourceText, Span } from './source-text.ts'
import { type Token, tokenAt } from './tokens.ts'
import type { SelectStmt } from './tree.ts'

/** A query that is no set operation, or one with its operator and both sides; in its brackets, where it has some. */
export interface QuerySpan extends Span {
  readonly operation: OperationSpan | null
  /** How many set operations it is made of. */
  readonly size: number
}

export interface OperationSpan {
  readonly name: string
  readonly isAll: boolean
  /** `UNION ALL`. */
  readonly operator: Span
  readonly left: QuerySpan
  readonly right: QuerySpan
}

/** What has been read, and the token behind it. */
interface Read {
  readonly query: QuerySpan
  readonly next: number
}

const BINDING: Readonly<Record<string, number>> = { union: 1, except: 1, intersect: 2 }
const BEGINS = new Set(['select', 'values', 'table'])
/** What ends a query, outside brackets. */
const ENDS = new Set([
  ...Object.keys(BINDING),
  'order',
  'limit',
  'offset',
  'fetch',
  'for',
  'returning',
  ';',
  ')',
])

/** Where a set operation stands in the text; null where it is not found there. */
export function spanOfOperation(
  select: SelectStmt,
  source: SourceText,
): (OperationSpan & Span) | null {
  const { tokens } = source
  const first = beginningOf(leftmost(select), tokens)
  const size = sizeOf(select, source)
  if (first === null) return null
  for (let start = first; start >= 0; start--) {
    if (start < first && tokens[start].word !== '(') return null
    // What begins there may go on with more operations to the right.
    let found = readWhole(source, start)?.query ?? null
    while (found !== null && found.size > size) found = found.operation?.left ?? null
    if (found !== null && !isOf(found, select)) found = null
    if (found?.operation) return { ...found.operation, start: found.start, end: found.end }
  }
  return null
}

/** The first of the queries that a set operation is made of. */
export function leftmost(select: SelectStmt): SelectStmt {
  let first = select
  while (first.larg !== undefined) first = first.larg
  return first
}

/** The token of the SELECT of a query. */
function beginningOf({ targetList = [] }: SelectStmt, tokens: readonly Token[]): number | null {
  const [first] = targetList
  const location = first !== undefined && 'ResTarget' in first ? (first.ResTarget.location ?? 0) : 0
  if (location <= 0) return null
  for (let at = tokenAt(tokens, location) - 1; at >= 0; at--) {
    const { word, match } = tokens[at]
    if (word === 'select') return at
    if (word === ')' && match !== -1) at = match
    else if (word !== 'distinct' && word !== 'all' && word !== 'on') return null
  }
  return null
}

/** How many set operations a query is made of. */
function sizeOf(select: SelectStmt, source: SourceText): number {
  const { larg, rarg } = select
  if (larg === undefined || rarg === undefined) return 0
  const known = source.remembered<number>('operations', select)
  if (known !== undefined) return known
  return source.remember('operations', select, 1 + sizeOf(larg, source) + sizeOf(rarg, source))
}

/** All that is one query from a token on. */
function readWhole(source: SourceText, start: number): Read | null {
  const known = source.remembered<Read | null>('query', start)
  if (known !== undefined) return known
  return source.remember('query', start, readOperation(source, start, 1))
}

function readOperation(source: SourceText, start: number, binding: number): Read | null {
  const { tokens } = source
  let read = readOne(source, start)
  while (read !== null) {
    const operator = tokens[read.next]
    const own = operator === undefined ? 0 : (BINDING[operator.word] ?? 0)
    if (own < binding) return read
    const quantifier = tokens[read.next + 1]?.word ?? ''
    const hasOne = quantifier === 'all' || quantifier === 'distinct'
    const last = tokens[read.next + (hasOne ? 1 : 0)]
    const right = readOperation(source, read.next + (hasOne ? 2 : 1), own + 1)
    if (right === null) return null
    const operation = {
      name: operator.word,
      isAll: quantifier === 'all',
      operator: { start: operator.start, end: last.end },
      left: read.query,
      right: right.query,
    }
    const { start, end } = { start: read.query.start, end: right.query.end }
    const size = 1 + read.query.size + right.query.size
    read = { query: { start, end, operation, size }, next: right.next }
  }
  return null
}

function readOne(source: SourceText, start: number): Read | null {
  const { tokens } = source
  const first = tokens[start]
  if (first === undefined) return null
  if (first.word === '(') {
    const { match } = first
    const inside = match === -1 ? null : readInside(source, start + 1)
    if (inside === null) return null
    const { operation, size } = inside
    const query = { start: first.start, end: tokens[match].end, operation, size }
    return { query, next: match + 1 }
  }
  if (!BEGINS.has(first.word)) return null
  let at = start + 1
  while (at < tokens.length && !endsAt(tokens, at)) {
    const { word, match } = tokens[at]
    at = word === '(' && match !== -1 ? match + 1 : at + 1
  }
  const query = { start: first.start, end: tokens[at - 1].end, operation: null, size: 0 }
  return { query, next: at }
}

/** What stands in brackets, perhaps behind its WITH. */
function readInside(source: SourceText, start: number): QuerySpan | null {
  const { tokens } = source
  let at = start
  if (tokens[at]?.word === 'with') {
    while (at < tokens.length && !BEGINS.has(tokens[at].word)) {
      const { word, match } = tokens[at]
      at = word === '(' && match !== -1 ? match + 1 : at + 1
    }
  }
  return readWhole(source, at)?.query ?? null
}

/** True where a token ends a query: it is no name behind a dot or AS. */
function endsAt(tokens: readonly Token[], at: number): boolean {
  const { word } = tokens[at]
  const before = tokens[at - 1]?.word
  if (before === '.' || before === 'as') return false
  return ENDS.has(word) || (word === 'on' && tokens[at + 1]?.word === 'conflict')
}

const NAMES: Readonly<Record<string, string>> = {
  SETOP_UNION: 'union',
  SETOP_INTERSECT: 'intersect',
  SETOP_EXCEPT: 'except',
}

/** True where what has been read is the tree of the query. */
function isOf({ operation }: QuerySpan, select: SelectStmt): boolean {
  const { op = 'SETOP_NONE', all = false, larg, rarg } = select
  if (operation === null || op === 'SETOP_NONE') return operation === null && op === 'SETOP_NONE'
  const { name, isAll, left, right } = operation
  if (name !== NAMES[op] || isAll !== all || larg === undefined || rarg === undefined) return false
  return isOf(left, larg) && isOf(right, rarg)
}
