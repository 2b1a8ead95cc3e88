/** Asks acra-webconfig. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Failure } from './contract.ts'

/** How long a page that could not be loaded waits before it asks again. */
const RETRY_MS = 4000

/** An answer that is no success; `status` is 0 where there was none. */
export class RequestError extends Error {
  readonly status: number
  readonly hint: string | null

  constructor(status: number, { message, hint }: Failure) {
    super(message)
    this.status = status
    this.hint = hint ?? null
  }
}

/** Called when the session has ended. */
let onSignedOut = () => {}

export function whenSignedOut(act: () => void): void {
  onSignedOut = act
}

/** The answer of `/api/PATH`; throws RequestError. */
export async function request<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
  const response = await fetch(`/api/${path}`, {
    method,
    credentials: 'same-origin',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  }).catch(() => {
    throw new RequestError(0, {
      message: 'acra-webconfig does not answer',
      hint: 'Check that it runs. This page asks again by itself.',
    })
  })
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return answer as T
  if (response.status === 401 && path !== 'session') onSignedOut()
  throw new RequestError(response.status, failureIn(answer, response.status))
}

function failureIn(answer: unknown, status: number): Failure {
  const { message, hint } = (answer ?? {}) as Partial<Failure>
  if (typeof message !== 'string') return { message: `the request failed with status ${status}` }
  return typeof hint === 'string' ? { message, hint } : { message }
}

/** What a page shows: nothing yet, what it asked for, or why it has nothing. */
export interface Loaded<T> {
  readonly data: T | null
  readonly error: RequestError | null
  readonly reload: () => void
}

/** Loads what a page shows; a failure is tried again until it works. */
export function useLoaded<T>(path: string): Loaded<T> {
  const [data, setData] = useState<T | null>(null)
  const [error, setError] = useState<RequestError | null>(null)
  const [turn, setTurn] = useState(0)
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  useEffect(() => {
    let isCurrent = true
    let timer: ReturnType<typeof setTimeout> | undefined
    request<T>(path).then(
      (answer) => {
        if (!isCurrent) return
        setData(answer)
        setError(null)
      },
      (failure: unknown) => {
        if (!isCurrent) return
        setError(asRequestError(failure))
        timer = setTimeout(reload, RETRY_MS)
      },
    )
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [path, turn])
  return { data, error, reload }
}

export function asRequestError(failure: unknown): RequestError {
  if (failure instanceof RequestError) return failure
  throw failure
}
