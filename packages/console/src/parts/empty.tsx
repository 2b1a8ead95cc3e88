import type { ComponentChildren } from 'preact'

/** A page without anything to show: says what would be here and how it gets here. */
export function Empty(props: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{props.title}</h2>
      <div>{props.children}</div>
    </section>
  )
}
