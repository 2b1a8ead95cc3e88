import type { KeyRef } from '../key-ref.ts'
import type { KeyDescription } from '../keystore.ts'
import { type Names, temporaryPrefix } from '../storage/storage.ts'
import type { KeyRing } from './key-ring.ts'
import { lockFile, versionFile } from './marker.ts'
import { indexedKeys, isPublicOnly } from './ring-keys.ts'
import { readRingFile } from './ring-names.ts'

/** Folders that are looked into at once. */
const FOLDERS_AT_ONCE = 64
/** `zone/<id>/transport` is the deepest that there is: links that go round and round end here. */
const DEPTH_MAX = 3

/** A ring by the name of its file alone. */
export interface NamedRing {
  readonly ref: KeyRef
  readonly file: string
}

/** Every ring, by name alone. `unknown` is told the path of whatever is none. */
export async function namedRings(
  names: Names,
  unknown: (path: string) => void,
): Promise<readonly NamedRing[]> {
  const found: NamedRing[] = []
  for (const file of await filesBelow(names, [''], DEPTH_MAX)) {
    const ref = readRingFile(file)
    if (ref !== null) found.push({ ref, file })
    else if (!isExpected(file)) unknown(file)
  }
  return found
}

function isExpected(file: string): boolean {
  return [versionFile, lockFile].includes(file) || file.endsWith('.keyring.new')
}

async function filesBelow(
  names: Names,
  folders: readonly string[],
  depth: number,
): Promise<string[]> {
  const files: string[] = []
  const deeper: string[] = []
  for (let at = 0; at < folders.length; at += FOLDERS_AT_ONCE) {
    const batch = folders.slice(at, at + FOLDERS_AT_ONCE)
    const lists = await Promise.all(batch.map((folder) => names.list(folder, 'private')))
    for (const [n, list] of lists.entries())
      for (const name of list) {
        const path = batch[n] === '' ? name : `${batch[n]}/${name}`
        if (path.endsWith('/')) deeper.push(path.slice(0, -1))
        else if (!name.startsWith(temporaryPrefix)) files.push(path)
      }
  }
  if (deeper.length === 0 || depth === 0) return files
  return [...files, ...(await filesBelow(names, deeper, depth - 1))]
}

/** The versions of one ring, as a listing tells them. */
export function describeRing(ref: KeyRef, ring: KeyRing): readonly KeyDescription[] {
  return indexedKeys(ring).map(({ index, key }) => {
    const next = ring.keys.find(({ seqnum }) => seqnum > key.seqnum)
    return {
      ref,
      index,
      rotatedAt: index === 1 ? null : (next?.validSince ?? null),
      publicOnly: isPublicOnly(ref, key),
    }
  })
}
