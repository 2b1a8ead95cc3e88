/** What requests and answers of HTTP v2 hold: checked by these schemas, and described from them. spec: acra-translator §4.3, §4.5 */
import { z } from '@hono/zod-openapi'

/** Standard base64 with padding. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const base64 = z.string().regex(BASE64).openapi({ format: 'byte', example: 'aGVsbG8=' })

export const dataRequest = z
  .object({
    data: base64.openapi({ description: 'The value, in base64' }),
    zone_id: z
      .string()
      .optional()
      .openapi({ description: 'Whose keys to use in the place of those of the client' }),
  })
  .openapi('Request')

export const dataResponse = z.object({ data: base64 }).openapi('Response')

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
      response_data: dataResponse.optional(),
      error: errorResponse.optional(),
    }),
  )
  .openapi('BulkResponse')

/** The object in a body, its names in lower case, since those of the original may be written in any. Null where there is none. */
export function objectIn(body: Buffer): Record<string, unknown> | null {
  try {
    return lowerCased(JSON.parse(body.toString('utf8')))
  } catch {
    return null // No JSON.
  }
}

/** The same of a value that was read already. */
export function lowerCased(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toLowerCase(), one]))
}
