import type { KeyRef } from '../key-ref.ts'
import type { Keystore } from '../keystore.ts'
import { collectKeys, wipeBundled } from './bundle.ts'
import { importKeys } from './import.ts'

/** Brings one key with all its versions from a store into another, unless it is there already; with null as target it is opened and no more. */
export async function migrateKey(
  source: Keystore,
  target: Keystore | null,
  ref: KeyRef,
): Promise<void> {
  const keys = await collectKeys(source, [ref], true)
  try {
    if (target !== null) await importKeys(target, keys, false)
  } finally {
    wipeBundled(keys)
  }
}
