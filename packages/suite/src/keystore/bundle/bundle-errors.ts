import { KeystoreError } from '../errors.ts'

/** A bundle that is not for this secret, or not whole: which of the two, nobody can tell. */
export function notOpened(): KeystoreError {
  return new KeystoreError(
    'bundle-not-opened',
    'the bundle does not open: it belongs to another secret, or is damaged or cut off',
  )
}

/** A bundle that opens and cannot be used. `what` is how the sentence goes on. */
export function malformed(what: string): KeystoreError {
  return new KeystoreError('bundle-malformed', `the bundle ${what}`)
}

/** A bundle with something that is no key. */
export function unknownMember(name: string): KeystoreError {
  const shown = JSON.stringify(name.slice(0, 300))
  return new KeystoreError('bundle-member-unknown', `the bundle holds ${shown}, which is no key`)
}
