import { type KeyRef, type Purpose, purposes } from './key-ref.ts'
import { isOwner } from './owner.ts'
import { readFileName } from './v1/file-names.ts'

/** What tools call a key: `client/alice/symmetric`, `audit-log`. */
export function keyId({ purpose, owner }: KeyRef): string {
  // A function, because a replacement text would give a `$` a meaning.
  return purposes[purpose].id.replace('*', () => owner ?? '')
}

/**
 * The key that an id names: as `keyId` writes it, as the path of its ring in keystore v2 with or without `.keyring`, or as the name of its file
 * in keystore v1. Null where it names none.
 */
export function keyOfId(id: string): KeyRef | null {
  const path = id.replace(/\.keyring$/, '')
  for (const { template, purpose } of templates) {
    const owner = between(path, template)
    const kind = purposes[purpose].owner
    if (kind === null ? path === template : isOwner(kind, owner)) return { purpose, owner }
  }
  return readFileName(id, false)?.ref ?? null
}

function between(path: string, template: string): string | null {
  const [before = '', after] = template.split('*')
  if (after === undefined || !path.startsWith(before) || !path.endsWith(after)) return null
  return path.slice(before.length, path.length - after.length)
}

const templates = (Object.keys(purposes) as Purpose[]) // Object.keys forgets the type of the keys.
  .flatMap((purpose) => {
    const { id, ring } = purposes[purpose]
    return [...new Set([id, ring])].map((template) => ({ template, purpose }))
  })
