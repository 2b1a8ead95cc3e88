import { asciiOf, bytesOf, type TypeCodec } from './codec.ts'

const decimal = /^[-+]?\d+$/
/** More digits than any integer here has, zeros in front allowed for. */
const DIGITS_MAX = 40

function integer(oid: number, size: 2 | 4 | 8): TypeCodec {
  const bits = size * 8
  const parse = (text: Buffer): bigint | null => {
    if (text.length > DIGITS_MAX) return null
    const digits = asciiOf(text)
    if (!decimal.test(digits)) return null
    const value = BigInt(digits.replace(/^\+/, ''))
    return BigInt.asIntN(bits, value) === value ? value : null
  }
  return {
    oid,
    size,
    canonical(text) {
      const value = parse(text)
      return value === null ? null : bytesOf(value.toString())
    },
    toBinary(text) {
      const value = parse(text)
      if (value === null) return null
      const bytes = Buffer.allocUnsafe(8)
      bytes.writeBigInt64BE(value)
      return bytes.subarray(8 - size)
    },
    /** Any of the three widths, as long as the value fits: clients declare what they like. */
    fromBinary(bytes) {
      const value = signedOf(bytes)
      if (value === null || BigInt.asIntN(bits, value) !== value) return null
      return bytesOf(value.toString())
    },
  }
}

function signedOf(bytes: Buffer): bigint | null {
  switch (bytes.length) {
    case 2:
      return BigInt(bytes.readInt16BE())
    case 4:
      return BigInt(bytes.readInt32BE())
    case 8:
      return bytes.readBigInt64BE()
    default:
      return null
  }
}

export const int16: TypeCodec = integer(21, 2)
export const int32: TypeCodec = integer(23, 4)
export const int64: TypeCodec = integer(20, 8)
