import { KeystoreError } from '../errors.ts'
import type { StoreVersion } from '../master-key/key-wrapper.ts'
import type { BundledKey, SealedBundle } from './bundle.ts'
import { isBundleV1, openBundleV1, sealBundleV1 } from './v1-bundle.ts'

/** The keys as a bundle in the format of a version of the keystore. The caller wipes the keys. */
export function sealBundle(version: StoreVersion, keys: readonly BundledKey[]): SealedBundle {
  if (version === 'v1') return sealBundleV1(keys)
  throw unsupported()
}

/**
 * The keys in a bundle of either format, all of them or none; for the caller to wipe.
 *
 * @throws KeystoreError `bundle-not-opened`, `bundle-malformed`, `bundle-member-unknown`
 */
export function openBundle(sealed: SealedBundle): BundledKey[] {
  if (isBundleV1(sealed.bundle)) return openBundleV1(sealed)
  throw unsupported()
}

function unsupported(): KeystoreError {
  return new KeystoreError('bundle-malformed', 'this is not a bundle of keys')
}
