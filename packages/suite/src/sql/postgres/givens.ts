/**
 * Values that a statement gives in one place and uses in another: `FROM (VALUES ('x')) AS v (email)`, `WITH new AS (SELECT $1 AS email)`,
 * `unnest($1::text[])`. They are followed through the columns of queries. Where one reaches a protected column it is claimed for it; once all
 * of the statement has been looked at, it is protected where it stands, if nothing else is done with it.
 */
import type { ProtectedColumn } from '../analysis.ts'
import type { Given, GivenSource } from './items.ts'
import type { Span } from './source-text.ts'
import type { Node } from './tree.ts'

/** What a value becomes where it stands: what is stored in a column, or what is compared with it. */
export type GivenUse = 'store' | 'search'

export interface Claim {
  readonly given: Given
  readonly column: ProtectedColumn
  readonly use: GivenUse
  /** For messages: where it reaches the column. */
  readonly clause: string
  /** The reference by which it does; null where it is by its place among the columns of a query. */
  readonly reference: { readonly node: object; readonly span: Span } | null
}

/** All that is given in a text, and what it is claimed for. */
export class Givens {
  readonly #sources = new Map<Node, GivenSource>()
  readonly #claims: Claim[] = []

  /** The source of these nodes: the same one when they are looked at again. */
  source(kind: GivenSource['kind'], nodes: readonly Node[]): readonly Given[] {
    const [first] = nodes
    const known = this.#sources.get(first)
    const source = known ?? { kind, nodes, references: new Set(), passed: new Set(), isUsed: false }
    this.#sources.set(first, source)
    return [{ source, casts: [] }]
  }

  claim(givens: readonly Given[], claim: Omit<Claim, 'given'>): void {
    for (const given of givens) this.#claims.push({ given, ...claim })
  }

  /** The claims on each source. */
  claims(): ReadonlyMap<GivenSource, readonly Claim[]> {
    const bySource = new Map<GivenSource, Claim[]>()
    for (const claim of this.#claims) {
      const { source } = claim.given
      const claims = bySource.get(source)
      if (claims === undefined) bySource.set(source, [claim])
      else claims.push(claim)
    }
    return bySource
  }

  /** A point to go back to. */
  mark(): () => void {
    const count = this.#claims.length
    return () => this.#claims.splice(count)
  }
}

/** True where every reference to a source is one of its claims, or passes it on. */
export function isClaimedWhole(source: GivenSource, claims: readonly Claim[]): boolean {
  const claimed = new Set(claims.map(({ reference }) => reference?.node))
  const isFollowed = (node: object) => source.passed.has(node) || claimed.has(node)
  return !source.isUsed && [...source.references].every(isFollowed)
}
