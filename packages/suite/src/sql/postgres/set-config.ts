/** Settings that a statement changes by a function: `set_config`, and the update of pg_settings, whose rule calls it. */
import type { SettingText } from '../analysis.ts'
import type { Place } from './context.ts'
import { refuseUnknownCode } from './refusals.ts'
import { configurePath } from './search-path.ts'
import { isCheckedSetting, isRole, isSearchPath, makesEscapes, settingProblem } from './settings.ts'
import { type A_Expr, type Node, qualifiedName, stringsOf, type UpdateStmt } from './tree.ts'

/** `set_config(name, value, is_local)` among the arguments that have been looked at. */
export function callSetConfig(args: readonly Node[], place: Place): void {
  const [name, value, local] = args
  if (name === undefined) return
  const ofRow = place.findings.settingColumns.get(name) ?? null
  const isCertain = place.findings.path.isBareCall && ofRow === null
  configure(ofRow ?? textOf(name) ?? null, textOf(value) ?? null, { local, isCertain }, place)
}

/** The columns by which `SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'y'` names a setting, with that name. */
export function settingColumns(node: Node): ReadonlyMap<Node, string> {
  if (!('SelectStmt' in node)) return NO_COLUMNS
  const { fromClause = [], whereClause, targetList = [], withClause } = node.SelectStmt
  const [first] = fromClause
  if (fromClause.length !== 1 || first === undefined || !('RangeVar' in first)) return NO_COLUMNS
  const { alias, ...relation } = first.RangeVar
  const name = nameIn(whereClause)
  if (!isSettings(relation) || alias !== undefined || withClause !== undefined || name === null)
    return NO_COLUMNS
  const calls = targetList.flatMap((target) =>
    'ResTarget' in target && target.ResTarget.val !== undefined ? [target.ResTarget.val] : [],
  )
  const columns = calls.flatMap((call) => ('FuncCall' in call ? (call.FuncCall.args ?? []) : []))
  return new Map(columns.filter((node) => columnName(node) === 'name').map((node) => [node, name]))
}

/** A setting that `UPDATE pg_settings SET setting = 'x' WHERE name = 'y'` sets. */
interface UpdatedSetting {
  readonly name: string
  readonly value: Node
}

/** The setting that an update sets; null for any other update. */
export function updatedSetting(statement: UpdateStmt): UpdatedSetting | null {
  const { relation = {}, targetList = [], whereClause, fromClause, withClause } = statement
  const [first] = targetList
  const name = nameIn(whereClause)
  if (!isSettings(relation) || name === null || fromClause !== undefined) return null
  if (withClause !== undefined || targetList.length !== 1 || first === undefined) return null
  if (!('ResTarget' in first) || first.ResTarget.name !== 'setting') return null
  const { val, indirection } = first.ResTarget
  return val === undefined || indirection !== undefined ? null : { name, value: val }
}

/** The rule of pg_settings calls `set_config` with a value that has been looked at. */
export function updateSetting({ name, value }: UpdatedSetting, place: Place): void {
  configure(name, textOf(value) ?? null, { local: FALSE, isCertain: false }, place)
}

const NO_COLUMNS: ReadonlyMap<Node, string> = new Map()
const FALSE: Node = { A_Const: { boolval: {} } }

function isSettings({ schemaname, relname }: { schemaname?: string; relname?: string }): boolean {
  return relname === 'pg_settings' && (schemaname ?? 'pg_catalog') === 'pg_catalog'
}

/** The constant of `name = 'x'`, and nothing else. */
function nameIn(condition: Node | undefined): string | null {
  if (condition === undefined || !('A_Expr' in condition)) return null
  const { kind, name, lexpr, rexpr }: A_Expr = condition.A_Expr
  const operator = qualifiedName(name)
  // One of another schema may be true of other names.
  const isEqual = operator.name === '=' && (operator.schema ?? 'pg_catalog') === 'pg_catalog'
  if (kind !== 'AEXPR_OP' || !isEqual) return null
  if (lexpr === undefined || columnName(lexpr) !== 'name') return null
  const text = textOf(rexpr)
  return typeof text === 'string' ? text : null
}

function columnName(node: Node): string | null {
  if (!('ColumnRef' in node)) return null
  return stringsOf(node.ColumnRef.fields).at(-1) ?? null
}

/** What a node says: a text, a parameter, or `default` for NULL; undefined where that is computed. */
function textOf(node: Node | undefined): SettingText | undefined {
  if (node === undefined) return undefined
  if ('ParamRef' in node) return { parameter: node.ParamRef.number ?? 0 }
  if (!('A_Const' in node)) return undefined
  if (node.A_Const.isnull === true) return 'default'
  return node.A_Const.sval === undefined ? undefined : (node.A_Const.sval.sval ?? '')
}

/** `value` is null where the statement does not say it. */
function configure(
  name: SettingText | null,
  value: SettingText | null,
  { local, isCertain }: { readonly local: Node | undefined; readonly isCertain: boolean },
  place: Place,
): void {
  const { findings } = place
  if (name === null) {
    findings.exact = true
    refuseUnknownCode('set_config under a computed name', place)
    return
  }
  if (typeof name !== 'string') {
    // What its name may be is known when the value is looked at.
    if (typeof value === 'string') findings.exact = true
    findings.settings.push({ name, value })
    return
  }
  findings.exact = true
  if (isCheckedSetting(name) || isRole(name)) findings.setsReading = true
  const isInBind = value !== null && typeof value !== 'string'
  configurePath(name, isInBind ? null : value, local, isCertain, place)
  if (!isCheckedSetting(name) || isSearchPath(name)) return
  if (isInBind) {
    findings.settings.push({ name, value })
    return
  }
  if (makesEscapes(name, value)) findings.makesEscapes = true
  const problem = settingProblem(name, value)
  if (problem !== null) findings.refuse(null, problem)
}
