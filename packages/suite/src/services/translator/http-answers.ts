import type { Logger } from '../../observe/index.ts'
import { events } from '../../observe/index.ts'
import { dataRequest, lowerCased } from './http-schemas.ts'
import { OperationError } from './operation-error.ts'
import type { Operation } from './operations.ts'
import type { Caller, Values } from './values.ts'

const INVALID = 'Invalid request data'

/** A refusal, as the original's clients know it. */
export class Refusal extends Error {
  readonly status: 400 | 413 | 422 | 501

  constructor(status: Refusal['status'], message: string) {
    super(message)
    this.status = status
  }
}

/** The answer to one request of HTTP v2: `data` is base64. Throws Refusal. */
export async function answerOf(
  operation: Operation,
  request: Record<string, unknown> | null,
  callerOf: (zoneId: string) => Caller,
  values: Values,
  log: Logger,
): Promise<{ readonly data: string }> {
  const parsed = dataRequest.safeParse(request)
  if (!parsed.success) throw new Refusal(400, INVALID)
  const data = Buffer.from(parsed.data.data, 'base64')
  if (data.length === 0 && !operation.takesEmpty) throw new Refusal(400, `${INVALID}, empty data`)
  const caller = callerOf(parsed.data.zone_id ?? '')
  const answer = await done(operation, operation.failure, values, caller, data, log)
  return { data: answer.toString('base64') }
}

/** Does an operation; what is wrong goes to the log, and `message` to the client. Throws Refusal. */
export async function done(
  operation: Operation,
  message: string,
  values: Values,
  caller: Caller,
  data: Buffer,
  log: Logger,
): Promise<Buffer> {
  try {
    return await operation.run(values, caller, data)
  } catch (error) {
    if (error instanceof OperationError && error.code === 'request-invalid') {
      throw new Refusal(400, INVALID)
    }
    tellFailure(log, operation.name, caller, error)
    throw new Refusal(422, message)
  }
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

/** The object of a bulk request, its names as in any other. */
export function bulkItems(request: Record<string, unknown>): Record<string, unknown> {
  const { requests } = request
  return { requests: Array.isArray(requests) ? requests.map((item) => lowerCased(item)) : null }
}
