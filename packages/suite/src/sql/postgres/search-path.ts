/** What statements do to the search path of their session. */
import type { SearchPath, StatementAnalysis } from '../analysis.ts'
import { NO_ROWS } from './answer.ts'
import type { Context } from './context.ts'
import { isRole, isSearchPath } from './settings.ts'
import type { DiscardStmt, Node, SelectStmt, TransactionStmt, VariableSetStmt } from './tree.ts'

/** A path as a setting has it: names between commas, in double quotes or folded. Null where it is none. */
export function readSearchPath(text: string): SearchPath {
  const names: string[] = []
  let rest = text.trim()
  if (rest === '') return names
  for (;;) {
    const name = NAME.exec(rest)
    if (name === null) return null
    const [whole, quoted, plain = ''] = name
    // Which letters beyond ASCII the database folds depends on its encoding.
    if (/[\u0080-\uffff]/.test(plain)) return null
    names.push(quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"'))
    rest = rest.slice(whole.length)
    if (rest === '') return names
    if (!rest.startsWith(',')) return null
    rest = rest.slice(1)
  }
}

/** What the server takes for a name in such a list, with the space around it. */
const NAME = /^\s*(?:"((?:[^"]|"")+)"|([^\s",]+))\s*/

/** SET and RESET. */
export function setPath(
  { kind, name = '', args = [], is_local = false }: VariableSetStmt,
  { findings }: Context,
): void {
  if (kind === 'VAR_RESET_ALL') findings.path.change({ kind: 'reset' })
  if (isRole(name)) findings.path.change({ kind: 'role' })
  if (!isSearchPath(name)) return
  if (findings.catalog.unqualified !== undefined) findings.exact = true
  if (kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT') findings.path.change({ kind: 'reset' })
  else {
    const path = kind === 'VAR_SET_VALUE' ? namesOf(args) : null
    findings.path.change({ kind: 'set', path, isLocal: is_local, isCertain: true })
  }
}

function namesOf(args: readonly Node[]): SearchPath {
  const names = args.map((node) => ('A_Const' in node ? (node.A_Const.sval?.sval ?? null) : null))
  return names.every((name) => name !== null) ? names : null
}

/** `set_config(name, value, is_local)`; `value` is null where the statement does not say it. */
export function configurePath(
  name: string,
  value: string | null,
  local: Node | undefined,
  isCertain: boolean,
  { findings }: Context,
): void {
  if (isRole(name)) findings.path.change({ kind: 'role' })
  if (!isSearchPath(name)) return
  const flag = local !== undefined && 'A_Const' in local ? local.A_Const.boolval : undefined
  findings.path.change({
    kind: 'set',
    path: value === null || flag === undefined ? null : readSearchPath(value),
    isLocal: flag?.boolval === true,
    isCertain,
  })
}

/** True for `SELECT f(...)` and nothing else: the function is called, and once. */
export function isBareCall(node: Node): boolean {
  if (!('SelectStmt' in node)) return false
  const { targetList = [], op, limitOption, ...more }: SelectStmt = node.SelectStmt
  const [first] = targetList
  if (Object.keys(more).length > 0 || targetList.length !== 1 || first === undefined) return false
  return (
    'ResTarget' in first && first.ResTarget.val !== undefined && 'FuncCall' in first.ResTarget.val
  )
}

export function discard({ target }: DiscardStmt, { findings }: Context): StatementAnalysis {
  if (target === 'DISCARD_ALL') findings.path.change({ kind: 'reset' })
  return NO_ROWS
}

export function transaction({ kind }: TransactionStmt, { findings }: Context): StatementAnalysis {
  if (kind !== undefined && ENDS.has(kind)) findings.path.change({ kind: 'end' })
  return NO_ROWS
}

const ENDS: ReadonlySet<string> = new Set([
  'TRANS_STMT_COMMIT',
  'TRANS_STMT_PREPARE',
  'TRANS_STMT_ROLLBACK',
  'TRANS_STMT_ROLLBACK_TO',
])
