/**
 * The part of DER that key rings are made of: definite lengths in their shortest form, integers of up to 32 bits, octets, times, sequences,
 * sets. spec: keystore §3.2
 */

/** Bytes that are not DER, or not the structure that was expected. The message says what was expected, never what was found. */
export class DerError extends Error {}

export const derTags = {
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[n] IMPLICIT`, primitive. */
  context: (n: number) => 0x80 | n,
} as const

/** One value: its tag, its content, and all of its bytes. */
export interface DerElement {
  readonly tag: number
  readonly content: Buffer
  readonly whole: Buffer
}

/** Reads values one after the other. Every length is checked against what is there. */
export class DerReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The tag of the next value; null at the end. */
  get nextTag(): number | null {
    return this.#bytes[this.#at] ?? null
  }

  /** The next value, whose tag must be one of these. */
  next(...tags: readonly number[]): DerElement {
    const start = this.#at
    const tag = this.#byte()
    if (!tags.includes(tag)) throw new DerError('a value of another type')
    const length = this.#length()
    const end = this.#at + length
    if (end > this.#bytes.length) throw new DerError('a value that is cut off')
    const content = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return { tag, content, whole: this.#bytes.subarray(start, end) }
  }

  /** A reader of the next value's content, which is a sequence or set. */
  within(tag: number): DerReader {
    return new DerReader(this.next(tag).content)
  }

  integer(): number {
    const { content } = this.next(derTags.integer, derTags.enumerated)
    const { length } = content
    if (length === 0 || length > 4) throw new DerError('an integer out of bounds')
    const value = content.readIntBE(0, length)
    if (!encodeInteger(value).subarray(2).equals(content))
      throw new DerError('an integer that is longer than need be')
    return value
  }

  /** UTCTime or GeneralizedTime, with `Z` or an offset: the original writes its local time. */
  time(): Date {
    const { tag, content } = this.next(derTags.utcTime, derTags.generalizedTime)
    const pattern = tag === derTags.utcTime ? utcTime : generalizedTime
    const [, year = '', month, day, hour, minute, second = '00', zone = ''] =
      pattern.exec(content.toString('latin1')) ?? []
    const fullYear = tag === derTags.utcTime ? `${Number(year) < 50 ? 20 : 19}${year}` : year
    const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`
    const date = new Date(`${fullYear}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
    if (Number.isNaN(date.getTime())) throw new DerError('a time that is none')
    return date
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.isAtEnd) throw new DerError('bytes behind its end')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new DerError('a value that is cut off')
    return byte
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 4) throw new DerError('a length out of bounds')
    let length = 0
    for (let n = 0; n < count; n++) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 256 ** (count - 1))
      throw new DerError('a length that is longer than need be')
    return length
  }
}

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})$/
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?(Z|[+-]\d{4})$/

export function encodeElement(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.of(tag), encodeLength(length), ...content])
}

export function encodeSequence(...parts: readonly Uint8Array[]): Buffer {
  return encodeElement(derTags.sequence, ...parts)
}

/** The members of a set are ordered by their bytes. */
export function encodeSet(parts: readonly Buffer[]): Buffer {
  return encodeElement(derTags.set, ...parts.toSorted(Buffer.compare))
}

/** An integer of up to 32 bits, in its shortest form. */
export function encodeInteger(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  let start = 0
  while (start < 3 && bytes.readInt16BE(start) >> 7 === bytes.readInt8(start)) start++
  return encodeElement(derTags.integer, bytes.subarray(start))
}

export function encodeOctets(bytes: Uint8Array, tag: number = derTags.octets): Buffer {
  return encodeElement(tag, bytes)
}

/** UTCTime with `Z`; GeneralizedTime where the year asks for it. */
export function encodeTime(time: Date): Buffer {
  const digits = `${time.toISOString().slice(0, 19).replace(/\D/g, '')}Z`
  const year = time.getUTCFullYear()
  const isUtc = year >= 1950 && year < 2050
  return isUtc
    ? encodeElement(derTags.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : encodeElement(derTags.generalizedTime, Buffer.from(digits, 'latin1'))
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  const start = bytes.findIndex((byte) => byte !== 0)
  return Buffer.concat([Buffer.of(0x80 | (4 - start)), bytes.subarray(start)])
}
