import type { DatabaseSchema } from '../../../transform/index.ts'

/**
 * The names, and those of all relations that are joined to one of them by views, rules, partitions and children, whatever their schemas: a
 * change of one may change what another is.
 */
export function relativesOf(
  names: Iterable<string>,
  { relations }: DatabaseSchema,
): ReadonlySet<string> {
  const neighbours = new Map<string, string[]>()
  const join = (one: string, other: string) => {
    const list = neighbours.get(one)
    if (list === undefined) neighbours.set(one, [other])
    else list.push(other)
  }
  for (const { name, parents, reads, rulesName } of relations) {
    for (const other of [...parents, ...reads, ...(rulesName ?? [])]) {
      join(name, other.name)
      join(other.name, name)
    }
  }
  const found = new Set(names)
  // A set that grows is walked to its end.
  for (const name of found) for (const other of neighbours.get(name) ?? []) found.add(other)
  return found
}
