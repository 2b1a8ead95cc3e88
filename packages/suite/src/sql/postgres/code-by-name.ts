/**
 * Definitions by which a function is called under another name: aggregates, operators, casts and the like. Calls under it are not told from calls of
 * what nobody need know: so a function that may do anything with a value must not get one there. Operator classes and families pass: what they name
 * gets values of columns, as an index on an expression or a trigger does.
 */
import type { Context } from './context.ts'
import { kindOfFunction } from './functions.ts'
import { OUTERMOST } from './query.ts'
import { checkType, refuseKind } from './refusals.ts'
import {
  type AlterOperatorStmt,
  type CreateAmStmt,
  type CreateCastStmt,
  type CreateConversionStmt,
  type CreateTransformStmt,
  type DefElem,
  type DefineStmt,
  type Node,
  qualifiedName,
} from './tree.ts'

export function define(
  { kind = 'OBJECT_OPERATOR', ...statement }: DefineStmt,
  context: Context,
): void {
  if (kind === 'OBJECT_AGGREGATE') createAggregate(statement, context)
  else if (kind === 'OBJECT_OPERATOR') createOperator(statement, context)
  else if (!DEFINABLE.has(kind)) refuseKind('DefineStmt', context)
}

/** What CREATE may define that runs no code but that of types and dictionaries. */
const DEFINABLE = new Set([
  'OBJECT_COLLATION',
  'OBJECT_TSCONFIGURATION',
  'OBJECT_TSDICTIONARY',
  'OBJECT_TSPARSER',
  'OBJECT_TSTEMPLATE',
  'OBJECT_TYPE',
])

/** The function of an aggregate gets the values of its calls, which are looked at as those of any function, and those of its definition. */
function createAggregate({ defnames, definition = [] }: DefineStmt, context: Context): void {
  const elements = elementsOf(definition)
  const hasUnknown = functionsOf(elements, AGGREGATE_FUNCTIONS).some(
    (names) => !isKnown(names, context),
  )
  const hasValue = elements.some(({ defname = '' }) => /^m?initcond\d?$/.test(defname))
  const { schema, name } = qualifiedName(defnames)
  const isCalledFreely = kindOfFunction(context.findings.catalog, schema, name) !== 'unknown'
  if (hasUnknown && (hasValue || isCalledFreely || context.findings.catalog.isComplete !== true))
    refuseKind('DefineStmt', context)
}

const AGGREGATE_FUNCTIONS =
  /^(sfunc\d?|finalfunc|combinefunc|serialfunc|deserialfunc|msfunc|minvfunc|mfinalfunc)$/

/** An operator without a schema takes any value. */
function createOperator({ definition = [] }: DefineStmt, context: Context): void {
  const names = functionsOf(elementsOf(definition), OPERATOR_FUNCTIONS)
  // Without a function the database refuses it.
  if (!names.every((name) => isKnown(name, context))) refuseKind('DefineStmt', context)
}

const OPERATOR_FUNCTIONS = /^(function|procedure|restrict|join)$/

export function createCast(
  { sourcetype, targettype, func }: CreateCastStmt,
  context: Context,
): void {
  const place = { ...context, scope: OUTERMOST, clause: 'CREATE CAST' }
  checkType(sourcetype, place)
  checkType(targettype, place)
  if (func !== undefined && !isKnown(func.objname ?? [], context))
    refuseKind('CreateCastStmt', context)
}

/** Estimates of the planner, which are given the values of conditions. */
export function alterOperator({ options = [] }: AlterOperatorStmt, context: Context): void {
  const names = functionsOf(elementsOf(options), OPERATOR_FUNCTIONS)
  if (!names.every((name) => name.length === 0 || isKnown(name, context)))
    refuseKind('AlterOperatorStmt', context)
}

export function createAccessMethod({ handler_name = [] }: CreateAmStmt, context: Context): void {
  if (!isKnown(handler_name, context)) refuseKind('CreateAmStmt', context)
}

/** What stands between values and a procedural language. */
export function createTransform({ fromsql, tosql }: CreateTransformStmt, context: Context): void {
  const functions = [fromsql, tosql].flatMap((named) => (named === undefined ? [] : [named]))
  if (!functions.every(({ objname = [] }) => isKnown(objname, context)))
    refuseKind('CreateTransformStmt', context)
}

/** Only a default conversion is ever used. It would change what the database makes of a statement. */
export function createConversion({ def }: CreateConversionStmt, context: Context): void {
  if (def === true) refuseKind('CreateConversionStmt', context)
}

function elementsOf(nodes: readonly Node[]): readonly DefElem[] {
  return nodes.flatMap((node) => ('DefElem' in node ? [node.DefElem] : []))
}

/** The names of the functions that a definition gives for these words. */
function functionsOf(elements: readonly DefElem[], words: RegExp): readonly (readonly Node[])[] {
  return elements
    .filter(({ defname = '' }) => words.test(defname))
    .map(({ arg }) => {
      if (arg === undefined) return []
      return 'TypeName' in arg ? (arg.TypeName.names ?? []) : [arg]
    })
}

function isKnown(names: readonly Node[], { findings }: Context): boolean {
  const { schema, name } = qualifiedName(names)
  const kind = kindOfFunction(findings.catalog, schema, name)
  return kind === 'known' || kind === 'trusted'
}
