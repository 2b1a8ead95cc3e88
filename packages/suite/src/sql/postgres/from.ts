/** The relations of FROM, and what `*` means over them. */
import type { Catalog, KnownTable, ProtectedColumn } from '../analysis.ts'
import type { Context, Place } from './context.ts'
import { checkType, refuseUse, useAll } from './expressions.ts'
import { isCatalogRelation, kindOfFunction } from './functions.ts'
import {
  column,
  combined,
  type Item,
  isOpen,
  itemOf,
  type Part,
  PLAIN,
  protectedIn,
  protectedItem,
  type Relation,
  rest,
  suspectItem,
  unlistedIn,
} from './items.ts'
import type { CommonTables, Scope } from './scope.ts'
import {
  type Alias,
  complete,
  type JoinExpr,
  type JsonTable,
  type Node,
  partsOf,
  qualifiedName,
  type RangeFunction,
  type RangeSubselect,
  type RangeTableFunc,
  type RangeTableSample,
  type RangeVar,
  stringsOf,
} from './tree.ts'

/** What one item of FROM, or all of it, brings into scope. */
export interface Source {
  readonly relations: readonly Relation[]
  /** The columns of `*`, in order. */
  readonly star: readonly Part[]
}

export const NO_SOURCE: Source = { relations: [], star: [] }

/** The items of a FROM list. `outer` is the scope around the query. */
export function fromList(items: readonly Node[], context: Context, outer: Scope): Source {
  let all = NO_SOURCE
  for (const item of items) all = both(all, fromItem(item, { context, outer, left: all }))
  return all
}

/** The scope inside a query, from the one around it. */
export function scopeOver(relations: readonly Relation[], outer: Scope): Scope {
  return { relations, qualifiedOnly: [], tables: outer.tables, outer }
}

interface Surroundings {
  readonly context: Context
  readonly outer: Scope
  /** What stands before, which LATERAL may refer to. */
  readonly left: Source
}

function both(one: Source, other: Source): Source {
  return { relations: [...one.relations, ...other.relations], star: [...one.star, ...other.star] }
}

function fromItem(node: Node, around: Surroundings): Source {
  if ('RangeVar' in node)
    return sourceOf(
      tableRelation(node.RangeVar, around.context.findings.catalog, around.outer.tables, around),
    )
  if ('JoinExpr' in node) return join(node.JoinExpr, around)
  if ('RangeSubselect' in node) return derived(node.RangeSubselect, around)
  if ('RangeFunction' in node) return fromFunction(node.RangeFunction, around)
  if ('RangeTableSample' in node) return sampled(node.RangeTableSample, around)
  if ('RangeTableFunc' in node) return xmlTable(node.RangeTableFunc, around)
  if ('JsonTable' in node) return jsonTable(node.JsonTable, around)
  around.context.findings.refuse(null, {
    message: `FROM has a part that acra-server does not know (${partsOf(node)[0]})`,
    hint: 'Write the statement in another way, or run it on the database without acra-server.',
  })
  return NO_SOURCE
}

function sourceOf(relation: Relation): Source {
  return { relations: [relation], star: relation.parts }
}

/** A place in FROM: LATERAL sees what stands to the left. */
function place({ context, outer, left }: Surroundings): Place {
  return { ...context, scope: scopeOver(left.relations, outer), clause: 'FROM' }
}

/** A table, view or common table by its name. */
export function tableRelation(
  range: RangeVar,
  catalog: Catalog,
  tables: CommonTables | null,
  around: Pick<Surroundings, 'context'>,
): Relation {
  const { catalogname, schemaname, relname, inh, relpersistence, alias, location, ...others } =
    range
  complete(others)
  const name = relname ?? ''
  const schema = schemaname ?? null
  const common = schema === null ? (tables?.find(name) ?? null) : null
  const parts = common ?? tableParts(catalog.table(schema, name), schema, name)
  const isTable = common === null
  const relation = { name, schema: alias === undefined ? schema : null, parts, isTable }
  return aliased(relation, alias, around.context)
}

/** The columns of a table, as far as the configuration says. */
export function tableParts(table: KnownTable | null, schema: string | null, name: string): Part[] {
  if (table === null) {
    const isSystem = isCatalogRelation(schema, name)
    return [rest({ unlisted: isSystem ? null : name })]
  }
  if (table.columns === null) return [rest({ known: table.protected })]
  return table.columns.map((name) => {
    const known = table.protected.get(name)
    return column(name, known === undefined ? PLAIN : protectedItem(known))
  })
}

/** A relation under its alias, its first columns renamed where the alias says so. */
function aliased(relation: Relation, alias: Alias | undefined, context: Context): Relation {
  if (alias === undefined) return relation
  const names = stringsOf(alias.colnames)
  const renamed = { ...relation, name: alias.aliasname ?? relation.name }
  return names.length === 0
    ? renamed
    : { ...renamed, parts: renameParts(relation.parts, names, renamed.name ?? '', context) }
}

/** The first columns under new names. Where it is not known which columns these are, protected ones must not be among them. */
export function renameParts(
  parts: readonly Part[],
  names: readonly string[],
  relation: string,
  context: Context,
): Part[] {
  const fixed = parts.findIndex((part) => part.kind === 'rest')
  const known = fixed === -1 ? parts.length : fixed
  const hidden = parts.slice(known)
  const first = parts.slice(0, known).map((part, index) => ({
    ...part,
    name: names[index] ?? (part.kind === 'column' ? part.name : null),
  }))
  const beyond = names.slice(known)
  if (beyond.length === 0) return [...(first as Part[]), ...hidden]
  const inside = protectedIn(hidden)
  if (inside !== null) {
    context.findings.refuse(inside, {
      message: `the alias ${relation} renames columns of ${inside.table}, and the encryptor config does not list all columns of that table`,
      hint: 'List every column of the table in the encryptor config (columns).',
    })
  }
  const unlisted = unlistedIn(hidden)
  const sent = hidden.some((part) => itemOf(part).sent)
  const more = beyond.map((name) => {
    const item = unlisted === null ? PLAIN : suspectItem({ relation: unlisted, name, like: null })
    return column(name, { ...item, sent })
  })
  return [...(first as Part[]), ...more, ...hidden]
}

function derived(node: RangeSubselect, around: Surroundings): Source {
  const { lateral, subquery, alias, ...others } = node
  complete(others)
  const scope = lateral ? scopeOver(around.left.relations, around.outer) : around.outer
  const parts = subquery === undefined ? [] : around.context.query(subquery, scope)
  return sourceOf(
    aliased({ name: null, schema: null, parts, isTable: false }, alias, around.context),
  )
}

function join(node: JoinExpr, around: Surroundings): Source {
  const {
    jointype,
    isNatural,
    larg,
    rarg,
    usingClause,
    join_using_alias,
    quals,
    alias,
    rtindex,
    ...others
  } = node
  complete(others)
  const left = larg === undefined ? NO_SOURCE : fromItem(larg, around)
  const right =
    rarg === undefined ? NO_SOURCE : fromItem(rarg, { ...around, left: both(around.left, left) })
  const { certain, possible } = isNatural
    ? commonNames(left, right)
    : { certain: stringsOf(usingClause), possible: [] }
  const merged = mergedColumns(left, right, certain, around)
  mergedColumns(left, right, possible, around)
  const joined = both(left, right)
  if (quals !== undefined) {
    const scope = scopeOver(joined.relations, around.outer)
    useAll([quals], { ...around.context, scope, clause: 'JOIN ON' }, 'a condition')
  }
  const star =
    possible.length > 0 ? [unknownStar(joined.star)] : [...merged, ...without(joined.star, certain)]
  if (alias !== undefined) {
    return sourceOf(
      aliased({ name: null, schema: null, parts: star, isTable: false }, alias, around.context),
    )
  }
  const using = join_using_alias
  const extra =
    using === undefined
      ? []
      : [{ name: using.aliasname ?? null, schema: null, parts: merged, isTable: false }]
  return { relations: [...joined.relations, ...extra], star }
}

/** The columns that NATURAL JOIN compares, as far as they are known, and those that it may compare. */
function commonNames(left: Source, right: Source): { certain: string[]; possible: string[] } {
  const leftNames = namesOf(left.star)
  const rightNames = namesOf(right.star)
  const certain = leftNames.filter((name) => rightNames.includes(name))
  // Columns that are not known may have the name of one on the other side.
  const possible = [
    ...(isOpen(right.star) ? leftNames : []),
    ...(isOpen(left.star) ? rightNames : []),
  ]
  return { certain, possible: possible.filter((name) => !certain.includes(name)) }
}

function namesOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) =>
    part.kind === 'column' ? (part.name ?? []) : [...part.known.keys()],
  )
}

/** The columns of USING: each compares one column of the left side with one of the right. */
function mergedColumns(
  left: Source,
  right: Source,
  names: readonly string[],
  around: Surroundings,
): Part[] {
  return names.map((name) => {
    const items = [left, right].map((side) => columnOf(side, name, around))
    const item = combined(items)
    if (item.suspect !== null && item.sent)
      around.context.findings.refuseSuspect(item.suspect, 'JOIN USING')
    return column(name, item)
  })
}

function columnOf(side: Source, name: string, around: Surroundings): Item {
  const items: Item[] = []
  for (const part of side.star) {
    if (part.kind === 'column') {
      if (part.name === null || part.name === name) items.push(part.item)
      continue
    }
    const known = part.known.get(name)
    const like = part.unlisted === null ? null : around.context.findings.catalog.protectedName(name)
    if (known !== undefined) items.push(protectedItem(known))
    else if (like !== null) items.push(suspectItem({ relation: part.unlisted ?? '', name, like }))
    else items.push({ ...PLAIN, sent: part.sent })
  }
  const guarded = items.find((item) => item.column !== null)?.column ?? null
  if (guarded !== null)
    refuseUse(guarded, { ...place(around), clause: 'JOIN USING' }, 'a comparison')
  return combined(items)
}

/** Columns of which some are one, it is not known which. */
function unknownStar(parts: readonly Part[]): Part {
  const known = new Map<string, ProtectedColumn>()
  for (const part of parts) {
    if (part.kind === 'rest') for (const [name, column] of part.known) known.set(name, column)
    else if (part.item.column !== null && part.name !== null) known.set(part.name, part.item.column)
  }
  return rest({ known, unlisted: unlistedIn(parts), sent: parts.some((part) => itemOf(part).sent) })
}

function without(parts: readonly Part[], names: readonly string[]): Part[] {
  return parts.filter(
    (part) => part.kind === 'rest' || part.name === null || !names.includes(part.name),
  )
}

/** `f(...)`, `ROWS FROM (f(...), g(...))`, with names and perhaps types for the columns. */
function fromFunction(node: RangeFunction, around: Surroundings): Source {
  const { lateral, ordinality, is_rowsfrom, functions = [], alias, coldeflist, ...others } = node
  complete(others)
  const at = place(around)
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
  const unlisted = calls.find((call) => call.name !== null)?.name ?? item.suspect?.relation ?? null
  const hidden = rest({ unlisted, sent: item.sent })
  const named = definedColumns(columns, item, at)
  const parts: Part[] = named.length > 0 ? named : [hidden]
  const relation = aliased(
    { name: functionName(functions), schema: null, parts, isTable: false },
    alias,
    around.context,
  )
  // The alias of a function that gives one value is also the name of its column.
  const own =
    named.length === 0 && relation.name !== null && calls.every((call) => call.name === null)
      ? [column(relation.name, item)]
      : []
  return { relations: [{ ...relation, parts: [...relation.parts, ...own] }], star: relation.parts }
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
  if (!('FuncCall' in call)) return null
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

function sampled(node: RangeTableSample, around: Surroundings): Source {
  const { relation, method, args = [], repeatable, location, ...others } = node
  complete(others)
  useAll([...args, ...(repeatable === undefined ? [] : [repeatable])], place(around), 'TABLESAMPLE')
  return relation === undefined ? NO_SOURCE : fromItem(relation, around)
}

function xmlTable(node: RangeTableFunc, around: Surroundings): Source {
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

function jsonTable(node: JsonTable, around: Surroundings): Source {
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
