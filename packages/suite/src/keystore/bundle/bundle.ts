import { keyId } from '../key-id.ts'
import { type KeyRef, purposes } from '../key-ref.ts'
import type { Keystore } from '../keystore.ts'

/** A key on its way between two keystores. */
export interface BundledKey {
  readonly ref: KeyRef
  /** Newest first, at least one. */
  readonly versions: readonly BundledVersion[]
}

/** One version: a secret, a public half, or both. */
export interface BundledVersion {
  readonly secret: Uint8Array | null
  readonly publicKey: Uint8Array | null
  /** When it was replaced; null for the current one and where nobody knows. */
  readonly rotatedAt: Date | null
}

/** A bundle and what opens it; the two go different ways. Both are the content of a file. */
export interface SealedBundle {
  readonly bundle: Buffer
  readonly secret: Buffer
}

/** Keys of a store with all their versions, for the caller to wipe; a key without a public half is left out where private ones are not asked for. */
export async function collectKeys(
  keystore: Keystore,
  refs: readonly KeyRef[],
  withPrivate: boolean,
): Promise<BundledKey[]> {
  const times = await rotationTimes(keystore)
  const collected: BundledKey[] = []
  for (const ref of refs) {
    const rotatedAt = times.get(keyId(ref)) ?? []
    const found = withPrivate ? await wholeVersions(keystore, ref) : []
    const versions = found.length > 0 ? found : await publicVersions(keystore, ref)
    const timed = versions.map((version, at) => ({ ...version, rotatedAt: rotatedAt[at] ?? null }))
    if (timed.length > 0) collected.push({ ref, versions: timed })
  }
  return collected
}

/** Overwrites the secrets. */
export function wipeBundled(keys: readonly BundledKey[]): void {
  for (const { versions } of keys) for (const { secret } of versions) secret?.fill(0)
}

async function wholeVersions(
  keystore: Keystore,
  ref: KeyRef,
): Promise<Pick<BundledVersion, 'secret' | 'publicKey'>[]> {
  return [...(await keystore.keys(ref))]
}

async function publicVersions(keystore: Keystore, ref: KeyRef) {
  if (purposes[ref.purpose].kind === 'symmetric') return []
  return (await keystore.publicKeys(ref)).map((publicKey) => ({ secret: null, publicKey }))
}

/** By id: when each version was replaced, newest first, null for the current one. */
async function rotationTimes(keystore: Keystore): Promise<Map<string, (Date | null)[]>> {
  const times = new Map<string, (Date | null)[]>()
  for (const { ref, index, rotatedAt } of await keystore.list()) {
    const id = keyId(ref)
    const known = times.get(id) ?? []
    // Index 1 is the newest, 2 the oldest: each further one is newer than those before.
    if (index === 1) known.unshift(null)
    else known.splice(1, 0, rotatedAt)
    times.set(id, known)
  }
  return times
}
