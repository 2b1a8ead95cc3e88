import { asciiOf, bytesOf, type TypeCodec } from './codec.ts'

/*
 * The binary form of numeric (utils/adt/numeric.c, numeric_send): int16 each of the number of groups, the weight of the first group, the
 * sign and the digits behind the point, then the groups: four decimal digits each, the first one worth 10000^weight.
 */

const decimal = /^([-+]?)(\d*)(?:\.(\d*))?(?:e([-+]?\d{1,5}))?$/i
const GROUP = 4
const POSITIVE = 0x0000
const NEGATIVE = 0x4000
const NAN = 0xc000
const INFINITE = 0xd000
const MINUS_INFINITE = 0xf000
const HEADER_SIZE = 8
const TEXT_SIZE_MAX = 200_000
/** Bounds of the server: digits before and behind the point. */
const INTEGER_DIGITS_MAX = 131_072
const FRACTION_DIGITS_MAX = 16_383

interface Decimal {
  readonly negative: boolean
  /** Without zeros in front; may be empty. */
  readonly whole: string
  /** All digits behind the point: their number is part of the value. */
  readonly fraction: string
}

const specials: ReadonlyMap<string, string> = new Map([
  ['nan', 'NaN'],
  ['inf', 'Infinity'],
  ['+inf', 'Infinity'],
  ['infinity', 'Infinity'],
  ['+infinity', 'Infinity'],
  ['-inf', '-Infinity'],
  ['-infinity', '-Infinity'],
])
const specialSigns: ReadonlyMap<string, number> = new Map([
  ['NaN', NAN],
  ['Infinity', INFINITE],
  ['-Infinity', MINUS_INFINITE],
])

function parse(text: string): Decimal | null {
  const parts = text.length > TEXT_SIZE_MAX ? null : decimal.exec(text)
  if (parts === null) return null
  const [, sign, whole, fraction = '', exponent] = parts
  if (whole === '' && fraction === '') return null
  const shift = Number(exponent ?? 0)
  if (Math.abs(shift) > INTEGER_DIGITS_MAX) return null
  const moved = movePoint(whole, fraction, shift)
  const digits = moved.whole.replace(/^0+/, '')
  if (digits.length > INTEGER_DIGITS_MAX || moved.fraction.length > FRACTION_DIGITS_MAX) return null
  const isZero = digits === '' && /^0*$/.test(moved.fraction)
  return { negative: sign === '-' && !isZero, whole: digits, fraction: moved.fraction }
}

function movePoint(whole: string, fraction: string, shift: number) {
  if (shift >= 0) {
    const padded = fraction.padEnd(shift, '0')
    return { whole: whole + padded.slice(0, shift), fraction: padded.slice(shift) }
  }
  const padded = whole.padStart(-shift, '0')
  const at = padded.length + shift
  return { whole: padded.slice(0, at), fraction: padded.slice(at) + fraction }
}

function print({ negative, whole, fraction }: Decimal): string {
  const point = fraction === '' ? '' : `.${fraction}`
  return `${negative ? '-' : ''}${whole || '0'}${point}`
}

function encode({ negative, whole, fraction }: Decimal): Buffer {
  const lead = whole.padStart(Math.ceil(whole.length / GROUP) * GROUP, '0')
  const tail = fraction.padEnd(Math.ceil(fraction.length / GROUP) * GROUP, '0')
  const groups = (lead + tail).match(/\d{4}/g)?.map(Number) ?? []
  let weight = lead.length / GROUP - 1
  while (groups[0] === 0) {
    groups.shift()
    weight--
  }
  while (groups.at(-1) === 0) groups.pop()
  if (groups.length === 0) weight = 0
  const sign = negative ? NEGATIVE : POSITIVE
  return build(groups, weight, sign, fraction.length)
}

function build(groups: readonly number[], weight: number, sign: number, scale: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_SIZE + 2 * groups.length)
  bytes.writeUInt16BE(groups.length, 0)
  bytes.writeInt16BE(weight, 2)
  bytes.writeUInt16BE(sign, 4)
  bytes.writeUInt16BE(scale, 6)
  groups.forEach((group, i) => {
    bytes.writeUInt16BE(group, HEADER_SIZE + 2 * i)
  })
  return bytes
}

function decode(bytes: Buffer): string | null {
  if (bytes.length < HEADER_SIZE) return null
  const count = bytes.readUInt16BE(0)
  if (bytes.length !== HEADER_SIZE + 2 * count) return null
  const weight = bytes.readInt16BE(2)
  const sign = bytes.readUInt16BE(4)
  const scale = bytes.readUInt16BE(6)
  for (const [text, special] of specialSigns) if (sign === special) return text
  if ((sign !== POSITIVE && sign !== NEGATIVE) || scale > FRACTION_DIGITS_MAX) return null
  const group = (at: number): string | null => {
    const value = at >= 0 && at < count ? bytes.readUInt16BE(HEADER_SIZE + 2 * at) : 0
    return value > 9999 ? null : String(value).padStart(GROUP, '0')
  }
  const digitsOf = (from: number, to: number) => {
    const parts = []
    for (let at = from; at < to; at++) parts.push(group(at))
    return parts.includes(null) ? null : parts.join('')
  }
  const pointAt = weight + 1
  const whole = digitsOf(0, Math.max(pointAt, 0))
  const fraction = digitsOf(pointAt, pointAt + Math.ceil(scale / GROUP))
  if (whole === null || fraction === null) return null
  const text = `${sign === NEGATIVE ? '-' : ''}${whole}.${fraction.slice(0, scale)}`
  const value = parse(text.startsWith('.') ? `0${text}` : text.replace('-.', '-0.'))
  return value === null ? null : print(value)
}

export const numeric: TypeCodec = {
  oid: 1700,
  size: -1,
  canonical(text) {
    const word = asciiOf(text)
    const special = specials.get(word.toLowerCase())
    if (special !== undefined) return bytesOf(special)
    const value = parse(word)
    return value === null ? null : bytesOf(print(value))
  },
  toBinary(text) {
    const word = asciiOf(text)
    const sign = specialSigns.get(word)
    if (sign !== undefined) return build([], 0, sign, 0)
    const value = parse(word)
    return value === null ? null : encode(value)
  },
  fromBinary(bytes) {
    const text = decode(bytes)
    return text === null ? null : bytesOf(text)
  },
}
