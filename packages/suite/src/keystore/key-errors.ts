import { KeystoreError } from './errors.ts'
import { type KeyRef, purposes } from './key-ref.ts'
import type { KeyWrapper } from './master-key/key-wrapper.ts'

/** "symmetric storage key of alice". */
export function titleOf({ purpose, owner }: KeyRef): string {
  const { title } = purposes[purpose]
  return owner === null ? title : `${title} of ${owner}`
}

/** The wrapper, where there is one. Throws KeystoreError `master-key-missing` where there is none. */
export function needed(wrapper: KeyWrapper | null): KeyWrapper {
  if (wrapper !== null) return wrapper
  throw new KeystoreError(
    'master-key-missing',
    'master key is empty: private and symmetric keys need it',
  )
}

/** A key whose content the master key does not open. */
export function unreadable(ref: KeyRef, place: string): KeystoreError {
  return new KeystoreError(
    'keystore-key-unreadable',
    `failed to unprotect data: ${place} does not open as the ${titleOf(ref)}: it was made with another master key, was renamed, belongs to another client id, or is damaged`,
  )
}

/** A key that opens, and is none of its purpose. */
export function malformed(ref: KeyRef, place: string): KeystoreError {
  return new KeystoreError(
    'keystore-key-malformed',
    `not a key of this kind: ${place} does not hold the ${titleOf(ref)}; it was renamed from a key of another kind, or is damaged`,
  )
}

/** A public key that is none. */
export function notPublic(ref: KeyRef, place: string): KeystoreError {
  return new KeystoreError(
    'keystore-key-malformed',
    `not a key of this kind: ${place} does not hold the public half of the ${titleOf(ref)}`,
  )
}

/** Bytes that were given to be stored, and are no such key. */
export function unfit(ref: KeyRef): KeystoreError {
  return new KeystoreError('keystore-key-unfit', `these bytes are not the ${titleOf(ref)}`)
}

/** A public half that was to be stored beside a private one. */
export function hasPrivate(ref: KeyRef): KeystoreError {
  return new KeystoreError(
    'keystore-key-unfit',
    `the private half of the ${titleOf(ref)} is here: another public half cannot stand beside it`,
  )
}

export function noSuchVersion(ref: KeyRef, index: number): KeystoreError {
  return new KeystoreError(
    'keystore-key-missing',
    `there is no version ${index} of the ${titleOf(ref)}`,
  )
}

/** Throws TypeError where the purpose has no public half. */
export function checkPair(ref: KeyRef): void {
  if (purposes[ref.purpose].kind === 'pair') return
  throw new TypeError(`the ${titleOf(ref)} has no public half`)
}
