import type { StoreVersion } from '../master-key/key-wrapper.ts'
import type { BundledKey, SealedBundle } from './bundle.ts'
import { isBundleV1, openBundleV1, sealBundleV1 } from './v1-bundle.ts'
import { openBundleV2, sealBundleV2 } from './v2-bundle.ts'

/** The keys as a bundle in the format of a version of the keystore. The caller wipes the keys. */
export async function sealBundle(
  version: StoreVersion,
  keys: readonly BundledKey[],
): Promise<SealedBundle> {
  return version === 'v1' ? sealBundleV1(keys) : sealBundleV2(keys, new Date())
}

/**
 * The keys in a bundle of either format, all of them or none; for the caller to wipe.
 *
 * @throws KeystoreError `bundle-not-opened`, `bundle-malformed`, `bundle-member-unknown`
 */
export async function openBundle(sealed: SealedBundle): Promise<BundledKey[]> {
  return isBundleV1(sealed.bundle) ? openBundleV1(sealed) : openBundleV2(sealed)
}
