import { KeystoreError } from '../errors.ts'
import { keyId } from '../key-id.ts'
import type { Key, KeyRef } from '../key-ref.ts'
import { type Keystore, wipeKeys } from '../keystore.ts'
import type { BundledKey } from './bundle.ts'

/**
 * Puts keys with all their versions into a store. Where the store has a key already, it must be the same; else nothing is imported, unless
 * `replace` is true. Cut off, it may be done again: what is there already is left alone. Returns the keys of the bundle.
 *
 * @throws KeystoreError `bundle-conflict` before anything is written
 */
export async function importKeys(
  keystore: Keystore,
  keys: readonly BundledKey[],
  replace: boolean,
  advance: () => void = () => {},
): Promise<void> {
  const missing: BundledKey[] = []
  const conflicts: KeyRef[] = []
  for (const key of keys) {
    const state = await stateOf(keystore, key)
    if (state !== 'same') missing.push(key)
    if (state === 'other') conflicts.push(key.ref)
  }
  if (conflicts.length > 0 && !replace) throw conflict(conflicts)
  for (const key of missing) {
    await store(keystore, key)
    advance()
  }
}

async function stateOf(keystore: Keystore, key: BundledKey): Promise<'absent' | 'same' | 'other'> {
  if (!isWhole(key)) return comparePublic(keystore, key)
  let present: readonly Key[]
  try {
    present = await keystore.keys(key.ref)
  } catch (error) {
    if (error instanceof KeystoreError && unreadable.has(error.code)) return 'other'
    throw error
  }
  if (present.length === 0) return 'absent'
  const same = equalLists(
    present.map(({ secret }) => secret),
    key.versions.map(({ secret }) => secret!),
  )
  wipeKeys(present)
  return same ? 'same' : 'other'
}

/** A key of the store that nobody can read may be replaced, if that is asked for. */
const unreadable: ReadonlySet<string> = new Set([
  'keystore-key-unreadable',
  'keystore-key-malformed',
])

/** Public halves that come alone are no news for a store that has them. */
async function comparePublic(keystore: Keystore, { ref, versions }: BundledKey) {
  const present = await keystore.publicKeys(ref)
  if (present.length === 0) return 'absent'
  const has = (wanted: Uint8Array) => present.some((one) => Buffer.from(one).equals(wanted))
  return versions.every(({ publicKey }) => has(publicKey!)) ? 'same' : 'other'
}

async function store(keystore: Keystore, key: BundledKey): Promise<void> {
  const { ref, versions } = key
  if (isWhole(key)) {
    const whole = versions.map(({ secret, publicKey }) => ({ secret: secret!, publicKey }))
    await keystore.put(ref, whole)
  } else {
    await keystore.putPublic(
      ref,
      versions.map(({ publicKey }) => publicKey!),
    )
  }
}

/** Whether the key came with its secrets: a bundle has all of them or none. */
function isWhole({ versions }: BundledKey): boolean {
  return versions.every(({ secret }) => secret !== null)
}

function equalLists(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((one, at) => Buffer.from(one).equals(b[at]!))
}

const NAMED_MAX = 5

function conflict(refs: readonly KeyRef[]): KeystoreError {
  const named = refs.slice(0, NAMED_MAX).map(keyId).join(', ')
  const more = refs.length > NAMED_MAX ? ` and ${refs.length - NAMED_MAX} more` : ''
  return new KeystoreError(
    'bundle-conflict',
    `the keystore has other versions of ${named}${more}; nothing was imported. Import into another keystore, or replace them with --force`,
  )
}
