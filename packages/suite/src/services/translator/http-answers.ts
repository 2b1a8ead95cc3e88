import { explained, type Soon, soon } from '../../foundation/index.ts'
import type { Logger } from '../../observe/index.ts'
import { events } from '../../observe/index.ts'
import type { Caller } from './caller.ts'
import { dataRequestIn, tokenRequest } from './http-schemas.ts'
import { OperationError } from './operation-error.ts'
import type { Operation } from './operations.ts'
import { jsonOf, plainOf, type TokenOperation, typeIn } from './token-requests.ts'
import { CANNOT_DETOKENIZE } from './tokens.ts'
import type { Values } from './values.ts'

export const INVALID = 'Invalid request data'
const EMPTY = `${INVALID}, empty data`

/** A refusal, as the original's clients know it. */
export class Refusal extends Error {
  readonly status: 400 | 413 | 422

  constructor(status: Refusal['status'], message: string) {
    super(message)
    this.status = status
  }
}

/** What an answer is made with. */
export interface AnswerContext {
  readonly callerOf: (zoneId: string) => Caller
  readonly values: Values
  readonly log: Logger
}

/** The answer to one request of HTTP v2, in JSON. Throws Refusal. */
export function answerOf(
  operation: Operation,
  request: Record<string, unknown> | null,
  { callerOf, values, log }: AnswerContext,
): Soon<string> {
  const parsed = dataRequestIn(request)
  if (parsed === null) throw new Refusal(400, INVALID)
  const data = Buffer.from(parsed.data, 'base64')
  if (data.length === 0 && !operation.takesEmpty) throw new Refusal(400, EMPTY)
  const caller = callerOf(parsed.zone_id ?? '')
  const answer = done(operation, caller, log, () => operation.run(values, caller, data))
  return soon(answer, (bytes) => `{"data":"${bytes.toString('base64')}"}`)
}

/** The same for tokens: numbers in the request are exact. */
export function tokenAnswerOf(
  operation: TokenOperation,
  request: Record<string, unknown> | null,
  { callerOf, values, log }: AnswerContext,
): Soon<string> {
  if (request?.data === undefined) throw new Refusal(400, request === null ? INVALID : EMPTY)
  const parsed = tokenRequest.safeParse(request)
  const type = parsed.success ? typeIn(parsed.data.type) : null
  if (!parsed.success || type === null) throw new Refusal(400, INVALID)
  const plain = plainOf(type, parsed.data.data)
  if (plain === null) throw new Refusal(400, INVALID)
  if (plain.length === 0) throw new Refusal(400, EMPTY)
  const caller = callerOf(parsed.data.zone_id ?? '')
  return done(operation, caller, log, () =>
    soon(operation.run(values, caller, type, plain), (answer) => {
      const json = answer === null ? null : jsonOf(type, answer)
      if (json === null) throw new OperationError('token-unknown', CANNOT_DETOKENIZE)
      return `{"data":${json}}`
    }),
  )
}

/** Does an operation; what is wrong goes to the log, and its `failure` to the client. Throws Refusal. */
export function done<R>(
  { name, failure }: { readonly name: string; readonly failure: string },
  caller: Caller,
  log: Logger,
  run: () => Soon<R>,
): Soon<R> {
  return explained(run, (error) => {
    if (error instanceof OperationError && error.code === 'request-invalid') {
      return new Refusal(400, INVALID)
    }
    tellFailure(log, name, caller, error)
    return new Refusal(422, failure)
  })
}

/** Logs why an operation was not done. */
export function tellFailure(log: Logger, operation: string, caller: Caller, error: unknown): void {
  log.event(events.cannotDoOperation, {
    operation,
    client_id: caller.clientId,
    ...(caller.zoneId === '' ? {} : { zone_id: caller.zoneId }),
    error,
  })
}
