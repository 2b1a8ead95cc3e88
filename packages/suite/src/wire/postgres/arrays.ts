/**
 * Arrays of one dimension, or none (manual, "Array Input and Output Syntax"; binary format: `array_send`). Elements are bytes in the
 * format of the array; null for NULL.
 */
export type ArrayElements = readonly (Buffer | null)[]

/** An array in binary format, with the type that it says of its elements. */
export interface BinaryArray {
  readonly elementType: number
  readonly elements: ArrayElements
}

const OPEN = 0x7b
const CLOSE = 0x7d
const COMMA = 0x2c
const DOUBLE_QUOTE = 0x22
const BACKSLASH = 0x5c
const HEADER_SIZE = 12
const DIMENSION_SIZE = 8
const NULL_LENGTH = -1

/** The elements of `{a,"b c",NULL}`; null where that is no array, has more dimensions, or says its bounds. */
export function decodeArrayText(text: Buffer): ArrayElements | null {
  let at = skipSpace(text, 0)
  if (text[at] !== OPEN) return null
  at = skipSpace(text, at + 1)
  const elements: (Buffer | null)[] = []
  if (text[at] === CLOSE) return endsAt(text, at + 1) ? elements : null
  for (;;) {
    const element = elementAt(text, at)
    if (element === null) return null
    elements.push(element.value)
    at = skipSpace(text, element.next)
    if (text[at] === CLOSE) return endsAt(text, at + 1) ? elements : null
    if (text[at] !== COMMA) return null
    at = skipSpace(text, at + 1)
  }
}

function endsAt(text: Buffer, at: number): boolean {
  return skipSpace(text, at) === text.length
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}

function skipSpace(text: Buffer, from: number): number {
  let at = from
  while (isSpace(text[at])) at++
  return at
}

function elementAt(text: Buffer, from: number): { value: Buffer | null; next: number } | null {
  const isQuoted = text[from] === DOUBLE_QUOTE
  const bytes: number[] = []
  let at = isQuoted ? from + 1 : from
  let size = 0
  let isEscaped = false
  for (; at < text.length; at++) {
    const byte = text[at]
    if (isQuoted ? byte === DOUBLE_QUOTE : byte === COMMA || byte === CLOSE) break
    if (!isQuoted && (byte === OPEN || byte === DOUBLE_QUOTE)) return null
    const escapes = byte === BACKSLASH
    if (escapes) at++
    if (at >= text.length) return null
    isEscaped ||= escapes
    bytes.push(text[at])
    // White space at the end of a bare element is no part of it.
    if (isQuoted || escapes || !isSpace(byte)) size = bytes.length
  }
  if (at >= text.length) return null
  const value = Buffer.from(bytes.slice(0, isQuoted ? bytes.length : size))
  if (isQuoted) return { value, next: at + 1 }
  if (value.length === 0) return null
  const isNull = !isEscaped && value.toString('latin1').toUpperCase() === 'NULL'
  return { value: isNull ? null : value, next: at }
}

/** `{"a","b c",NULL}`: every element in quotes. */
export function encodeArrayText(elements: ArrayElements): Buffer {
  const parts = elements.map((element) =>
    element === null ? 'NULL' : `"${element.toString('latin1').replace(/["\\]/g, '\\$&')}"`,
  )
  return Buffer.from(`{${parts.join(',')}}`, 'latin1')
}

/** Null where the bytes are no array, or one of more dimensions. */
export function decodeArrayBinary(bytes: Buffer): BinaryArray | null {
  if (bytes.length < HEADER_SIZE) return null
  const dimensions = bytes.readInt32BE(0)
  const elementType = bytes.readUInt32BE(8)
  if (dimensions === 0) return bytes.length === HEADER_SIZE ? { elementType, elements: [] } : null
  if (dimensions !== 1 || bytes.length < HEADER_SIZE + DIMENSION_SIZE) return null
  const count = bytes.readInt32BE(HEADER_SIZE)
  const elements: (Buffer | null)[] = []
  let at = HEADER_SIZE + DIMENSION_SIZE
  for (let index = 0; index < count; index++) {
    if (at + 4 > bytes.length) return null
    const length = bytes.readInt32BE(at)
    at += 4
    if (length === NULL_LENGTH) elements.push(null)
    else {
      if (length < 0 || at + length > bytes.length) return null
      elements.push(bytes.subarray(at, at + length))
      at += length
    }
  }
  return at === bytes.length ? { elementType, elements } : null
}

export function encodeArrayBinary({ elementType, elements }: BinaryArray): Buffer {
  const size = elements.reduce((sum, element) => sum + 4 + (element?.length ?? 0), 0)
  const bytes = Buffer.alloc(HEADER_SIZE + (elements.length > 0 ? DIMENSION_SIZE : 0) + size)
  bytes.writeInt32BE(elements.length > 0 ? 1 : 0, 0)
  bytes.writeInt32BE(elements.includes(null) ? 1 : 0, 4)
  bytes.writeUInt32BE(elementType, 8)
  if (elements.length === 0) return bytes
  bytes.writeInt32BE(elements.length, HEADER_SIZE)
  bytes.writeInt32BE(1, HEADER_SIZE + 4)
  let at = HEADER_SIZE + DIMENSION_SIZE
  for (const element of elements) {
    bytes.writeInt32BE(element?.length ?? NULL_LENGTH, at)
    at += 4
    if (element !== null) at += element.copy(bytes, at)
  }
  return bytes
}
