import { readFileSync } from 'node:fs'

/** How many files this process may have open: Node.js raises the soft limit to the hard one when it starts. */
export function maxOpenFiles(): number {
  const [, soft] =
    /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
