/** Relations that are computed from values: functions in FROM, XMLTABLE, JSON_TABLE. */
import type { Place } from './context.ts'
import { useAll } from './expressions.ts'
import { isCast, kindOfFunction } from './functions.ts'
import { isGivenArray, unnestArguments } from './given-columns.ts'
import {
  column,
  combined,
  type Item,
  nameOfSuspect,
  type Part,
  PLAIN,
  rest,
  SENT,
} from './items.ts'
import { checkType } from './refusals.ts'
import { aliased, place, type Source, type Surroundings, sourceOf } from './relations.ts'
import {
  type Alias,
  complete,
  type JsonTable,
  type Node,
  qualifiedName,
  type RangeFunction,
  type RangeTableFunc,
} from './tree.ts'

/** `f(...)`, `ROWS FROM (f(...), g(...))`, with names and perhaps types for the columns. */
export function fromFunction(node: RangeFunction, around: Surroundings): Source {
  const { lateral, ordinality, is_rowsfrom, functions = [], alias, coldeflist, ...others } = node
  complete(others)
  const at = place(around)
  const unnested = unnestedParts(node, at)
  const calls: { item: Item; name: string | null }[] = []
  const columns = [...(coldeflist ?? [])]
  for (const entry of functions) {
    const [call, definitions] = 'List' in entry ? (entry.List.items ?? []) : [entry]
    if (call === undefined) continue
    calls.push({
      item: useAll([call], at, 'a function in FROM')[0],
      name: unknownFunction(call, around),
    })
    if (definitions !== undefined && 'List' in definitions)
      columns.push(...(definitions.List.items ?? []))
  }
  const item = combined(calls.map((call) => call.item))
  const unlisted = calls.find((call) => call.name !== null)?.name ?? nameOfSuspect(item.suspect)
  const hidden = rest({ unlisted, sent: item.sent })
  const named = definedColumns(columns, item, at)
  const hasOneEach = ordinality !== true && functions.every(givesOneColumn)
  const single = calls.length === 1 ? (alias?.aliasname ?? functionName(functions)) : null
  const each = calls.map((call) => column(single, call.item))
  const parts: Part[] = unnested ?? (named.length > 0 ? named : hasOneEach ? each : [hidden])
  const relation = aliased(
    { name: functionName(functions), schema: null, parts, isTable: false },
    alias,
    around.context,
  )
  // The alias of a function that gives one value is also the name of its column.
  const own =
    unnested === null &&
    named.length === 0 &&
    !hasOneEach &&
    relation.name !== null &&
    calls.every((call) => call.name === null)
      ? [column(relation.name, item)]
      : []
  return {
    relations: [{ ...relation, parts: [...relation.parts, ...own] }],
    star: () => relation.parts,
  }
}

/** The columns of `unnest` of arrays that stand in the text; null for anything else. */
function unnestedParts(node: RangeFunction, at: Place): Part[] | null {
  const { functions = [], ordinality = false, alias, coldeflist } = node
  const [entry, ...more] = functions
  const call = entry !== undefined && 'List' in entry ? entry.List.items?.[0] : entry
  const arrays = call === undefined ? null : unnestArguments(call)
  if (arrays === null || more.length > 0 || coldeflist !== undefined) return null
  if (!arrays.every((array) => isGivenArray(array, at))) return null
  const name = arrays.length === 1 ? (alias?.aliasname ?? 'unnest') : 'unnest'
  const parts: Part[] = arrays.map((array) =>
    column(name, { ...SENT, givens: at.findings.givens.source('array', [array]) }),
  )
  return ordinality ? [...parts, column('ordinality', PLAIN)] : parts
}

export function xmlTable(node: RangeTableFunc, around: Surroundings): Source {
  const {
    lateral,
    docexpr,
    rowexpr,
    namespaces = [],
    columns = [],
    alias,
    location,
    ...others
  } = node
  complete(others)
  const at = place(around)
  const operands = [docexpr, rowexpr, ...namespaces].filter((operand) => operand !== undefined)
  const items = useAll(operands, at, 'XMLTABLE')
  const names: string[] = []
  for (const entry of columns) {
    if (!('RangeTableFuncCol' in entry)) continue
    const {
      colname,
      typeName,
      for_ordinality,
      is_not_null,
      colexpr,
      coldefexpr,
      location,
      ...more
    } = entry.RangeTableFuncCol
    complete(more)
    checkType(typeName, at)
    const expressions = [colexpr, coldefexpr].filter((expression) => expression !== undefined)
    items.push(...useAll(expressions, at, 'XMLTABLE'))
    names.push(colname ?? '')
  }
  return computedTable(names, combined(items), alias, around)
}

export function jsonTable(node: JsonTable, around: Surroundings): Source {
  const {
    context_item,
    pathspec,
    passing = [],
    columns = [],
    on_error,
    alias,
    lateral,
    location,
    ...others
  } = node
  complete(others)
  const at = place(around)
  const operands: Node[] = [...passing]
  if (context_item !== undefined) operands.push({ JsonValueExpr: context_item })
  if (pathspec !== undefined) operands.push({ JsonTablePathSpec: pathspec })
  if (on_error !== undefined) operands.push({ JsonBehavior: on_error })
  const names: string[] = []
  jsonColumns(columns, names, operands, at)
  return computedTable(names, combined(useAll(operands, at, 'JSON_TABLE')), alias, around)
}

/** Functions of the database's own whose rows have one column, whatever they are called with. */
const ONE_COLUMN: ReadonlySet<string> = new Set([
  'generate_series',
  'generate_subscripts',
  'json_array_elements',
  'json_array_elements_text',
  'json_object_keys',
  'jsonb_array_elements',
  'jsonb_array_elements_text',
  'jsonb_object_keys',
  'regexp_split_to_table',
  'string_to_table',
])

function givesOneColumn(entry: Node): boolean {
  const call = 'List' in entry ? entry.List.items?.[0] : entry
  if (call === undefined || !('FuncCall' in call)) return false
  const { schema, name } = qualifiedName(call.FuncCall.funcname)
  return ONE_COLUMN.has(name) && (schema === null || schema === 'pg_catalog')
}

function functionName(functions: readonly Node[]): string | null {
  const [first] = functions
  const call = first !== undefined && 'List' in first ? first.List.items?.[0] : first
  return call !== undefined && 'FuncCall' in call
    ? qualifiedName(call.FuncCall.funcname).name
    : null
}

/** The name of a function that may return rows of a protected table: one that is not known. */
function unknownFunction(call: Node, { context }: Surroundings): string | null {
  if (!('FuncCall' in call) || isCast(call.FuncCall)) return null
  const { schema, name } = qualifiedName(call.FuncCall.funcname)
  return kindOfFunction(context.findings.catalog, schema, name) === 'unknown' ? name : null
}

function definedColumns(definitions: readonly Node[], item: Item, at: Place): Part[] {
  return definitions.flatMap((node) => {
    if (!('ColumnDef' in node)) return []
    checkType(node.ColumnDef.typeName, at)
    return [column(node.ColumnDef.colname ?? null, item)]
  })
}

/** Collects names and expressions of the columns, nested ones too, in the order of the result. */
function jsonColumns(columns: readonly Node[], names: string[], operands: Node[], at: Place): void {
  for (const entry of columns) {
    if (!('JsonTableColumn' in entry)) continue
    const {
      coltype,
      name,
      typeName,
      pathspec,
      format,
      wrapper,
      quotes,
      on_empty,
      on_error,
      location,
      ...more
    } = entry.JsonTableColumn
    const { columns: nested = [], ...others } = more
    complete(others)
    checkType(typeName, at)
    if (pathspec !== undefined) operands.push({ JsonTablePathSpec: pathspec })
    if (on_empty !== undefined) operands.push({ JsonBehavior: on_empty })
    if (on_error !== undefined) operands.push({ JsonBehavior: on_error })
    if (coltype === 'JTC_NESTED') jsonColumns(nested, names, operands, at)
    else names.push(name ?? '')
  }
}

function computedTable(
  names: readonly string[],
  item: Item,
  alias: Alias | undefined,
  around: Surroundings,
): Source {
  const parts = names.map((name) => column(name, item))
  return sourceOf(
    aliased({ name: null, schema: null, parts, isTable: false }, alias, around.context),
  )
}
