import { AcraError } from '../../../foundation/index.ts'

/** Errors below errors that are carried over. */
const CAUSES_MAX = 5

/** An error on its way to another process: its code, where it is one of ours, and the messages of its chain. */
export interface TransportedError {
  readonly code: string | null
  readonly messages: readonly string[]
}

export function packError(error: unknown): TransportedError {
  const messages: string[] = []
  for (let at = error; at instanceof Error && messages.length < CAUSES_MAX; at = at.cause) {
    messages.push(at.message === '' ? at.name : at.message)
  }
  if (messages.length === 0) messages.push('something that is no error was thrown')
  return { code: error instanceof AcraError ? error.code : null, messages }
}

/** The error again, with the same code, message and causes. */
export function unpackError({ code, messages }: TransportedError): Error {
  const cause = messages
    .slice(1)
    .reduceRight<Error | undefined>(
      (below, message) => new Error(message, { cause: below }),
      undefined,
    )
  const message = messages[0] ?? ''
  return code === null ? new Error(message, { cause }) : new AcraError(code, message, { cause })
}
