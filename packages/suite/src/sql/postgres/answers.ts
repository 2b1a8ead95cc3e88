/** What the subqueries of a text answer that stand for one value: they are looked at more than once, and analysed once. */
import type { Part } from './items.ts'
import type { Scope } from './scope.ts'
import type { Node, SubLink } from './tree.ts'

interface Around {
  readonly scope: Scope
  readonly query: (node: Node, outer: Scope) => Part[]
}

export class Answers {
  readonly #known = new Map<SubLink, { readonly scope: Scope; readonly parts: readonly Part[] }>()

  /** The columns of `(SELECT ...)` at a place. */
  of(link: SubLink, { scope, query }: Around): readonly Part[] {
    const known = this.#known.get(link)
    if (known?.scope === scope) return known.parts
    const parts = link.subselect === undefined ? [] : query(link.subselect, scope)
    this.#known.delete(link)
    this.#known.set(link, { scope, parts })
    return parts
  }

  /** A point to go back to. */
  mark(): () => void {
    const count = this.#known.size
    return () => {
      if (this.#known.size === count) return
      for (const link of [...this.#known.keys()].slice(count)) this.#known.delete(link)
    }
  }
}
