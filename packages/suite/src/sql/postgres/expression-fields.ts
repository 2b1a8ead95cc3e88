/** Which fields of an expression's node are expressions themselves. Every field of every kind is named: the compiler sees to it. */
import type { BodyOf, Kind } from './tree.ts'

/** An expression or a list of them. */
const OPERAND = 'operand'
/** Holds no expression. */
const PLAIN = 'plain'
/** The parser never sets it; if it does, the node is not understood. */
const NEVER = 'never'

export type Field = typeof OPERAND | typeof PLAIN | typeof NEVER | { readonly as: Kind }
type Fields<K extends Kind> = { readonly [F in keyof Required<BodyOf<K>>]: Field }

/** What is not an expression itself but stands inside one under its own name. */
const as = <K extends Kind>(kind: K) => ({ as: kind })

const TABLE: { readonly [K in Kind]?: Fields<K> } = {
  A_ArrayExpr: { elements: OPERAND, list_start: PLAIN, list_end: PLAIN, location: PLAIN },
  A_Indices: { is_slice: PLAIN, lidx: OPERAND, uidx: OPERAND },
  BooleanTest: { xpr: NEVER, arg: OPERAND, booltesttype: PLAIN, location: PLAIN },
  CoalesceExpr: {
    xpr: NEVER,
    coalescetype: NEVER,
    coalescecollid: NEVER,
    args: OPERAND,
    location: PLAIN,
  },
  CollateClause: { arg: OPERAND, collname: PLAIN, location: PLAIN },
  CurrentOfExpr: { xpr: NEVER, cvarno: PLAIN, cursor_name: PLAIN, cursor_param: PLAIN },
  GroupingFunc: { xpr: NEVER, args: OPERAND, refs: NEVER, agglevelsup: PLAIN, location: PLAIN },
  GroupingSet: { kind: PLAIN, content: OPERAND, location: PLAIN },
  JsonAggConstructor: {
    output: as('JsonOutput'),
    agg_filter: OPERAND,
    agg_order: OPERAND,
    over: as('WindowDef'),
    location: PLAIN,
  },
  JsonArgument: { val: as('JsonValueExpr'), name: PLAIN },
  JsonArrayAgg: {
    constructor: as('JsonAggConstructor'),
    arg: as('JsonValueExpr'),
    absent_on_null: PLAIN,
  },
  JsonArrayConstructor: {
    exprs: OPERAND,
    output: as('JsonOutput'),
    absent_on_null: PLAIN,
    location: PLAIN,
  },
  JsonBehavior: { btype: PLAIN, expr: OPERAND, coerce: PLAIN, location: PLAIN },
  JsonFormat: { format_type: PLAIN, encoding: PLAIN, location: PLAIN },
  JsonFuncExpr: {
    op: PLAIN,
    column_name: PLAIN,
    context_item: as('JsonValueExpr'),
    pathspec: OPERAND,
    passing: OPERAND,
    output: as('JsonOutput'),
    on_empty: as('JsonBehavior'),
    on_error: as('JsonBehavior'),
    wrapper: PLAIN,
    quotes: PLAIN,
    location: PLAIN,
  },
  JsonIsPredicate: {
    expr: OPERAND,
    format: as('JsonFormat'),
    item_type: PLAIN,
    unique_keys: PLAIN,
    location: PLAIN,
  },
  JsonKeyValue: { key: OPERAND, value: as('JsonValueExpr') },
  JsonObjectAgg: {
    constructor: as('JsonAggConstructor'),
    arg: as('JsonKeyValue'),
    absent_on_null: PLAIN,
    unique: PLAIN,
  },
  JsonObjectConstructor: {
    exprs: OPERAND,
    output: as('JsonOutput'),
    absent_on_null: PLAIN,
    unique: PLAIN,
    location: PLAIN,
  },
  JsonOutput: { typeName: as('TypeName'), returning: as('JsonReturning') },
  JsonParseExpr: {
    expr: as('JsonValueExpr'),
    output: as('JsonOutput'),
    unique_keys: PLAIN,
    location: PLAIN,
  },
  JsonReturning: { format: as('JsonFormat'), typid: PLAIN, typmod: PLAIN },
  JsonScalarExpr: { expr: OPERAND, output: as('JsonOutput'), location: PLAIN },
  JsonSerializeExpr: { expr: as('JsonValueExpr'), output: as('JsonOutput'), location: PLAIN },
  JsonTablePathSpec: { string: OPERAND, name: PLAIN, name_location: PLAIN, location: PLAIN },
  JsonValueExpr: { raw_expr: OPERAND, formatted_expr: OPERAND, format: as('JsonFormat') },
  List: { items: OPERAND },
  MergeSupportFunc: { xpr: NEVER, msftype: PLAIN, msfcollid: PLAIN, location: PLAIN },
  MinMaxExpr: {
    xpr: NEVER,
    minmaxtype: NEVER,
    minmaxcollid: NEVER,
    inputcollid: NEVER,
    op: PLAIN,
    args: OPERAND,
    location: PLAIN,
  },
  NamedArgExpr: { xpr: NEVER, arg: OPERAND, name: PLAIN, argnumber: PLAIN, location: PLAIN },
  ResTarget: { name: PLAIN, indirection: NEVER, val: OPERAND, location: PLAIN },
  RowExpr: {
    xpr: NEVER,
    args: OPERAND,
    row_typeid: NEVER,
    row_format: PLAIN,
    colnames: NEVER,
    location: PLAIN,
  },
  SQLValueFunction: { xpr: NEVER, op: PLAIN, type: PLAIN, typmod: PLAIN, location: PLAIN },
  SortBy: { node: OPERAND, sortby_dir: PLAIN, sortby_nulls: PLAIN, useOp: PLAIN, location: PLAIN },
  WindowDef: {
    name: PLAIN,
    refname: PLAIN,
    partitionClause: OPERAND,
    orderClause: OPERAND,
    frameOptions: PLAIN,
    startOffset: OPERAND,
    endOffset: OPERAND,
    location: PLAIN,
  },
  XmlExpr: {
    xpr: NEVER,
    op: PLAIN,
    name: PLAIN,
    named_args: OPERAND,
    arg_names: NEVER,
    args: OPERAND,
    xmloption: PLAIN,
    indent: PLAIN,
    type: PLAIN,
    typmod: PLAIN,
    location: PLAIN,
  },
  XmlSerialize: {
    xmloption: PLAIN,
    expr: OPERAND,
    typeName: as('TypeName'),
    indent: PLAIN,
    location: PLAIN,
  },
}

/** The fields of a kind of node that is a plain composition of expressions; null for every other kind. */
export function fieldsOf(kind: string): Readonly<Record<string, Field>> | null {
  return Object.hasOwn(TABLE, kind)
    ? ((TABLE[kind as Kind] as Readonly<Record<string, Field>> | undefined) ?? null)
    : null
}

/** What a message calls an expression of this kind. */
export function describe(kind: string): string {
  return DESCRIPTIONS[kind] ?? 'an expression'
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  A_ArrayExpr: 'an array',
  A_Indirection: 'a part of a value',
  BoolExpr: 'a condition',
  BooleanTest: 'a condition',
  CaseExpr: 'CASE',
  CoalesceExpr: 'COALESCE',
  CollateClause: 'COLLATE',
  GroupingFunc: 'GROUPING',
  MinMaxExpr: 'GREATEST or LEAST',
  RowExpr: 'a row',
  SubLink: 'a comparison with a subquery',
  TypeCast: 'a cast',
  XmlExpr: 'an XML value',
}
