/** Values that are computed from constants, or from one parameter: found in a tree here, and computed where the constants are known. */
import type { Formula } from '../analysis.ts'
import { pureFunction, type ValueKind } from './pure-functions.ts'
import { type SourceText, type Span, wholeOf } from './source-text.ts'
import {
  type A_Const,
  type A_Expr,
  type FuncCall,
  type Node,
  type ParamRef,
  qualifiedName,
  stringsOf,
  type TypeName,
} from './tree.ts'

/** A value that is made of others. */
export interface Made {
  readonly formula: Formula
  readonly kind: ValueKind
  /** What it is made of. */
  readonly parts: readonly Part[]
  readonly hasConstants: boolean
  /** The one parameter in it; null where there is none. */
  readonly parameter: ParamRef | null
  /** Where it stands, brackets aside. */
  readonly span: Span
}

/** An operand without its casts, as `coreOf` has it. */
interface Operand {
  readonly node: Node
  readonly span: Span
  readonly casts: readonly TypeName[]
  readonly castSpans: readonly Span[]
  readonly made: Made | null
}

type Part = Omit<Made, 'span'> & {
  /** Null where it is no constant itself. */
  readonly constant: ConstantPart | null
}

/** A constant, and the literal that it is, by its index. */
interface ConstantPart {
  readonly literal: number
  readonly constant: A_Const
}

type Reader = (node: Node, source: SourceText) => Operand | null

/** The constants in a value. */
export function* constantsOf({ parts }: Pick<Made, 'parts'>): Generator<ConstantPart> {
  const left = [...parts]
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part.constant !== null) yield part.constant
    for (const inner of part.parts) left.push(inner)
  }
}

/** What a call or an operator makes of its operands, which `read` reads; null where it is not computed here. */
export function madeOf(node: Node, source: SourceText, read: Reader): Made | null {
  if ('FuncCall' in node) return madeByCall(node.FuncCall, source, read)
  return 'A_Expr' in node ? madeByOperator(node.A_Expr, source, read) : null
}

function madeByCall(call: FuncCall, source: SourceText, read: Reader): Made | null {
  const { funcname = [], args = [], funcformat, location = 0, ...others } = call
  const { schema, name } = qualifiedName(funcname)
  if (schema !== null && schema !== 'pg_catalog') return null
  if (pureFunction(name) === null || !/^[a-z]/.test(name)) return null
  if (Object.keys(others).length > 0) return null
  // `TRIM(BOTH FROM 'x')` has a key word there.
  const parts = funcformat === 'COERCE_SQL_SYNTAX' ? 1 : stringsOf(funcname).length
  const end = source.endOfName(location, parts)
  const close = end === null ? null : source.endOfBrackets(source.skipBlank(end))
  if (close === null) return null
  const operands: (Operand | null)[] = []
  for (const argument of args) operands.push(read(argument, source))
  return made(name, operands, { start: location, end: close }, source)
}

function madeByOperator(expression: A_Expr, source: SourceText, read: Reader): Made | null {
  const { kind = 'AEXPR_OP', name, lexpr, rexpr, location = 0 } = expression
  const { schema, name: symbol } = qualifiedName(name)
  if (kind !== 'AEXPR_OP' || (schema !== null && schema !== 'pg_catalog')) return null
  if (rexpr === undefined || /^[a-z]/.test(symbol) || pureFunction(symbol) === null) return null
  if (lexpr === undefined && symbol !== '-' && symbol !== '+') return null
  const left = lexpr === undefined ? null : read(lexpr, source)
  const last = read(rexpr, source)
  const first = lexpr === undefined ? last : left
  if (first === null || last === null) return null
  const edges = lexpr === undefined ? [last] : [first, last]
  const start = lexpr === undefined ? location : wholeOf(first).start
  const span = source.balanced({ start, end: wholeOf(last).end })
  return span === null ? null : made(symbol, edges, span, source)
}

function made(
  name: string,
  operands: readonly (Operand | null)[],
  span: Span,
  source: SourceText,
): Made | null {
  const parts: Part[] = []
  for (const operand of operands) {
    const part = partOf(operand, source)
    if (part === null) return null
    parts.push(part)
  }
  const known = pureFunction(name)
  if (known === null || !known.takes(parts.map(({ kind }) => kind))) return null
  const [parameter = null, ...more] = parts.flatMap((part) => part.parameter ?? [])
  if (more.some(({ number }) => number !== parameter?.number)) return null
  // What is given for the parameter may be NULL, and is text.
  if (parameter !== null && (!known.isStrict || known.result !== 'text')) return null
  const hasConstants = parts.some((part) => part.hasConstants)
  if (!hasConstants && parameter === null) return null
  const formula: Formula = { kind: 'call', name, arguments: parts.map((part) => part.formula) }
  return { formula, kind: known.result, parts, hasConstants, parameter, span }
}

const GIVEN: Formula = { kind: 'given' }
const TEXTS = new Set(['text', 'varchar'])
const INTEGERS = new Set(['int4', 'int8'])

function partOf(operand: Operand | null, source: SourceText): Part | null {
  if (operand === null) return null
  const { node, casts } = operand
  const made = operand.made === null ? null : { ...operand.made, constant: null }
  const part = made ?? constantOf(node, source) ?? parameterOf(node)
  const types = part?.kind === 'number' ? INTEGERS : TEXTS
  return part !== null && casts.every((cast) => isOneOf(types, cast)) ? part : null
}

function constantOf(node: Node, source: SourceText): Part | null {
  if (!('A_Const' in node)) return null
  const constant = node.A_Const
  const { sval, ival, fval, location = 0 } = constant
  const literal = source.literalAt(location)
  if (literal === undefined) return null
  if (sval === undefined && ival === undefined && !/^\d+$/.test(fval?.fval ?? '')) return null
  const kind = sval === undefined ? 'number' : 'text'
  const isNegative = source.literals[literal].start > location
  const formula: Formula = { kind: 'literal', literal, isNegative }
  const own = { literal, constant }
  return { formula, kind, parts: [], constant: own, hasConstants: true, parameter: null }
}

function parameterOf(node: Node): Part | null {
  if (!('ParamRef' in node)) return null
  const parameter = node.ParamRef
  return { formula: GIVEN, kind: 'text', parts: [], constant: null, hasConstants: false, parameter }
}

function isOneOf(names: ReadonlySet<string>, type: TypeName): boolean {
  const { schema, name } = qualifiedName(type.names)
  const isOwn = schema === null || schema === 'pg_catalog'
  const isBare = (type.typmods ?? []).length === 0 && (type.arrayBounds ?? []).length === 0
  return isOwn && isBare && names.has(name) && type.setof !== true
}
