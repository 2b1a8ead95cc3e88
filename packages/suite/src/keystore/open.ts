import { CachedKeystore } from './cache.ts'
import { KeystoreError } from './errors.ts'
import type { Keystore } from './keystore.ts'
import type { KeyWrapper, StoreVersion } from './master-key/key-wrapper.ts'
import { detectVersion, type KeystorePlace, storageOf } from './place.ts'
import { proveMasterKey } from './prove-master-key.ts'
import type { Storage } from './storage/storage.ts'
import { KeystoreV1 } from './v1/keystore-v1.ts'
import { systemTime } from './v1/timestamp.ts'
import { KeystoreV2 } from './v2/keystore-v2.ts'

/** A cache that keeps nothing. */
export const cacheOff = -1

/** The place may hold nothing yet: the first key makes it. */
export interface OpenSettings extends KeystorePlace {
  /** The version that is wanted where nothing is there yet; v1 where it is not given. A keystore of the other version is refused. */
  readonly version?: StoreVersion | null
  /** What unwraps the keys; null where only public keys are asked for. */
  readonly wrapper: KeyWrapper | null
  /** Names kept in memory: 0 sets no bound, -1 keeps none (the default). */
  readonly cacheSize?: number
  /** Loads keys at once, up to the cache's size. */
  readonly cacheOnStart?: boolean
  /** Refuses a master key by which no key of the store opens. */
  readonly provesMasterKey?: boolean
  /** Takes a sentence about something odd that stops nothing. */
  readonly warn: (sentence: string) => void
  /** Nanoseconds since 1970. */
  readonly now?: () => bigint
}

/**
 * Opens the keystore of a place, whatever its version, and checks the modes of the folder and of the private keys in it.
 *
 * @throws KeystoreError where a mode is refused, no key opens by the master key, the version is not known, or the cache settings contradict each other
 */
export async function openKeystore(settings: OpenSettings): Promise<Keystore> {
  const { folder, publicFolder, redis, wrapper, warn, now = systemTime } = settings
  const { cacheSize = cacheOff, cacheOnStart = false, provesMasterKey = false } = settings
  if (cacheSize === cacheOff && cacheOnStart) throw cacheConflict()
  const found = await detectVersion(folder, redis)
  const version = settings.version ?? found ?? 'v1'
  const storage = await storageOf(settings, version)
  if (found !== null && found !== version) throw versionConflict(storage.place, found, version)
  if (version === 'v2' && publicFolder)
    warn(`the public keys of a keystore v2 stand in its rings: ${publicFolder} is not used`)
  const keystore = new layouts[version]({ storage, wrapper, warn, now })
  await keystore.verify()
  if (provesMasterKey && wrapper !== null) await proveMasterKey(keystore, wrapper)
  if (cacheSize === cacheOff) return keystore
  const cached = new CachedKeystore(keystore, cacheSize)
  if (cacheOnStart) await cached.preload(warn)
  return cached
}

/** All are byte-compatible with those of the original. */
const layouts = { v1: KeystoreV1, v2: KeystoreV2 } as const

/** What stands in a place, for those who work on its files: its storage, its version and the clock. Null where nothing does. */
export async function storeFor(place: KeystorePlace): Promise<{
  readonly storage: Storage
  readonly version: StoreVersion
  readonly now: () => bigint
} | null> {
  const version = await detectVersion(place.folder, place.redis)
  if (version === null) return null
  return { storage: await storageOf(place, version), version, now: systemTime }
}

function versionConflict(place: string, found: StoreVersion, wanted: StoreVersion): KeystoreError {
  return new KeystoreError(
    'keystore-version-conflict',
    `keystore ${place} is ${found} and not ${wanted}: use another place, or ask for ${found}`,
  )
}

function cacheConflict(): KeystoreError {
  return new KeystoreError(
    'keystore-cache-conflict',
    "can't cache on start with disabled cache: set keystore_cache_size to 0 or more, or keystore_cache_on_start_enable to false",
  )
}
