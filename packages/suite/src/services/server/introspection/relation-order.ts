import { type DatabaseRelation, relationKey } from '../../../transform/index.ts'

/** Parents before children, and what views read before the views. A circle, which views can make by functions only, is cut somewhere. */
export function inOrder(relations: readonly DatabaseRelation[]): DatabaseRelation[] {
  const byKey = new Map(relations.map((relation) => [relationKey(relation), relation]))
  const placed = new Set<DatabaseRelation>()
  const open = new Set<DatabaseRelation>()
  for (const relation of relations) {
    if (placed.has(relation)) continue
    // A chain of thousands of views would be deeper than the stack.
    const waiting = [relation]
    for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
      open.add(top)
      const next = [...top.parents, ...top.reads]
        .map((name) => byKey.get(relationKey(name)))
        .find((other) => other !== undefined && !placed.has(other) && !open.has(other))
      if (next !== undefined) waiting.push(next)
      else {
        placed.add(top)
        waiting.pop()
      }
    }
  }
  return [...placed]
}
