import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** Asks before something is done. The browser keeps the focus inside, and Escape means no. */
export function Confirm(props: {
  readonly title: string
  readonly action: string
  readonly onYes: () => void
  readonly onNo: () => void
  readonly children: ComponentChildren
}) {
  const { title, action, onYes, onNo, children } = props
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={onNo}>
      <h2 id="confirm-title">{title}</h2>
      {children}
      <p class="buttons">
        <button type="button" class="main" onClick={onYes}>
          {action}
        </button>
        <button type="button" onClick={onNo}>
          Cancel
        </button>
      </p>
    </dialog>
  )
}
