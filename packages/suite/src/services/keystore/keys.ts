import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Keystore, keystoreCacheOptions } from '../../keystore/index.ts'
import type { OptionValues } from '../../options/index.ts'
import { KeysInUse } from '../../transform/index.ts'
import { type KeystoreSettings, openServiceKeystore } from './open.ts'
import { type WatchSettings, watchKeySource } from './watch.ts'

export interface KeysSettings
  extends Pick<KeystoreSettings, 'environment'>,
    Pick<WatchSettings, 'log' | 'onDegraded'> {
  readonly options: KeystoreSettings['options'] &
    WatchSettings['options'] &
    OptionValues<typeof keystoreCacheOptions>
}

/** The keys of a service that seals and opens values. */
export interface ServiceKeys {
  readonly keystore: Keystore
  readonly inUse: KeysInUse
  /** Forgets the keys in memory: they are read anew from the keystore. */
  reset(): void
  /** Says nothing more of the place where the master key comes from; the keys can be used as before. */
  unwatch(): void
  /** Overwrites the keys in memory, and lets go of the place where the master key is. */
  wipe(): void
}

/**
 * Opens the keystore with the master key that the options name, and watches the place where that comes from. Throws where one of them
 * cannot be opened.
 */
export async function openServiceKeys(settings: KeysSettings): Promise<ServiceKeys> {
  const { options, environment, log, onDegraded } = settings
  const opened = await openServiceKeystore({
    options,
    environment,
    warn: (sentence) => log.warning(sentence),
    cacheSize: options.keystore_cache_size,
    cacheOnStart: options.keystore_cache_on_start_enable,
  })
  const { keystore } = opened
  const inUse = new KeysInUse({
    keystore,
    primitives: nodePrimitives,
    clientsMax: clientsMaxOf(options.keystore_cache_size),
    now: () => performance.now(),
  })
  const unwatch = watchKeySource(opened, { options, log, onDegraded, forget: () => inUse.reset() })
  return {
    keystore,
    inUse,
    reset() {
      inUse.reset()
      keystore.reset()
    },
    unwatch,
    wipe() {
      unwatch()
      inUse.reset()
      opened.wipe()
    },
  }
}

/** The bound of keys in use is that of the keystore's cache (flag `keystore_cache_size`). */
function clientsMaxOf(cacheSize: number): number {
  return cacheSize === 0 ? Number.POSITIVE_INFINITY : Math.max(0, cacheSize)
}
