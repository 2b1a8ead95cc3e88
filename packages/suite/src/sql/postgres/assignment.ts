/** A value on its way into a column: the one place where value slots are found. */

import type { KnownTable, ProtectedColumn, ValueUse } from '../analysis.ts'
import type { Context, Place } from './context.ts'
import { areFreeCasts, type Core, coreOf, isOfType, spansOfOuterCast, valueTypeOf } from './core.ts'
import { evaluate, use as useValue } from './expressions.ts'
import { nameOf, type Reason } from './findings.ts'
import { isCatalogRelation } from './functions.ts'
import { givenUnder } from './given-columns.ts'
import type { Item, Suspect } from './items.ts'
import { storedType } from './operands.ts'
import {
  type CaseExpr,
  type Node,
  partsOf,
  type RangeVar,
  type ResTarget,
  stringOf,
  type TypeCast,
} from './tree.ts'

/** The table that a statement writes to. A common table of the same name does not hide it. */
export interface Written {
  readonly table: KnownTable | null
  readonly name: string
  /** True where it is not known what stands behind it: it may be a view of a protected table. */
  readonly isUnlisted: boolean
}

export function writtenTable(relation: RangeVar | undefined, { findings }: Context): Written {
  const name = relation?.relname ?? ''
  const schema = relation?.schemaname ?? null
  const table = findings.table(schema, name)
  if (table?.noWriting !== undefined) findings.refuse(table.noWriting.column, table.noWriting)
  const isUnlisted = table === null ? !isCatalogRelation(schema, name) : table.mayHide === true
  return { table, name, isUnlisted }
}

/** Rows of system catalogs are settings and the names of tables: who writes them turns over what verdicts stand on. */
export function refuseCatalog(relation: RangeVar | undefined, { findings }: Context): void {
  const { schemaname = null, relname = '' } = relation ?? {}
  if (findings.table(schemaname, relname) !== null) return
  if (!isCatalogRelation(schemaname, relname)) return
  findings.refuse(null, {
    message: `a statement writes ${relname}, which belongs to the system catalogs`,
    hint: 'Use SET or ALTER, or run it on the database without acra-server.',
  })
}

/** A column that is written to. */
export interface Target {
  readonly name: string
  readonly column: ProtectedColumn | null
  readonly suspect: Suspect | null
  /** `tags[1] = ...`: only a part of the column is written. */
  readonly isPart: boolean
}

/** A target as it stands in SET or in the list of INSERT. Its subscripts are expressions. */
export function listedTarget(
  written: Written,
  { name = '', indirection = [] }: Pick<ResTarget, 'name' | 'indirection'>,
  place: Place,
): Target {
  for (const step of indirection) if ('A_Indices' in step) useValue(step, place, 'a subscript')
  return targetOf(written, name, indirection, place)
}

/** A column that a statement gives a value to: by its name, and by a field or a subscript of it (`steps`). */
export function targetOf(
  written: Written,
  columnName: string,
  steps: readonly Node[],
  context: Context,
): Target {
  const named = columnOf(written, columnName, context)
  const target = { ...named, isPart: steps.length > 0 }
  if (target.column !== null || target.suspect !== null) return target
  if (written.table !== null) refuseUnknownColumn(written.table, columnName, context)
  const qualified = qualifiedTarget(written, columnName, steps)
  return qualified === null ? target : asQualified(target, qualified, written, context)
}

/** A target that may be meant as a column with the name of its table before it. */
interface QualifiedTarget {
  /** As it is written, without quotes. */
  readonly text: string
  /** The names that the column may be meant by. */
  readonly columns: readonly string[]
  readonly isQuoted: boolean
}

/**
 * PostgreSQL has no qualified targets. `p.name` is the field `name` of a column `p`, and `"p.name"` is one name: where there is no such column the
 * statement fails, and the server writes it to its log with the values.
 */
function qualifiedTarget(
  { table }: Written,
  columnName: string,
  steps: readonly Node[],
): QualifiedTarget | null {
  const fields = steps.flatMap((step) => ('A_Star' in step ? '*' : (stringOf(step) ?? [])))
  if (fields.length > 0) {
    if (table?.composite?.has(columnName) === true) return null
    return { text: [columnName, ...fields].join('.'), columns: fields, isQuoted: false }
  }
  if (table?.columns?.includes(columnName) === true) return null
  const [, ...columns] = columnName.split('.')
  return columns.length === 0 ? null : { text: columnName, columns, isQuoted: true }
}

function asQualified(
  target: Target,
  { text, columns, isQuoted }: QualifiedTarget,
  { table, name, isUnlisted }: Written,
  { findings }: Context,
): Target {
  const [inside] = table?.protected.values() ?? []
  const meant = columns.flatMap((column) => table?.protected.get(column) ?? [])[0]
  const column = meant ?? (isQuoted ? undefined : inside)
  if (column !== undefined) {
    findings.refuse(column, {
      message: `a statement gives a value to ${text}, and a target has no table name before it: PostgreSQL would refuse it and log the value`,
      hint: `Write the column by its name alone. A field of a composite column of ${name} can be written if acra-server learns the schema of the database (--schema_introspection).`,
    })
  }
  if (!isUnlisted) return target
  const like = columns.flatMap((one) => findings.catalog.protectedName(one) ?? [])[0]
  return like === undefined ? target : { ...target, suspect: { relation: name, name: text, like } }
}

/** A column by its name, also one that is made just now. */
export function columnOf(
  { table, name, isUnlisted }: Written,
  columnName: string,
  { findings }: Context,
): Target {
  const column = table?.protected.get(columnName) ?? null
  const like = column === null && isUnlisted ? findings.catalog.protectedName(columnName) : null
  const suspect = like === null ? null : { relation: name, name: columnName, like }
  return { name: columnName, column, suspect, isPart: false }
}

/** A column that the database did not have when it was asked may be a protected one under a new name. */
function refuseUnknownColumn(table: KnownTable, name: string, { findings }: Context): void {
  const [inside] = table.protected.values()
  if (table.isLearned !== true || inside === undefined || table.columns?.includes(name) !== false)
    return
  findings.catalog.unknownColumn?.(name)
  findings.refuse(inside, {
    message: `${table.name} has no column ${name} as far as acra-server has learned`,
    hint: 'Check the name; where the table has just been changed, try again.',
  })
}

/** In the place of a value that is looked at elsewhere. */
export const NOTHING: Node = { A_Const: { isnull: true } }

/** Where a value is written that no name is known for. */
export const UNNAMED_TARGET: Target = { name: '', column: null, suspect: null, isPart: false }

/** Writes the value of `node` into a column. */
export function assign(target: Target, node: Node, place: Place): void {
  if (target.suspect !== null) assignSuspect(target.suspect, node, place)
  else if (target.column === null) assignPlain(target, node, place)
  else if (target.isPart)
    refuseValue(target.column, 'only a part of the value is written', node, place)
  else assignProtected(target.column, node, place)
}

function assignSuspect(suspect: Suspect, node: Node, place: Place): void {
  if ('SetToDefault' in node || evaluate(node, place).isNull) return
  place.findings.refuseSuspect(suspect, place.clause)
}

function assignPlain(target: Target, node: Node, place: Place): void {
  if ('SetToDefault' in node) return
  const { column } = evaluate(node, place)
  if (column === null) return
  place.findings.refuse(column, {
    message: `${place.clause} would store ${nameOf(column)} in ${target.name || 'a column'}, which is not protected`,
    hint: 'Let the application read the value and write it.',
  })
}

/**
 * Only what can be replaced by its encrypted form without a change of meaning: a literal, a parameter, these under casts that change nothing,
 * cells that are stored alike, and a choice among such. `isTyped`: the text says the type of what is stored, as the place where it stands does
 * not. `use` says more of a value.
 */
export function assignProtected(
  column: ProtectedColumn,
  node: Node,
  place: Place,
  isTyped = false,
  use: ValueUse = { kind: 'store' },
): void {
  if ('SetToDefault' in node || isClaimed(column, node, place)) return
  if ('TypeCast' in node && isCarriedCast(column, node.TypeCast, place, use)) return
  if ('ColumnRef' in node || isScalar(node)) assignCell(column, node, place)
  else if ('CaseExpr' in node) assignChoice(column, node.CaseExpr, place)
  else if ('CoalesceExpr' in node) {
    for (const value of node.CoalesceExpr.args ?? []) assignProtected(column, value, place, true)
  } else {
    const core = coreOf(node, place.findings.source)
    if (core === null || !isValue(core))
      refuseValue(column, 'the value is computed by the database', node, place)
    else assignCore({ column, core, isTyped, use }, node, place)
  }
}

/** True for a reference to values that are given elsewhere: they are protected there. */
function isClaimed(column: ProtectedColumn, node: Node, place: Place): boolean {
  const core = coreOf(node, place.findings.source)
  if (core === null || !('ColumnRef' in core.node)) return false
  const givens = givenUnder(core, core.node.ColumnRef, place)
  if (givens === null) return false
  const reference = { node: core.node.ColumnRef, span: core.span }
  place.findings.givens.claim(givens, { column, use: 'store', clause: place.clause, reference })
  return true
}

/** `(CASE ... END)::text`: a cast that changes none of the values is left out. */
function isCarriedCast(
  column: ProtectedColumn,
  cast: TypeCast,
  place: Place,
  use: ValueUse,
): boolean {
  const { arg, typeName } = cast
  if (arg === undefined || typeName === undefined || !('CaseExpr' in arg || 'CoalesceExpr' in arg))
    return false
  const { source } = place.findings
  const spans = spansOfOuterCast(cast, source)
  const type = valueTypeOf(column, place)
  const isFree = leavesOf(arg).every((leaf) => {
    const core = coreOf(leaf, source)
    const constant = core !== null && 'A_Const' in core.node ? core.node.A_Const : null
    const content = constant === null ? null : place.findings.contentOf(constant)
    return constant?.isnull === true || areFreeCasts([typeName], type, content, place)
  })
  if (spans === null || !isFree) return false
  for (const { start, end } of spans) place.findings.edit(start, end, ' ')
  assignProtected(column, arg, place, true, use)
  return true
}

/** The values that a choice may be. */
function leavesOf(node: Node): Node[] {
  if ('CoalesceExpr' in node) return (node.CoalesceExpr.args ?? []).flatMap(leavesOf)
  if (!('CaseExpr' in node)) return [node]
  const { args = [], defresult } = node.CaseExpr
  const results = args.flatMap((when) => ('CaseWhen' in when ? (when.CaseWhen.result ?? []) : []))
  return [...results, ...(defresult === undefined ? [] : [defresult])].flatMap(leavesOf)
}

/** CASE: whichever result it is, it is stored. */
function assignChoice(column: ProtectedColumn, choice: CaseExpr, place: Place): void {
  const { args = [], defresult } = choice
  const results = args.flatMap((when) => ('CaseWhen' in when ? (when.CaseWhen.result ?? []) : []))
  for (const result of [...results, ...(defresult === undefined ? [] : [defresult])])
    assignProtected(column, result, place, true)
  // What is left of it is which result that is.
  const tests = args.map((when) =>
    'CaseWhen' in when ? { CaseWhen: { ...when.CaseWhen, result: NOTHING } } : when,
  )
  const { defresult: _, ...rest } = choice
  useValue({ CaseExpr: { ...rest, args: tests } }, place)
}

function isScalar(node: Node): boolean {
  return 'SubLink' in node && node.SubLink.subLinkType === 'EXPR_SUBLINK'
}

function isValue({ node, made }: Core): boolean {
  return 'A_Const' in node || 'ParamRef' in node || made !== null
}

interface Assigned {
  readonly column: ProtectedColumn
  readonly core: Core
  readonly isTyped: boolean
  readonly use: ValueUse
}

function assignCore({ column, core, isTyped, use }: Assigned, node: Node, place: Place): void {
  const { findings } = place
  const content = 'A_Const' in core.node ? findings.contentOf(core.node.A_Const) : null
  const isNull = 'A_Const' in core.node && core.node.A_Const.isnull === true
  const type = valueTypeOf(column, place)
  if (!isNull && !areFreeCasts(core.casts, type, content, place)) {
    refuseValue(column, 'the value has a cast', node, place)
    return
  }
  if (core.made !== null) {
    const isOwn = isOfType(core.made, column, place)
    if (!isOwn || !findings.madeValue(column, core.made, use, core.span)) {
      refuseValue(column, 'the value is computed by the database', node, place)
      return
    }
  } else if ('ParamRef' in core.node) {
    const { number = 0, location = 0 } = core.node.ParamRef
    findings.parameterValue(column, number, location, use)
  } else if ('A_Const' in core.node && !isNull) {
    if (!findings.literalValue(column, core.node.A_Const, core.span, use)) {
      refuseValue(column, 'the constant is not a literal that can be replaced', node, place)
      return
    }
  }
  for (const { start, end } of core.castSpans) findings.edit(start, end, ' ')
  if (isTyped) findings.edit(core.span.end, core.span.end, `::${storedType(column, place)}`)
}

/** `SET email = EXCLUDED.email`: the cell is the column's own already, or one that is stored alike. */
function assignCell(column: ProtectedColumn, node: Node, place: Place): void {
  const item = evaluate(node, place)
  if (item.isNull || isStoredAlike(item, column, place)) return
  place.findings.refuse(
    column,
    valueProblem(column, 'the value comes from another column', node, place),
  )
}

/** True where a cell can stand in the column as it is. */
export function isStoredAlike(
  { column: from, row, isMixed }: Item,
  to: ProtectedColumn,
  { findings }: Context,
): boolean {
  if (from === null || row !== null || isMixed === true) return false
  return from === to || (findings.catalog.copies?.(from, to) ?? false)
}

/** Refuses a value; in `pass` mode the value is still looked at for what it holds itself. */
export function refuseValue(column: ProtectedColumn, why: string, node: Node, place: Place): void {
  place.findings.refuse(column, valueProblem(column, why, node, place))
  useValue(node, place)
}

function valueProblem(column: ProtectedColumn, why: string, node: Node, place: Place): Reason {
  return {
    message: `${place.clause} cannot protect the value of ${nameOf(column)}: ${why} (${partsOf(node)[0]})`,
    hint: 'Write the value as a plain literal or as a parameter, without a cast, an operator or a function.',
  }
}
