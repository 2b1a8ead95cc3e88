/** What requests and answers of HTTP v2 hold: checked by these schemas, and described from them. spec: acra-translator §4.3, §4.5 */
import { isUtf8 } from 'node:buffer'
import { JsonNumber, parseExactly } from '@acra-ts/sdk/exact-json'
import { z } from '@hono/zod-openapi'

/** Standard base64 with padding. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Whether a text is the base64 of something. */
export function isBase64(text: string): boolean {
  return BASE64.test(text)
}

const base64 = z.string().regex(BASE64).openapi({ format: 'byte', example: 'aGVsbG8=' })

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

export const bulkRequest = z
  .object({
    requests: z.array(
      z.object({
        request_id: z.int(),
        operation: z.string(),
        request_data: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .openapi('BulkRequest')

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
  try {
    return lowerCased(parse(body.toString('utf8')))
  } catch {
    return null // No JSON.
  }
}

/** The same of a value that was read already. */
export function lowerCased(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toLowerCase(), one]))
}
