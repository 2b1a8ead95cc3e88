import { asciiOf, bytesOf, type TypeCodec } from './codec.ts'

const number = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i
const words: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])
const FLOAT32_DIGITS_MAX = 9
const TEXT_SIZE_MAX = 400

/** The number that a text names and the type holds; null where it is none, or is out of range. */
function parse(text: Buffer, round: (value: number) => number): number | null {
  if (text.length > TEXT_SIZE_MAX) return null
  const word = asciiOf(text)
  const special = words.get(word.toLowerCase())
  if (special !== undefined) return special
  if (!number.test(word)) return null
  const value = round(Number(word))
  return Number.isFinite(value) ? value : null
}

/** The shortest digits that mean the value among those of its type, as the server prints it. */
function print(value: number, isSingle: boolean): string {
  if (Object.is(value, -0)) return '-0'
  if (!Number.isFinite(value)) return String(value)
  let text = String(value)
  for (let digits = 1; isSingle && digits <= FLOAT32_DIGITS_MAX; digits++) {
    text = String(Number(value.toPrecision(digits)))
    if (Math.fround(Number(text)) === value) break
  }
  return withExponent(text)
}

/** The server writes exponents from 15 digits on, and with two digits at least. */
function withExponent(text: string): string {
  const [mantissa, exponent] = text.split('e')
  if (exponent === undefined) return text
  const sign = exponent.startsWith('-') ? '-' : '+'
  return `${mantissa}e${sign}${exponent.replace(/^[-+]/, '').padStart(2, '0')}`
}

function float(oid: number, size: 4 | 8): TypeCodec {
  const isSingle = size === 4
  const round = isSingle ? Math.fround : (value: number) => value
  const textOf = (value: number) => bytesOf(print(value, isSingle))
  return {
    oid,
    size,
    canonical(text) {
      const value = parse(text, round)
      return value === null ? null : textOf(value)
    },
    toBinary(text) {
      const value = parse(text, round)
      if (value === null) return null
      const bytes = Buffer.allocUnsafe(size)
      if (isSingle) bytes.writeFloatBE(value)
      else bytes.writeDoubleBE(value)
      return bytes
    },
    fromBinary(bytes) {
      if (bytes.length !== size) return null
      return textOf(isSingle ? bytes.readFloatBE() : bytes.readDoubleBE())
    },
  }
}

export const float32: TypeCodec = float(700, 4)
export const float64: TypeCodec = float(701, 8)
