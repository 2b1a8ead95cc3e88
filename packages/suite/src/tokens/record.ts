import { TokenStoreError } from './token-store.ts'

/**
 * What stands around every record, as protobuf (spec: acra-envelopes §7.4):
 *
 *     1 bytes data   2 int64 created   3 int64 accessed (seconds)   4 bool disabled
 *
 * Fields that are zero are left out. And around the original of a token: 1 bytes value, 2 type.
 */
export interface TokenRecord {
  readonly data: Buffer
  /** Seconds since 1970. */
  readonly created: number
  readonly accessed: number
  readonly disabled: boolean
}

const VARINT = 0
const BYTES = 2

export function encodeRecord({ data, created, accessed, disabled }: TokenRecord): Buffer {
  return Buffer.concat([
    data.length === 0 ? NOTHING : bytesField(1, data),
    varintField(2, created),
    varintField(3, accessed),
    varintField(4, disabled ? 1 : 0),
  ])
}

/** Throws TokenStoreError where it is none. */
export function decodeRecord(value: Buffer): TokenRecord {
  const { bytes, numbers } = decodeFields(value)
  return {
    data: bytes.get(1) ?? NOTHING,
    created: numbers.get(2) ?? 0,
    accessed: numbers.get(3) ?? 0,
    disabled: numbers.get(4) === 1,
  }
}

/** The original that a token stands for, with the number of its type. */
export function encodeTokenValue(value: Buffer, type: number): Buffer {
  return Buffer.concat([value.length === 0 ? NOTHING : bytesField(1, value), varintField(2, type)])
}

/** Throws TokenStoreError where it is none. */
export function decodeTokenValue(encoded: Buffer): { value: Buffer; type: number } {
  const { bytes, numbers } = decodeFields(encoded)
  return { value: bytes.get(1) ?? NOTHING, type: numbers.get(2) ?? 0 }
}

const NOTHING = Buffer.alloc(0)

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | BYTES), varint(bytes.length), bytes])
}

function varintField(number: number, value: number): Buffer {
  return value === 0 ? NOTHING : Buffer.concat([varint((number << 3) | VARINT), varint(value)])
}

/** Seven bits a byte, the lowest first; a negative number takes ten bytes. */
function varint(value: number): Buffer {
  if (value >= 0 && value < 0x80) return Buffer.of(value)
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

function decodeFields(encoded: Buffer) {
  const bytes = new Map<number, Buffer>()
  const numbers = new Map<number, number>()
  let at = 0
  const next = (): number => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= encoded.length) throw damaged()
      const byte = encoded[at++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(64, value))
    }
    throw damaged()
  }
  while (at < encoded.length) {
    const tag = next()
    if ((tag & 7) === VARINT) numbers.set(tag >> 3, next())
    else if ((tag & 7) === BYTES) {
      const size = next()
      if (size < 0 || size > encoded.length - at) throw damaged()
      bytes.set(tag >> 3, encoded.subarray(at, at + size))
      at += size
    } else throw damaged()
  }
  return { bytes, numbers }
}

function damaged(): TokenStoreError {
  return new TokenStoreError('token-store-damaged', 'a record of a token is damaged')
}
