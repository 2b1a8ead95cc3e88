/** What PostgreSQL calls a column of an answer that the query gives no name. */
import { leftmost } from './query-text.ts'
import { type Kind, type Node, partsOf, qualifiedName, type SubLink, stringOf } from './tree.ts'

const UNNAMED: Named = { name: '?column?', isWeak: true }

interface Named {
  readonly name: string
  /** Something around it is called otherwise. */
  readonly isWeak: boolean
}

/** Kinds of expressions that are called by what they are. */
const NAMES: { readonly [K in Kind]?: string } = {
  A_ArrayExpr: 'array',
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
  RowExpr: 'row',
}

const WITHOUT_NAME = new Set([
  'A_Const',
  'A_Expr',
  'BoolExpr',
  'BooleanTest',
  'NullTest',
  'ParamRef',
])

/** The name of a column that has none of its own; null where it is not worked out. */
export function nameOfColumn(node: Node): string | null {
  return nameIn(node)?.name ?? null
}

function nameIn(node: Node): Named | null {
  if ('ColumnRef' in node) return strong(stringOf(node.ColumnRef.fields?.at(-1)))
  if ('A_Indirection' in node) return strong(stringOf(node.A_Indirection.indirection?.at(-1)))
  if ('SubLink' in node) return nameOfSubquery(node.SubLink)
  if ('CollateClause' in node) return inner(node.CollateClause.arg)
  if ('FuncCall' in node) return strong(qualifiedName(node.FuncCall.funcname).name)
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast
    return unlessStrong(inner(arg), qualifiedName(typeName?.names).name)
  }
  if ('CaseExpr' in node) return unlessStrong(inner(node.CaseExpr.defresult), 'case')
  if ('MinMaxExpr' in node) return strong(node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest')
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_NULLIF') return strong('nullif')
  const [kind] = partsOf(node)
  return WITHOUT_NAME.has(kind) ? UNNAMED : strong(NAMES[kind as Kind] ?? null)
}

function strong(name: string | null): Named | null {
  return name === null ? null : { name, isWeak: false }
}

function inner(node: Node | undefined): Named | null {
  return node === undefined ? UNNAMED : nameIn(node)
}

/** What stands inside has its say before what it is wrapped in. */
function unlessStrong(found: Named | null, otherwise: string): Named | null {
  return found?.isWeak ? { name: otherwise, isWeak: true } : found
}

/** `(SELECT email ...)` is called as its column is. */
function nameOfSubquery({ subLinkType, subselect }: SubLink): Named | null {
  if (subLinkType === 'EXISTS_SUBLINK') return strong('exists')
  if (subLinkType === 'ARRAY_SUBLINK') return strong('array')
  if (subLinkType !== 'EXPR_SUBLINK') return UNNAMED
  if (subselect === undefined || !('SelectStmt' in subselect)) return null
  const [first] = leftmost(subselect.SelectStmt).targetList ?? []
  if (first === undefined || !('ResTarget' in first) || first.ResTarget.val === undefined)
    return null
  return strong(first.ResTarget.name ?? nameOfColumn(first.ResTarget.val))
}
