/**
 * What requests and answers of HTTP v2 hold, described from these schemas. What comes with every value is checked by functions of the same meaning
 * (`dataRequestIn`, `bulkItemsIn`), since the schemas take as long as an operation; the rest is checked by the schemas. spec: acra-translator §4.3, §4.5
 */
import { isUtf8 } from 'node:buffer'
import { isBase64 } from '@acra-ts/crypto'
import { JsonNumber, parseExactly } from '@acra-ts/sdk/exact-json'
import { z } from '@hono/zod-openapi'

const base64 = z.string().refine(isBase64).openapi({
  format: 'byte',
  pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  example: 'aGVsbG8=',
})

const zoneId = z
  .string()
  .optional()
  .openapi({ description: 'Whose keys to use in the place of those of the client' })

export const dataRequest = z
  .object({
    data: base64.openapi({ description: 'The value, in base64' }),
    zone_id: zoneId,
  })
  .openapi('Request')

export const dataResponse = z.object({ data: base64 }).openapi('Response')

/** A request of this schema; null where it is none. */
export function dataRequestIn(
  request: Record<string, unknown> | null,
): z.infer<typeof dataRequest> | null {
  if (request === null) return null
  const { data, zone_id } = request
  if (typeof data !== 'string' || !isBase64(data)) return null
  if (zone_id === undefined) return { data }
  return typeof zone_id === 'string' ? { data, zone_id } : null
}

const exactInteger = z.instanceof(JsonNumber).openapi({ type: 'integer', format: 'int64' })

const tokenValue = z.union([exactInteger, z.string()]).openapi({
  description: 'An integer for types 1 and 2, else a string, for type 4 in base64',
  example: 'ann@example.com',
})

export const tokenRequest = z
  .object({
    type: exactInteger.openapi({
      description: '1 int32, 2 int64, 3 string, 4 bytes, 5 email',
      enum: [1, 2, 3, 4, 5],
      example: 5,
    }),
    data: tokenValue,
    zone_id: zoneId,
  })
  .openapi('TokenRequest')

export const tokenResponse = z.object({ data: tokenValue }).openapi('TokenResponse')

export const errorResponse = z
  .object({ code: z.int(), message: z.string() })
  .openapi('Error', { example: { code: 422, message: "Can't decrypt data" } })

const bulkItem = z.object({
  request_id: z.int(),
  operation: z.string(),
  request_data: z.record(z.string(), z.unknown()),
})

export const bulkRequest = z.object({ requests: z.array(bulkItem) }).openapi('BulkRequest')

type BulkItem = z.infer<typeof bulkItem>

/** The requests of this schema; null where one of them is none. */
export function bulkItemsIn(
  list: readonly (Record<string, unknown> | null)[] | null,
): readonly BulkItem[] | null {
  return list?.every(isBulkItem) ? (list as readonly unknown[] as readonly BulkItem[]) : null
}

function isBulkItem(item: Record<string, unknown> | null): boolean {
  return (
    item !== null &&
    Number.isSafeInteger(item.request_id) &&
    typeof item.operation === 'string' &&
    isObject(item.request_data)
  )
}

export const bulkResponse = z
  .array(
    z.object({
      request_id: z.int(),
      response_data: z.union([dataResponse, tokenResponse]).optional(),
      error: errorResponse.optional(),
    }),
  )
  .openapi('BulkResponse')

/** The object in a body, its names in lower case, since those of the original may be written in any. Null where there is none. */
export function objectIn(body: Buffer): Record<string, unknown> | null {
  return objectBy(JSON.parse, body)
}

/** The same with numbers as they are written; null also where the body is not UTF-8, of which nothing may be lost. */
export function exactObjectIn(body: Buffer): Record<string, unknown> | null {
  return isUtf8(body) ? objectBy(parseExactly, body) : null
}

function objectBy(parse: (text: string) => unknown, body: Buffer): Record<string, unknown> | null {
  if (!isModest(body)) return null
  try {
    return lowerCased(parse(body.toString('utf8')))
  } catch {
    return null // No JSON.
  }
}

/** The deepest value of a request is the data of one of many: everything beyond this is none. */
const DEPTH_MAX = 32
/** Some 30,000 requests in one. */
const PARTS_MAX = 200_000

/** False for JSON of more values, or of more of them in each other, than any request has: reading it would take far longer than it is large. */
function isModest(body: Buffer): boolean {
  let depth = 0
  let parts = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]
    if (byte === QUOTE) at = endOfString(body, at)
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--
    else if (byte === COMMA) parts++
    if (depth > DEPTH_MAX || parts > PARTS_MAX) return false
  }
  return true
}

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Where the quote stands that ends the string that begins at `quote`. */
function endOfString(body: Buffer, quote: number): number {
  for (let end = body.indexOf(QUOTE, quote + 1); end !== -1; end = body.indexOf(QUOTE, end + 1)) {
    let escapes = 0
    while (body[end - 1 - escapes] === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return body.length
}

/** The same of a value that was read already. */
export function lowerCased(value: unknown): Record<string, unknown> | null {
  if (!isObject(value)) return null
  const names = Object.keys(value)
  // As most come: nothing is to be copied.
  if (names.every((name) => name === name.toLowerCase())) return value
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), value[name]]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
