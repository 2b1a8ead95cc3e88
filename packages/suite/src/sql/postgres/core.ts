/** What stands under casts and brackets, and how the casts are taken off the text. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Place } from './context.ts'
import { type Made, madeOf } from './formulas.ts'
import { isCast } from './functions.ts'
import { checkType } from './refusals.ts'
import type { SourceText, Span } from './source-text.ts'
import { tokenAt } from './tokens.ts'
import {
  type CollateClause,
  type FuncCall,
  type Node,
  qualifiedName,
  stringsOf,
  type TypeCast,
  type TypeName,
} from './tree.ts'

/** A value or a column without its casts. */
export interface Core {
  readonly node: Node
  /** Where it stands, brackets aside; a negative number with its sign. */
  readonly span: Span
  /** Its casts, the innermost first. */
  readonly casts: readonly TypeName[]
  /** The parts of the text that are nothing but the casts. */
  readonly castSpans: readonly Span[]
  /** How it is computed; null where it stands there as it is. */
  readonly made: Made | null
}

/**
 * The core of an expression that is a literal, a parameter, a column, an array of such, NULL or computed from constants; null where it is none, or is
 * not read.
 */
export function coreOf(node: Node, source: SourceText): Core | null {
  const isComposed =
    'TypeCast' in node || 'A_Expr' in node || 'FuncCall' in node || 'CollateClause' in node
  if (!isComposed) return coreAt(node, null, source)
  // Few calls for each level of the tree: the stack must do for the deepest one.
  const known = source.remembered<Core | null>('core', node)
  return known === undefined ? source.remember('core', node, composed(node, source)) : known
}

function composed(node: Node, source: SourceText): Core | null {
  if ('TypeCast' in node) return underCast(node.TypeCast, source)
  if ('CollateClause' in node) return underCollation(node.CollateClause, source)
  const called =
    'FuncCall' in node && isCast(node.FuncCall) ? underCall(node.FuncCall, source) : null
  return called ?? coreAt(node, madeOf(node, source, coreOf), source)
}

function coreAt(node: Node, made: Made | null, source: SourceText): Core | null {
  const span = made === null ? spanOf(node, source) : made.span
  return span === null ? null : { node, span, casts: [], castSpans: [], made }
}

function spanOf(node: Node, source: SourceText): Span | null {
  if ('A_Const' in node) {
    const { isnull, boolval, location: start = 0 } = node.A_Const
    if (isnull === true || boolval !== undefined) {
      const end = source.endOfWord(start)
      return end === start ? null : { start, end }
    }
    const index = source.literalAt(start)
    if (index === undefined) return null
    const literal = source.literals[index]
    if (literal.start === start) return literal
    const end = source.closing(start + 1, literal.start, literal.end, [])
    return end === null ? null : { start, end }
  }
  if ('ParamRef' in node) {
    const { location: start = 0 } = node.ParamRef
    const end = source.endOfParameter(start)
    return end === start ? null : { start, end }
  }
  if ('ColumnRef' in node) {
    const { location: start = 0, fields = [] } = node.ColumnRef
    const end = source.endOfName(start, fields.length)
    return end === null ? null : { start, end }
  }
  if ('SubLink' in node && node.SubLink.subLinkType === 'EXPR_SUBLINK')
    return source.brackets(node.SubLink.location ?? 0)
  if ('A_ArrayExpr' in node) {
    const { location: start = 0, list_end: last } = node.A_ArrayExpr
    return last === undefined ? null : { start, end: last + 1 }
  }
  return null
}

function underCast(cast: TypeCast, source: SourceText): Core | null {
  const { arg, typeName, location = 0 } = cast
  if (arg === undefined || typeName === undefined) return null
  const inner = coreOf(arg, source)
  if (inner === null) return null
  const typeStart = typeName.location ?? 0
  const typeEnd = source.endOfType(typeStart, typeName.arrayBounds?.length ?? 0)
  if (typeEnd === null) return null
  const spans = spansOfCast(inner, location, { start: typeStart, end: typeEnd }, source)
  if (spans === null) return null
  return {
    ...inner,
    casts: [...inner.casts, typeName],
    castSpans: [...inner.castSpans, ...spans],
  }
}

/** `uuid('...')`: of a literal or a parameter, which have no type of their own, it is a cast. */
function underCall(
  { funcname = [], args = [], location = 0 }: FuncCall,
  source: SourceText,
): Core | null {
  const [arg] = args
  const inner = arg === undefined ? null : coreOf(arg, source)
  const end = source.endOfName(location, stringsOf(funcname).length)
  if (inner === null || end === null || !isUntyped(inner)) return null
  const brackets = source.brackets(source.skipBlank(end))
  if (brackets === null) return null
  const spans = [
    { start: location, end: brackets.start + 1 },
    { start: brackets.end - 1, end: brackets.end },
  ]
  return { ...inner, casts: [{ names: funcname, location }], castSpans: spans }
}

function isUntyped({ node, casts, made }: Core): boolean {
  if (casts.length > 0 || made !== null) return false
  return 'ParamRef' in node || ('A_Const' in node && node.A_Const.sval !== undefined)
}

/** `'...' COLLATE "C"`: how values are ordered changes none of them. */
function underCollation(
  { arg, collname = [], location = 0 }: CollateClause,
  source: SourceText,
): Core | null {
  const inner = arg === undefined ? null : coreOf(arg, source)
  if (inner === null || !('ParamRef' in inner.node || 'A_Const' in inner.node)) return null
  const { schema, name } = qualifiedName(collname)
  if (!EXACT_COLLATIONS.has(name) || (schema ?? 'pg_catalog') !== 'pg_catalog') return null
  const start = source.skipBlank(source.endOfWord(location))
  const end = source.endOfName(start, stringsOf(collname).length)
  if (end === null || source.wordAt(location) !== 'collate') return null
  return { ...inner, castSpans: [...inner.castSpans, { start: location, end }] }
}

/** By which only equal texts are equal. */
const EXACT_COLLATIONS = new Set(['C', 'C.UTF-8', 'POSIX', 'default', 'pg_c_utf8', 'ucs_basic'])

/** `value::type`, `CAST(value AS type)`, `type 'value'`. */
function spansOfCast(
  inner: Core,
  location: number,
  type: Span,
  source: SourceText,
): readonly Span[] | null {
  if (location === -1) {
    const isPrefix = source.skipBlank(type.end) === inner.span.start
    return isPrefix ? [{ start: type.start, end: type.end }] : null
  }
  if (source.text[location] === 0x3a) {
    const isSuffix = source.skipBlank(location + 2) === type.start
    return isSuffix ? [{ start: location, end: type.end }] : null
  }
  if (source.wordAt(location) !== 'cast') return null
  const open = source.skipBlank(source.endOfWord(location))
  const from = Math.max(inner.span.end, inner.castSpans.at(-1)?.end ?? 0)
  const as = wordBefore(type.start, from, source)
  const close = source.skipBlank(type.end)
  if (source.text[open] !== 0x28 || as === null || source.text[close] !== 0x29) return null
  return [
    { start: location, end: open + 1 },
    { start: as, end: close + 1 },
  ]
}

/** The parts of the text that are nothing but a cast of something that is no value: `(CASE ...)::text`, `CAST(CASE ... AS text)`. */
export function spansOfOuterCast(
  { typeName, location = -1 }: TypeCast,
  source: SourceText,
): readonly Span[] | null {
  const start = typeName?.location ?? 0
  const end = source.endOfType(start, typeName?.arrayBounds?.length ?? 0)
  if (end === null || location < 0) return null
  if (source.text[location] === 0x3a) {
    return source.skipBlank(location + 2) === start ? [{ start: location, end }] : null
  }
  const before = source.tokens[tokenAt(source.tokens, start) - 1]
  if (source.wordAt(location) !== 'cast' || before?.word !== 'as') return null
  return [
    { start: location, end: source.endOfWord(location) },
    { start: before.start, end },
  ]
}

/** Where the AS stands between a value and its type: nothing else is there but brackets and the casts of the value. */
function wordBefore(typeStart: number, from: number, source: SourceText): number | null {
  let found: number | null = null
  for (let at = source.skipBlank(from); at < typeStart; ) {
    const end = source.endOfWord(at)
    if (end > at && source.wordAt(at) === 'as') found = at
    at = source.skipBlank(Math.max(end, at + 1))
  }
  return found
}

/** The type of the elements that the text has for an array, by PostgreSQL's name: it is the innermost cast's. Null where there is no cast. */
export function elementTypeOf({ casts }: Core): string | null {
  const [first] = casts
  return first === undefined ? null : qualifiedName(first.names).name
}

/** True where what is computed can be a value of the column as far as PostgreSQL's types go. */
export function isOfType({ kind }: Made, column: ProtectedColumn, place: Place): boolean {
  const type = valueTypeOf(column, place)
  if (kind === 'number') return type !== null && INTEGER_COLUMNS.has(type)
  return type === null || type === (kind === 'text' ? 'str' : 'bytes')
}

const SPACE = 0x20
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'name'])
const INTEGERS = new Set(['int2', 'int4', 'int8'])
const INTEGER_COLUMNS = new Set(['int16', 'int32', 'int64'])
/** Our names of types, and PostgreSQL's, where they differ. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  bool: 'bool',
  float4: 'float32',
  float8: 'float64',
  numeric: 'numeric',
  uuid: 'uuid',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  json: 'json',
  jsonb: 'jsonb',
}

/** The type of a column's values as far as casts are concerned: tokens that are numbers stand for numbers. */
export function valueTypeOf(column: ProtectedColumn, { findings }: Place): string | null {
  const stored = findings.catalog.storedAs?.(column) ?? 'bytes'
  return column.dataType ?? (stored === 'int32' || stored === 'int64' ? stored : null)
}

/** True where the casts of a value change none that the column may hold, so that they can be left out. */
export function areFreeCasts(
  casts: readonly TypeName[],
  dataType: string | null,
  content: Buffer | null,
  place: Place,
): boolean {
  let family: string | null = null
  for (const cast of casts) {
    if (!isFreeCast(cast, dataType, content, false, place)) return false
    const { name } = qualifiedName(cast.names)
    // What has been a number, a date or bytes looks otherwise as a text.
    if (family !== null && family !== name) return false
    if (!TEXTS.has(name)) family = name
  }
  return true
}

/**
 * True where a cast changes no value that the column may hold, so that it can be left out: `content` is the literal under it, null for a
 * parameter. `isArray`: the value is an array of such values.
 */
export function isFreeCast(
  type: TypeName,
  dataType: string | null,
  content: Buffer | null,
  isArray: boolean,
  place: Place,
): boolean {
  checkType(type, place)
  const { schema, name } = qualifiedName(type.names)
  if (schema !== null && schema !== 'pg_catalog') return false
  const bounds = type.arrayBounds?.length ?? 0
  if (type.setof === true || bounds !== (isArray ? 1 : 0)) return false
  const hasModifier = (type.typmods ?? []).length > 0
  if (TEXTS.has(name)) return isFreeText(name, type, content, place)
  if (hasModifier) return false
  if (name === 'bytea') return dataType === null || dataType === 'bytes' || dataType === 'str'
  if (INTEGERS.has(name)) {
    if (dataType !== null && INTEGER_COLUMNS.has(dataType)) return true
    place.findings.exact = true
    return content !== null && /^(0|-?[1-9]\d{0,8})$/.test(content.toString('latin1'))
  }
  return dataType !== null && TYPE_NAMES[name] === dataType
}

/** `varchar(3)` cuts a value; `char(3)` fills it up, and `name` cuts it too. As `bpchar`, and so as `N'...'`, it loses spaces at its end. */
function isFreeText(name: string, type: TypeName, content: Buffer | null, place: Place): boolean {
  const [modifier] = type.typmods ?? []
  if (modifier === undefined && name === 'bpchar') {
    place.findings.exact = true
    return content !== null && content.at(-1) !== SPACE
  }
  if (modifier === undefined) return name === 'text' || name === 'varchar'
  if (name !== 'varchar' || content === null || !('A_Const' in modifier)) return false
  place.findings.exact = true
  const size = modifier.A_Const.ival?.ival ?? 0
  return [...content.toString('utf8')].length <= size
}
