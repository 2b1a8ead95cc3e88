import { CachedKeystore } from './cache.ts'
import { KeystoreError } from './errors.ts'
import type { Keystore } from './keystore.ts'
import type { KeyWrapper } from './master-key/key-wrapper.ts'
import { Files } from './storage/files.ts'
import { KeystoreV1 } from './v1/keystore-v1.ts'
import { systemTime } from './v1/timestamp.ts'

/** A cache that keeps nothing. */
export const cacheOff = -1

export interface OpenSettings {
  /** The key folder; it may be missing, and is made by the first key. */
  readonly folder: string
  /** Where public keys stand; the key folder where it is null or empty. */
  readonly publicFolder?: string | null
  /** What unwraps the keys; null where only public keys are asked for. */
  readonly wrapper: KeyWrapper | null
  /** Names kept in memory: 0 sets no bound, -1 keeps none (the default). */
  readonly cacheSize?: number
  /** Loads keys at once, up to the cache's size. */
  readonly cacheOnStart?: boolean
  /** Takes a sentence about something odd that stops nothing. */
  readonly warn: (sentence: string) => void
  /** Nanoseconds since 1970. */
  readonly now?: () => bigint
}

/**
 * Opens the keystore of a folder, whatever its version, and checks the modes of the folder and of the private keys in it.
 *
 * @throws KeystoreError where a mode is refused, the version is not known, or the cache settings contradict each other
 */
export async function openKeystore(settings: OpenSettings): Promise<Keystore> {
  const { folder, publicFolder, wrapper, warn, now = systemTime } = settings
  const { cacheSize = cacheOff, cacheOnStart = false } = settings
  if (cacheSize === cacheOff && cacheOnStart) throw cacheConflict()
  const storage = new Files({ folder, publicFolder: publicFolder ?? null })
  if ((await detectVersion(folder)) === 'v2') throw notBuilt(storage.place)
  const keystore = new KeystoreV1({ storage, wrapper, warn, now })
  await keystore.verify()
  if (cacheSize === cacheOff) return keystore
  const cached = new CachedKeystore(keystore, cacheSize)
  if (cacheOnStart) await cached.preload(warn)
  return cached
}

/** The version of the keystore in a folder: v2 where its marker stands there, v1 where anything else does; null where nothing does. spec: keystore §3.1 */
export async function detectVersion(folder: string): Promise<'v1' | 'v2' | null> {
  const storage = new Files({ folder })
  const names = await storage.list('', 'private')
  if (names.includes('version')) {
    // Read as a public file: the original makes it 0644.
    const marker = await storage.read('version', 'public')
    if (marker?.toString('latin1') === 'Acra Keystore v2') return 'v2'
  }
  return names.length > 0 ? 'v1' : null
}

function notBuilt(place: string): KeystoreError {
  return new KeystoreError(
    'keystore-version-unsupported',
    `keystore ${place} is of version 2, which this version does not have yet; use a folder with a keystore v1`,
  )
}

function cacheConflict(): KeystoreError {
  return new KeystoreError(
    'keystore-cache-conflict',
    "can't cache on start with disabled cache: set keystore_cache_size to 0 or more, or keystore_cache_on_start_enable to false",
  )
}
