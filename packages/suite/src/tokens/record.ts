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
const NOTHING: Buffer = Buffer.alloc(0)

export function encodeRecord({ data, created, accessed, disabled }: TokenRecord): Buffer {
  const writer = new FieldWriter(data.length)
  writer.bytes(1, data)
  writer.number(2, created)
  writer.number(3, accessed)
  writer.number(4, disabled ? 1 : 0)
  return writer.take()
}

/** A view of `value`. Throws TokenStoreError where it is no record. */
export function decodeRecord(value: Buffer): TokenRecord {
  const reader = new FieldReader(value)
  let data = NOTHING
  let [created, accessed, disabled] = [0, 0, false]
  while (reader.next()) {
    if (reader.isBytes) {
      if (reader.field === 1) data = reader.bytes
    } else if (reader.field === 2) created = reader.number
    else if (reader.field === 3) accessed = reader.number
    else if (reader.field === 4) disabled = reader.number === 1
  }
  return { data, created, accessed, disabled }
}

/** The original that a token stands for, with the number of its type. */
export function encodeTokenValue(value: Buffer, type: number): Buffer {
  const writer = new FieldWriter(value.length)
  writer.bytes(1, value)
  writer.number(2, type)
  return writer.take()
}

/** A view of `encoded`. Throws TokenStoreError where it is none. */
export function decodeTokenValue(encoded: Buffer): { value: Buffer; type: number } {
  const reader = new FieldReader(encoded)
  let value = NOTHING
  let type = 0
  while (reader.next()) {
    if (reader.isBytes && reader.field === 1) value = reader.bytes
    else if (!reader.isBytes && reader.field === 2) type = reader.number
  }
  return { value, type }
}

/** What one varint takes at most, in bytes: a negative number takes all of them. */
const VARINT_SIZE_MAX = 10
/** Fields of a record besides its bytes. */
const NUMBERS_MAX = 3
const FIELD_SIZE_MAX = 1 + VARINT_SIZE_MAX
/** Numbers below are computed with as they are, without BigInt. */
const SMALL = 2 ** 35

/** Writes the fields of one record, whose bytes are `bytesSize` long; a field that is empty or zero is left out. */
class FieldWriter {
  readonly #target: Buffer
  #length = 0

  constructor(bytesSize: number) {
    this.#target = Buffer.allocUnsafe(bytesSize + (1 + NUMBERS_MAX) * FIELD_SIZE_MAX)
  }

  bytes(field: number, bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#varint((field << 3) | BYTES)
    this.#varint(bytes.length)
    this.#target.set(bytes, this.#length)
    this.#length += bytes.length
  }

  number(field: number, value: number): void {
    if (value === 0) return
    this.#varint((field << 3) | VARINT)
    this.#varint(value)
  }

  take(): Buffer {
    return this.#target.subarray(0, this.#length)
  }

  /** Seven bits a byte, the lowest first. */
  #varint(value: number): void {
    if (value < 0) this.#longVarint(value)
    else {
      const target = this.#target
      let rest = value
      for (; rest > 0x7f; rest = Math.floor(rest / 0x80))
        target[this.#length++] = (rest % 0x80) | 0x80
      target[this.#length++] = rest
    }
  }

  #longVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 0x7fn; rest >>= 7n) this.#target[this.#length++] = Number(rest & 0x7fn) | 0x80
    this.#target[this.#length++] = Number(rest)
  }
}

/** Reads the fields of one record. Throws TokenStoreError where there is something else. */
class FieldReader {
  field = 0
  /** Whether the field has bytes, as opposed to a number. */
  isBytes = false
  bytes: Buffer = NOTHING
  number = 0
  readonly #encoded: Buffer
  #at = 0

  constructor(encoded: Buffer) {
    this.#encoded = encoded
  }

  /** Goes to the next field; false at the end. */
  next(): boolean {
    if (this.#at >= this.#encoded.length) return false
    const tag = this.#varint()
    this.field = tag >> 3
    this.isBytes = (tag & 7) === BYTES
    if (!this.isBytes) {
      if ((tag & 7) !== VARINT) throw damaged()
      this.number = this.#varint()
      return true
    }
    const size = this.#varint()
    if (size < 0 || size > this.#encoded.length - this.#at) throw damaged()
    this.bytes = this.#encoded.subarray(this.#at, this.#at + size)
    this.#at += size
    return true
  }

  #varint(): number {
    const start = this.#at
    let value = 0
    for (let unit = 1; unit < SMALL; unit *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
    }
    this.#at = start
    return this.#longVarint()
  }

  #longVarint(): number {
    let value = 0n
    for (let shift = 0n; shift < 7n * BigInt(VARINT_SIZE_MAX); shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(64, value))
    }
    throw damaged()
  }

  #byte(): number {
    const byte = this.#encoded[this.#at++]
    if (byte === undefined) throw damaged()
    return byte
  }
}

function damaged(): TokenStoreError {
  return new TokenStoreError('token-store-damaged', 'a record of a token is damaged')
}
