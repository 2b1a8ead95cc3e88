/** How many parameters a text has: more values than that are of no use to the database, and it must not see them. */
import type { SourceText } from './source-text.ts'
import type { Tree } from './tree.ts'

/** The highest number of a parameter in a tree; 0 where there is none. */
export function parametersIn(tree: Tree, source: SourceText): number {
  // Most texts have no dollar sign outside their literals, and their trees need not be looked through.
  return source.parameterNumbers().length === 0 ? 0 : highestIn(tree)
}

function highestIn(part: unknown): number {
  if (typeof part !== 'object' || part === null) return 0
  if ('ParamRef' in part) return (part.ParamRef as { number?: number }).number ?? 0
  let highest = 0
  for (const inner of Object.values(part)) highest = Math.max(highest, highestIn(inner))
  return highest
}
