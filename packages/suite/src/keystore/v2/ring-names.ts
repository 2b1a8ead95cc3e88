import { type KeyRef, type Purpose, purposes } from '../key-ref.ts'
import { isOwner } from '../owner.ts'

const SUFFIX = '.keyring'

/** Path of the ring of a key: it is part of what is signed, and of every context. The owner has been checked. */
export function ringPath({ purpose, owner }: KeyRef): string {
  // A function, because a replacement text would give a `$` a meaning.
  return purposes[purpose].ring.replace('*', () => owner ?? '')
}

/** Path of the file of a ring. */
export function ringFile(path: string): string {
  return path + SUFFIX
}

/** Where the original writes a ring before it renames it: one that is left there stops every later writer of the original. */
export function ringLeftover(path: string): string {
  return `${path}${SUFFIX}.new`
}

/** Whose ring stands in this file; null where it is none of ours. */
export function readRingFile(file: string): KeyRef | null {
  if (!file.endsWith(SUFFIX)) return null
  const path = file.slice(0, -SUFFIX.length)
  for (const purpose of Object.keys(purposes) as Purpose[]) {
    // Object.keys forgets the type of the keys.
    const { ring, owner: kind } = purposes[purpose]
    const [before = '', after = ''] = ring.split('*')
    if (!path.startsWith(before) || !path.endsWith(after)) continue
    const owner = kind === null ? null : path.slice(before.length, path.length - after.length)
    if (kind === null ? path === ring : isOwner(kind, owner)) return { purpose, owner }
  }
  return null
}
