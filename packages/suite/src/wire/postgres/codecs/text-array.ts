import type { TypeCodec } from './codec.ts'

/*
 * An array of texts with one dimension, or none: in text `{a,"b c",NULL}`; in binary format int32 each of dimensions, a flag for
 * NULLs, the type of the elements, then size and first index of the dimension, then each element behind its length.
 */

const TEXT_OID = 25
const HEADER_SIZE = 12
const DIMENSION_SIZE = 8
const NULL_LENGTH = -1

type Elements = readonly (string | null)[]

/** The elements of an array's text; null where it is none, or has more dimensions. Looks at every character once. */
function parse(text: string): Elements | null {
  const trimmed = text.trim()
  if (trimmed.length < 2 || !trimmed.startsWith('{') || !trimmed.endsWith('}')) return null
  const end = trimmed.length - 1
  if (trimmed.slice(1, end).trim() === '') return []
  const elements: (string | null)[] = []
  let at = 1
  for (;;) {
    const element = elementAt(trimmed, at, end)
    if (element === null) return null
    elements.push(element.value)
    if (element.next === end) return elements
    if (trimmed[element.next] !== ',') return null
    at = element.next + 1
  }
}

const isSpace = (char: string | undefined) => char !== undefined && /\s/.test(char)

/** The element that begins at `at`, and where its comma or the end stands. */
function elementAt(
  text: string,
  from: number,
  end: number,
): { value: string | null; next: number } | null {
  let at = from
  while (at < end && isSpace(text[at])) at++
  return text[at] === '"' ? quotedAt(text, at + 1, end) : bareAt(text, at, end)
}

function quotedAt(text: string, from: number, end: number) {
  let value = ''
  let at = from
  for (; at < end && text[at] !== '"'; at++) {
    if (text[at] === '\\') at++
    value += text[at]
  }
  if (at >= end) return null
  at++
  while (at < end && isSpace(text[at])) at++
  return { value, next: at }
}

function bareAt(text: string, from: number, end: number) {
  let value = ''
  let size = 0
  let at = from
  for (; at < end && text[at] !== ','; at++) {
    if ('{}"'.includes(text[at])) return null
    const isEscaped = text[at] === '\\'
    if (isEscaped) at++
    value += text[at]
    if (isEscaped || !isSpace(text[at])) size = value.length
  }
  if (at > end || size === 0) return null
  const bare = value.slice(0, size)
  return { value: bare.toUpperCase() === 'NULL' ? null : bare, next: at }
}

function print(elements: Elements): string {
  const parts = elements.map((element) => {
    if (element === null) return 'NULL'
    const mustQuote = element === '' || /[\s"\\{},]/.test(element) || /^null$/i.test(element)
    return mustQuote ? `"${element.replace(/["\\]/g, '\\$&')}"` : element
  })
  return `{${parts.join(',')}}`
}

function encode(elements: Elements): Buffer {
  if (elements.length === 0) return header(0, false)
  const dimension = Buffer.allocUnsafe(DIMENSION_SIZE)
  dimension.writeInt32BE(elements.length, 0)
  dimension.writeInt32BE(1, 4)
  const parts = [header(1, elements.includes(null)), dimension]
  for (const element of elements) {
    const bytes = element === null ? Buffer.alloc(0) : Buffer.from(element)
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(element === null ? NULL_LENGTH : bytes.length)
    parts.push(length, bytes)
  }
  return Buffer.concat(parts)
}

function header(dimensions: number, hasNull: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_SIZE)
  bytes.writeInt32BE(dimensions, 0)
  bytes.writeInt32BE(hasNull ? 1 : 0, 4)
  bytes.writeInt32BE(TEXT_OID, 8)
  return bytes
}

function decode(bytes: Buffer): Elements | null {
  if (bytes.length < HEADER_SIZE) return null
  const dimensions = bytes.readInt32BE(0)
  if (dimensions === 0) return bytes.length === HEADER_SIZE ? [] : null
  if (dimensions !== 1 || bytes.length < HEADER_SIZE + DIMENSION_SIZE) return null
  const count = bytes.readInt32BE(HEADER_SIZE)
  const elements: (string | null)[] = []
  let at = HEADER_SIZE + DIMENSION_SIZE
  while (elements.length < count) {
    if (at + 4 > bytes.length) return null
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < NULL_LENGTH || length > bytes.length - at) return null
    const element = length === NULL_LENGTH ? null : textIn(bytes.subarray(at, at + length))
    if (element === undefined) return null
    elements.push(element)
    at += Math.max(length, 0)
  }
  return at === bytes.length ? elements : null
}

/** Undefined where it is not UTF-8. */
function textIn(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') && !Buffer.from(text).equals(bytes) ? undefined : text
}

export const textArray: TypeCodec = {
  oid: 1009,
  size: -1,
  canonical(text) {
    const elements = parse(text.toString('utf8'))
    return elements === null ? null : Buffer.from(print(elements))
  },
  toBinary(text) {
    const elements = parse(text.toString('utf8'))
    return elements === null ? null : encode(elements)
  },
  fromBinary(bytes) {
    const elements = decode(bytes)
    return elements === null ? null : Buffer.from(print(elements))
  },
}
