/**
 * Functions and operators of PostgreSQL whose value is the same in every database: what they make of constants is computed here, so that the
 * database is given the protected form of the outcome.
 */

import { isBase64, isHex } from '@acra-ts/crypto'

/** What a value is as far as these functions are concerned. `bytes` stands in hex form, as bytea reads it. */
export type ValueKind = 'text' | 'number' | 'bytes'

export interface PureFunction {
  readonly result: ValueKind
  /** The kinds that its arguments may have. */
  readonly takes: (kinds: readonly ValueKind[]) => boolean
  /** NULL in, NULL out. */
  readonly isStrict: boolean
  /** What it makes of its arguments; null where that is an error, or depends on the database. */
  readonly of: (values: readonly Buffer[]) => Buffer | null
}

/** By the name in pg_catalog, or the sign of the operator; null for any other. */
export function pureFunction(name: string): PureFunction | null {
  return FUNCTIONS.get(name) ?? null
}

/** What `repeat` and `replace` make may be longer by so much than all that they are given, in bytes: a short text is not to fill the memory. */
const GROWTH_MAX = 1024
const SPACE = Buffer.from(' ')

const text = (count: readonly number[], numbers: number, of: PureFunction['of']): PureFunction => ({
  result: 'text',
  takes: (kinds) =>
    count.includes(kinds.length) &&
    kinds.every(
      (kind, index) =>
        kind === (index < kinds.length - numbersIn(kinds, numbers) ? 'text' : 'number'),
    ),
  isStrict: true,
  of,
})

/** Numbers stand last, and the first argument is none. */
function numbersIn(kinds: readonly ValueKind[], numbers: number): number {
  return Math.min(numbers, kinds.length - 1)
}

const arithmetic = (of: (one: bigint, other: bigint) => bigint | null): PureFunction => ({
  result: 'number',
  takes: (kinds) => kinds.length <= 2 && kinds.every((kind) => kind === 'number'),
  isStrict: true,
  of: (values) => {
    const [one, other] = values.map(integerOf)
    if (one === null || other === null) return null
    // With one operand it is a sign.
    const result = other === undefined ? of(0n, one) : of(one, other)
    return result === null ? null : inRange(result, [one, other ?? 0n])
  },
})

const FUNCTIONS: ReadonlyMap<string, PureFunction> = new Map([
  ['lower', text([1], 0, ([value]) => ascii(value, (given) => given.toLowerCase()))],
  ['upper', text([1], 0, ([value]) => ascii(value, (given) => given.toUpperCase()))],
  ['btrim', text([1, 2], 0, ([value, set = SPACE]) => trimmed(value, set, true, true))],
  ['ltrim', text([1, 2], 0, ([value, set = SPACE]) => trimmed(value, set, true, false))],
  ['rtrim', text([1, 2], 0, ([value, set = SPACE]) => trimmed(value, set, false, true))],
  ['replace', text([3], 0, replaced)],
  ['substring', text([2, 3], 2, part)],
  ['substr', text([2, 3], 2, part)],
  ['left', text([2], 1, ([value, count]) => side(value, count, (given, n) => given.slice(0, n)))],
  [
    'right',
    text([2], 1, ([value, count]) =>
      side(value, count, (given, n) => (n < 0 ? given.slice(-n) : n === 0 ? '' : given.slice(-n))),
    ),
  ],
  ['repeat', text([2], 1, repeated)],
  ['chr', { result: 'text', takes: isOne('number'), isStrict: true, of: character }],
  [
    'concat',
    {
      result: 'text',
      takes: (kinds) => kinds.length > 0 && !kinds.includes('bytes'),
      isStrict: false,
      of: (values) => Buffer.concat(values),
    },
  ],
  [
    '||',
    {
      result: 'text',
      takes: (kinds) => kinds.length === 2 && kinds.includes('text') && !kinds.includes('bytes'),
      isStrict: true,
      of: (values) => Buffer.concat(values),
    },
  ],
  [
    'decode',
    {
      result: 'bytes',
      takes: (kinds) => kinds.length === 2 && kinds.every((kind) => kind === 'text'),
      isStrict: true,
      of: decoded,
    },
  ],
  ['+', arithmetic((one, other) => one + other)],
  ['-', arithmetic((one, other) => one - other)],
  ['*', arithmetic((one, other) => one * other)],
  ['/', arithmetic((one, other) => (other === 0n ? null : one / other))],
  ['%', arithmetic((one, other) => (other === 0n ? null : one % other))],
])

function isOne(kind: ValueKind): PureFunction['takes'] {
  return (kinds) => kinds.length === 1 && kinds[0] === kind
}

function isAscii(value: Buffer): boolean {
  return value.every((byte) => byte < 0x80)
}

/** Beyond ASCII it depends on the encoding what a character is, and on the collation which letters are pairs. */
function ascii(value: Buffer, change: (given: string) => string | null): Buffer | null {
  const changed = isAscii(value) ? change(value.toString('latin1')) : null
  return changed === null ? null : Buffer.from(changed, 'latin1')
}

/** Bytes of ASCII stand for themselves in every encoding that a statement is read in. */
function trimmed(value: Buffer, set: Buffer, atStart: boolean, atEnd: boolean): Buffer | null {
  if (!isAscii(set)) return null
  let start = 0
  let end = value.length
  while (atStart && start < end && set.includes(value[start])) start++
  while (atEnd && start < end && set.includes(value[end - 1])) end--
  return value.subarray(start, end)
}

function replaced(given: readonly Buffer[]): Buffer | null {
  const [value, from, to] = given
  if (!isAscii(from)) return null
  if (from.length === 0) return value
  const pieces = value.toString('latin1').split(from.toString('latin1'))
  const size = value.length + (pieces.length - 1) * (to.length - from.length)
  if (isTooLong(size, given)) return null
  return Buffer.from(pieces.join(to.toString('latin1')), 'latin1')
}

/** `substring(value, start, count)`: what of it lies in the value, which begins at 1. */
function part([value, first, length]: readonly Buffer[]): Buffer | null {
  const start = countOf(first)
  const count = length === undefined ? Number.POSITIVE_INFINITY : countOf(length)
  if (start === null || count === null || count < 0) return null
  return ascii(value, (given) =>
    given.slice(Math.max(0, start - 1), Math.max(0, start - 1 + count)),
  )
}

function side(
  value: Buffer,
  count: Buffer,
  cut: (given: string, count: number) => string,
): Buffer | null {
  const n = countOf(count)
  return n === null ? null : ascii(value, (given) => cut(given, n))
}

function repeated(given: readonly Buffer[]): Buffer | null {
  const [value, count] = given
  const n = countOf(count)
  if (n === null) return null
  const times = value.length === 0 ? 0 : Math.max(0, n)
  if (isTooLong(times * value.length, given)) return null
  return Buffer.concat(Array<Buffer>(times).fill(value))
}

function isTooLong(size: number, given: readonly Buffer[]): boolean {
  return size > given.reduce((sum, { length }) => sum + length, GROWTH_MAX)
}

function character([code]: readonly Buffer[]): Buffer | null {
  const n = countOf(code)
  return n === null || n < 1 || n > 0x7f ? null : Buffer.of(n)
}

/** `decode('...', 'hex')` as bytea reads it. */
function decoded([value, format]: readonly Buffer[]): Buffer | null {
  const digits = value.toString('latin1').replace(/[ \t\r\n]/g, '')
  const isHexFormat = format.equals(Buffer.from('hex'))
  if (!isHexFormat && !format.equals(Buffer.from('base64'))) return null
  if (!(isHexFormat ? isHex(digits) : isBase64(digits))) return null
  return Buffer.from(`\\x${isHexFormat ? digits : Buffer.from(digits, 'base64').toString('hex')}`)
}

function countOf(value: Buffer): number | null {
  const written = value.toString('latin1')
  return /^-?\d{1,9}$/.test(written) ? Number(written) : null
}

function integerOf(value: Buffer): bigint | null {
  const written = value.toString('latin1')
  return /^-?\d{1,19}$/.test(written) ? BigInt(written) : null
}

/** The outcome has the type of the operands: int4, or int8 where one of them is too large for that. */
function inRange(value: bigint, operands: readonly bigint[]): Buffer | null {
  const bits = operands.every((operand) => BigInt.asIntN(32, operand) === operand) ? 32 : 64
  return BigInt.asIntN(bits, value) === value ? Buffer.from(String(value)) : null
}
