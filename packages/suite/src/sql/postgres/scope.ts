/** Finds what a column reference means, by the rules of PostgreSQL's own scopes. */
import type { Catalog } from '../analysis.ts'
import type { Budget } from './budget.ts'
import {
  type Item,
  type Part,
  PLAIN,
  protectedIn,
  protectedItem,
  type Relation,
  suspectItem,
  useUp,
} from './items.ts'

/** The relations that a reference can mean, innermost query first. */
export interface Scope {
  readonly relations: readonly Relation[]
  /** Names that only a qualified reference can mean: `excluded`, `old`, `new`. */
  readonly qualifiedOnly: readonly Relation[]
  readonly tables: CommonTables | null
  readonly outer: Scope | null
}

/** The common tables (WITH) that a name in FROM may mean. */
export interface CommonTables {
  /** The columns of a common table; null where there is none of that name. */
  find(name: string): readonly Part[] | null
}

/** What a search for a name needs. */
interface Lookup {
  readonly catalog: Catalog
  readonly budget: Budget
}

export type Found =
  | { readonly kind: 'item'; readonly item: Item }
  /** A whole row, `u` in an expression; or a column of that name, where not all columns are known. */
  | { readonly kind: 'row'; readonly relation: Relation; readonly column: Item | null }
  /** A name of a relation that has no such column as far as is known: a function of its row, or a new column. */
  | { readonly kind: 'unknown-column'; readonly relation: Relation }
  | { readonly kind: 'nothing' }

const SYSTEM_COLUMNS = new Set(['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax'])

/** A reference by a bare name. */
export function findName(scope: Scope, name: string, lookup: Lookup): Found {
  let uncertain: Item | null = null
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    const here = findIn(level.relations, name, lookup)
    uncertain = moreGuarded(uncertain, here.certain ?? here.uncertain)
    if (here.certain !== null && uncertain !== null) return { kind: 'item', item: uncertain }
  }
  const row = findRelation(scope, null, name, lookup)
  if (row !== null) return { kind: 'row', relation: row, column: uncertain }
  return uncertain === null ? { kind: 'nothing' } : { kind: 'item', item: uncertain }
}

/** A reference by the name of a relation and of its column. */
export function findQualified(
  scope: Scope,
  schema: string | null,
  qualifier: string,
  name: string,
  lookup: Lookup,
): Found {
  const relation = findRelation(scope, schema, qualifier, lookup)
  if (relation === null) return { kind: 'nothing' }
  const { certain, uncertain } = findIn([relation], name, lookup)
  const item = certain ?? uncertain
  return item === null ? { kind: 'unknown-column', relation } : { kind: 'item', item }
}

/** The nearest relation of a name; null where there is none. */
export function findRelation(
  scope: Scope,
  schema: string | null,
  name: string,
  { budget }: Lookup,
): Relation | null {
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    budget.look(1 + level.relations.length + level.qualifiedOnly.length)
    let found: Relation | null = null
    for (const relation of relationsOf(level)) {
      if (
        relation.name !== name ||
        (schema !== null && relation.schema !== null && relation.schema !== schema)
      )
        continue
      if (found === null || protectedIn(relation.parts) !== null) found = relation
    }
    if (found !== null) return found
  }
  return null
}

function relationsOf({ relations, qualifiedOnly }: Scope): readonly Relation[] {
  return qualifiedOnly.length === 0 ? relations : [...relations, ...qualifiedOnly]
}

interface Candidates {
  /** Surely a column of that name. */
  readonly certain: Item | null
  /** A relation whose columns are not all known may have one. */
  readonly uncertain: Item | null
}

function findIn(
  relations: readonly Relation[],
  name: string,
  { catalog, budget }: Lookup,
): Candidates {
  let certain: Item | null = null
  let uncertain: Item | null = null
  for (const relation of relations) {
    budget.look(1 + relation.parts.length)
    for (const part of relation.parts) {
      const item = itemIn(part, name, catalog)
      if (item === null) continue
      if (item.certain) certain = moreGuarded(certain, item.item)
      else uncertain = moreGuarded(uncertain, item.item)
    }
    if (certain === null && relation.isTable && SYSTEM_COLUMNS.has(name)) certain = PLAIN
  }
  return { certain, uncertain }
}

function itemIn(
  part: Part,
  name: string,
  catalog: Catalog,
): { item: Item; certain: boolean } | null {
  if (part.kind === 'column') {
    if (part.name === null) return { item: part.item, certain: false }
    return part.name === name ? { item: part.item, certain: true } : null
  }
  const known = part.known.get(name)
  if (known !== undefined) return { item: { ...protectedItem(known), of: part }, certain: true }
  const like = part.unlisted === null ? null : catalog.protectedName(name)
  if (part.unlisted === null) return { item: { ...PLAIN, sent: part.sent }, certain: false }
  if (like === null)
    return { item: { ...PLAIN, sent: part.sent, unlisted: part.unlisted }, certain: false }
  const item = suspectItem({ relation: part.unlisted, name, like })
  return { item: { ...item, sent: part.sent }, certain: false }
}

/** Of two meanings that a name may have, the one that must be handled with more care. */
function moreGuarded(one: Item | null, other: Item | null): Item | null {
  if (one === null || other === null) return one ?? other
  const [first, second] = [useUp(one), useUp(other)]
  const isFirst = first.column !== null || (first.suspect !== null && second.column === null)
  const base = isFirst ? first : second
  return {
    ...base,
    suspect: base.suspect ?? one.suspect ?? other.suspect,
    sent: one.sent || other.sent,
  }
}
