import { type KeyRef, type Purpose, purposes } from '../key-ref.ts'
import { isOwner } from '../owner.ts'

const PUBLIC_SUFFIX = '.pub'
const HISTORY_SUFFIX = '.old'

/** Path of the file that holds the key, wrapped. The owner has been checked. */
export function privateFile({ purpose, owner }: KeyRef): string {
  return filled(purposes[purpose].file, owner)
}

/** Path of the file that holds the public half of a pair. The owner has been checked. */
export function publicFile(ref: KeyRef): string {
  return privateFile(ref) + PUBLIC_SUFFIX
}

/** Folder of the earlier versions of a file. */
export function historyFolder(file: string): string {
  return file + HISTORY_SUFFIX
}

/** Contexts of the key, the one to write first; empty for a key that is not wrapped. */
export function contextsOf({ purpose, owner }: KeyRef): readonly string[] {
  return purposes[purpose].contexts.map((context) => filled(context, owner))
}

function filled(template: string, owner: string | null): string {
  // A function, because a replacement text would give a `$` a meaning.
  return template.replace('*', () => owner ?? '')
}

/** A file of a key folder, told by its name alone. */
export interface NamedFile {
  readonly ref: KeyRef
  readonly isPublic: boolean
}

/**
 * Whose file this is; null where it is none of ours. A name may be read in two ways, since an id may end in `_server`: the
 * longest ending wins, except that a symmetric key has no public half beside it (`hasPublic`), so that its name must be a pair's.
 */
export function readFileName(path: string, hasPublic: boolean): NamedFile | null {
  const isPublic = path.endsWith(PUBLIC_SUFFIX)
  const stem = isPublic ? path.slice(0, -PUBLIC_SUFFIX.length) : path
  const mustBePair = isPublic || hasPublic
  for (const { purpose, before, after } of templates) {
    const facts = purposes[purpose]
    if (mustBePair && facts.kind !== 'pair') continue
    const owner = facts.owner === null ? null : between(stem, before, after)
    if (facts.owner === null ? stem === before : isOwner(facts.owner, owner))
      return { ref: { purpose, owner }, isPublic }
  }
  return null
}

function between(stem: string, before: string, after: string): string | null {
  if (!stem.startsWith(before) || !stem.endsWith(after)) return null
  return stem.slice(before.length, stem.length - after.length)
}

const templates = (Object.keys(purposes) as Purpose[]) // Object.keys forgets the type of the keys.
  .map((purpose) => {
    const [before = '', after = ''] = purposes[purpose].file.split('*')
    return { purpose, before, after }
  })
  .sort((a, b) => b.before.length + b.after.length - (a.before.length + a.after.length))
