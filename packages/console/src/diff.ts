/** The lines that differ between two texts. */

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added'
  readonly text: string
}

/** More lines than these are not compared one by one: the table of comparisons would grow with their product. */
const LINES_MAX = 2000

/** The lines of both texts in one list, those that stay with both once. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let first = 0
  while (first < old.length && first < now.length && old[first] === now[first]) first++
  let [oldEnd, nowEnd] = [old.length, now.length]
  while (oldEnd > first && nowEnd > first && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd--
    nowEnd--
  }
  return [
    ...lines('same', old.slice(0, first)),
    ...middle(old.slice(first, oldEnd), now.slice(first, nowEnd)),
    ...lines('same', old.slice(oldEnd)),
  ]
}

function middle(old: readonly string[], now: readonly string[]): DiffLine[] {
  if (old.length > LINES_MAX || now.length > LINES_MAX)
    return [...lines('removed', old), ...lines('added', now)]
  const common = commonLengths(old, now)
  const found: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      found.push({ kind: 'same', text: old[i] })
      i++
      j++
    } else if (i < old.length && (j === now.length || common[i + 1][j] >= common[i][j + 1])) {
      found.push({ kind: 'removed', text: old[i] })
      i++
    } else {
      found.push({ kind: 'added', text: now[j] })
      j++
    }
  }
  return found
}

/** How many lines can stay of what follows two places. */
function commonLengths(old: readonly string[], now: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      table[i][j] =
        old[i] === now[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1])
  return table
}

function lines(kind: DiffLine['kind'], texts: readonly string[]): DiffLine[] {
  return texts.map((text) => ({ kind, text }))
}
