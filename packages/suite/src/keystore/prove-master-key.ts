import { KeystoreError } from './errors.ts'
import { findingText } from './inspection.ts'
import { type KeyRef, purposes } from './key-ref.ts'
import { type Keystore, wipeKeys } from './keystore.ts'
import type { KeyWrapper } from './master-key/key-wrapper.ts'

/** Keys that are tried at most, by a master key in memory, and by a service or device: one that opens is enough. */
const TRIED_MAX = 256
const TRIED_BY_SERVICE_MAX = 16

/**
 * Throws KeystoreError `other-master-key` where the keystore has keys and none of them opens by this master key. One that opens is proof of it;
 * others that do not are theirs who use them. Nothing is proven, and nothing thrown, where there are no keys yet, or what protects them does not
 * answer: how long a service goes on then is said elsewhere.
 */
export async function proveMasterKey(keystore: Keystore, wrapper: KeyWrapper): Promise<void> {
  const triedMax = wrapper.probe === null ? TRIED_MAX : TRIED_BY_SERVICE_MAX
  const unreadable: KeyRef[] = []
  for (const ref of await keystore.refs()) {
    const outcome = isWrapped(ref) ? await tried(keystore, ref) : 'nothing'
    if (outcome === 'opens' || outcome === 'no answer') return
    if (outcome === 'does not open' && unreadable.push(ref) === triedMax) break
  }
  for (const ref of unreadable) {
    const finding = await keystore.diagnose(ref)
    if (finding === null || finding.kind === 'overwritten') continue
    if (finding.kind !== 'other-master-key') return
    throw new KeystoreError(
      'other-master-key',
      `no key opens by this master key: ${findingText(finding)}`,
    )
  }
}

/** What reading a key says of the master key. */
async function tried(
  keystore: Keystore,
  ref: KeyRef,
): Promise<'opens' | 'does not open' | 'no answer' | 'nothing'> {
  try {
    const keys = await keystore.keys(ref)
    wipeKeys(keys)
    return keys.length > 0 ? 'opens' : 'nothing'
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error
    if (error.code === 'keystore-key-unreadable') return 'does not open'
    return error.code.startsWith('master-key-') ? 'no answer' : 'nothing'
  }
}

/** One key stands in a keystore v1 as it is. */
function isWrapped({ purpose }: KeyRef): boolean {
  return purposes[purpose].contexts.length > 0
}
