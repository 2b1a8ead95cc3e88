import { keyOfSecret } from '../key-bytes.ts'
import { malformed, needed, unreadable } from '../key-errors.ts'
import { type Key, type KeyRef, purposes } from '../key-ref.ts'
import { wipeKeys } from '../keystore.ts'
import type { KeyWrapper } from '../master-key/key-wrapper.ts'
import type { Storage } from '../storage/storage.ts'
import { contextsOf } from './file-names.ts'
import type { FileVersion } from './versions.ts'

/**
 * Opens every version, in the order given. Throws KeystoreError where one does not open: a list with a gap would let old data look lost.
 * `wrapper` is null where there is no master key; then only keys that are stored bare open.
 */
export async function openVersions(
  ref: KeyRef,
  versions: readonly FileVersion[],
  storage: Storage,
  wrapper: KeyWrapper | null,
): Promise<readonly Key[]> {
  const keys: Key[] = []
  try {
    for (const { path, content } of versions)
      keys.push(await openKey(ref, content, storage.locate(path, 'private'), wrapper))
    return keys
  } catch (error) {
    wipeKeys(keys)
    throw error
  }
}

/** Opens the content of one private file, which stands at `place`. */
export async function openKey(
  ref: KeyRef,
  content: Uint8Array,
  place: string,
  wrapper: KeyWrapper | null,
): Promise<Key> {
  const secret = await unwrap(ref, content, wrapper)
  if (secret === null) throw unreadable(ref, place)
  const key = keyOfSecret(purposes[ref.purpose].kind, secret)
  if (key !== null) return key
  secret.fill(0)
  throw malformed(ref, place)
}

/** The content of a private file for this secret. */
export async function wrapSecret(
  ref: KeyRef,
  secret: Uint8Array,
  wrapper: KeyWrapper | null,
): Promise<Uint8Array> {
  const [context] = contextsOf(ref)
  return context === undefined ? secret : needed(wrapper).wrap(secret, ref, context)
}

async function unwrap(
  ref: KeyRef,
  content: Uint8Array,
  wrapper: KeyWrapper | null,
): Promise<Uint8Array | null> {
  const contexts = contextsOf(ref)
  if (contexts.length === 0) return content
  for (const context of contexts) {
    const secret = await needed(wrapper).unwrap(content, ref, context)
    if (secret !== null) return secret
  }
  return null
}
