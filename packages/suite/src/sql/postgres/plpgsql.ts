/** What a function in PL/pgSQL is made of, as libpg-query's parser for it tells. */

/** A text of SQL inside of a body. */
export interface Embedded {
  /** A statement; an expression, as it stands behind SELECT; or the name of a type. */
  readonly kind: 'statement' | 'expression' | 'assignment' | 'type'
  readonly text: string
}

export interface PlpgsqlBody {
  readonly embedded: readonly Embedded[]
  /** The names of its variables, those too that PL/pgSQL has by itself. */
  readonly variables: ReadonlySet<string>
  /** What it has that is not read, in words of the language; null where it has nothing. */
  readonly unread: string | null
}

/** Its statements with no more in them than expressions, statements of SQL and each other. */
const READ: ReadonlySet<string> = new Set([
  'alias',
  'case_when',
  'condition',
  'diag_item',
  'exception',
  'exception_block',
  'expr',
  'function',
  'if_elsif',
  'raise_option',
  'rec',
  'recfield',
  'row',
  'stmt_assert',
  'stmt_assign',
  'stmt_block',
  'stmt_call',
  'stmt_case',
  'stmt_close',
  'stmt_commit',
  'stmt_execsql',
  'stmt_exit',
  'stmt_fetch',
  'stmt_forc',
  'stmt_foreach_a',
  'stmt_fori',
  'stmt_fors',
  'stmt_getdiag',
  'stmt_if',
  'stmt_loop',
  'stmt_open',
  'stmt_perform',
  'stmt_raise',
  'stmt_return',
  'stmt_return_next',
  'stmt_return_query',
  'stmt_rollback',
  'stmt_while',
  'type',
  'var',
])

/** `parseMode` of an expression (PostgreSQL, RawParseMode). */
const KINDS: readonly Embedded['kind'][] = [
  'statement',
  'type',
  'expression',
  'assignment',
  'assignment',
  'assignment',
]

const PREFIX = 'PLpgSQL_'

/** Reads the tree of a body. What it does not know is told as not read. */
export function readBody(tree: unknown): PlpgsqlBody {
  const embedded: Embedded[] = []
  const variables = new Set<string>()
  let unread: string | null = null
  let bodyCount = 0

  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const element of value) visit(element)
    if (!isRecord(value)) return
    for (const [key, inside] of Object.entries(value)) {
      if (key === 'dynquery') unread ??= 'EXECUTE'
      if (key.startsWith(PREFIX)) visitNode(key.slice(PREFIX.length), inside)
      else visit(inside)
    }
  }
  const visitNode = (kind: string, node: unknown): void => {
    if (!READ.has(kind) || !isRecord(node)) unread ??= DYNAMIC.has(kind) ? 'EXECUTE' : kind
    else if (kind === 'expr') visitExpression(node)
    else {
      if (kind === 'function' && isRecord(node.action)) bodyCount++
      for (const name of [node.refname, kind === 'alias' ? node.name : undefined])
        if (typeof name === 'string') variables.add(name)
      if (kind === 'type' && typeof node.typname === 'string')
        embedded.push({ kind: 'type', text: node.typname })
      visit(node)
    }
  }
  const visitExpression = ({ query, parseMode = 0 }: Record<string, unknown>): void => {
    const kind = typeof parseMode === 'number' ? KINDS[parseMode] : undefined
    if (typeof query !== 'string' || kind === undefined) unread ??= 'an expression'
    else embedded.push({ kind, text: query })
  }
  visit(tree)
  if (bodyCount !== 1) unread ??= 'all'
  return { embedded, variables, unread }
}

const DYNAMIC = new Set(['stmt_dynexecute', 'stmt_dynfors'])

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
