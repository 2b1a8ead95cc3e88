import type { ComponentChildren } from 'preact'
import type { RequestError } from '../request.ts'

/** A message in the page. Errors are read out at once, the rest when there is time. */
export function Notice(props: {
  readonly kind: 'error' | 'warning' | 'success' | 'info'
  readonly title: string
  readonly children?: ComponentChildren
}) {
  const { kind, title, children } = props
  return (
    <div class={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
    </div>
  )
}

export function ErrorNotice({ error }: { readonly error: RequestError }) {
  return (
    <Notice kind="error" title={error.message}>
      {error.hint ?? undefined}
    </Notice>
  )
}
