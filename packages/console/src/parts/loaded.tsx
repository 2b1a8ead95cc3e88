import type { ComponentChildren } from 'preact'
import type { Loaded } from '../request.ts'
import { ErrorNotice } from './notice.tsx'

/** What was loaded, or why it was not. What was there before an error stays. */
export function Page<T>(props: {
  readonly loaded: Loaded<T>
  readonly children: (data: T) => ComponentChildren
}) {
  const { data, error } = props.loaded
  return (
    <>
      {error !== null && <ErrorNotice error={error} />}
      {data === null && error === null && <p class="loading">Loading …</p>}
      {data !== null && props.children(data)}
    </>
  )
}
