/** Many operations in one request of HTTP v2. spec: acra-translator §4.5 */
import { setImmediate } from 'node:timers/promises'
import type { Soon } from '../../foundation/index.ts'
import { type AnswerContext, answerOf, INVALID, Refusal, tokenAnswerOf } from './http-answers.ts'
import { bulkItemsIn, exactObjectIn, lowerCased, objectIn } from './http-schemas.ts'
import { operations } from './operations.ts'
import { tokenOperations } from './token-requests.ts'

/** So many operations are carried out before other requests have their turn. */
const ITEMS_AT_ONCE = 32

const byName = new Map(operations.map((operation) => [operation.name, operation]))
const tokensByName = new Map(tokenOperations.map((operation) => [operation.name, operation]))

/** The answers to the operations in a body, in JSON: a result or an error for each. Throws Refusal where it holds no operations. */
export async function bulkAnswerOf(body: Buffer, context: AnswerContext): Promise<string> {
  const items = bulkItemsIn(listIn(objectIn(body)))
  if (items === null) throw new Refusal(400, INVALID)
  const hasTokens = items.some(({ operation }) => tokensByName.has(operation))
  const exactItems = hasTokens ? listIn(exactObjectIn(body)) : null
  const answers: string[] = []
  for (const [i, { request_id, operation, request_data }] of items.entries()) {
    const request = lowerCased(
      tokensByName.has(operation) ? exactItems?.[i]?.request_data : request_data,
    )
    const answer = itemAnswer(request_id, operation, request, context)
    // A promise for each of thousands of values would cost more than its absence here.
    answers.push(typeof answer === 'string' ? answer : await answer)
    if (i % ITEMS_AT_ONCE === ITEMS_AT_ONCE - 1) await setImmediate()
  }
  return `[${answers.join(',')}]`
}

/** What stands in the list of requests, with names in lower case; null where there is no list. */
function listIn(body: Record<string, unknown> | null): (Record<string, unknown> | null)[] | null {
  return Array.isArray(body?.requests) ? body.requests.map((item) => lowerCased(item)) : null
}

function itemAnswer(
  id: number,
  name: string,
  request: Record<string, unknown> | null,
  context: AnswerContext,
): Soon<string> {
  const given = (data: string) => `{"request_id":${id},"response_data":${data}}`
  const refused = (error: unknown) => {
    if (!(error instanceof Refusal)) throw error
    const told = JSON.stringify({ code: error.status, message: error.message })
    return `{"request_id":${id},"error":${told}}`
  }
  try {
    const result = resultOf(name, request, context)
    return typeof result === 'string' ? given(result) : result.then(given, refused)
  } catch (error) {
    return refused(error)
  }
}

function resultOf(
  name: string,
  request: Record<string, unknown> | null,
  context: AnswerContext,
): Soon<string> {
  const operation = byName.get(name)
  if (operation !== undefined) return answerOf(operation, request, context)
  const tokenOperation = tokensByName.get(name)
  if (tokenOperation !== undefined) return tokenAnswerOf(tokenOperation, request, context)
  throw new Refusal(400, INVALID)
}
