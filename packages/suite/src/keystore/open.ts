import { CachedKeystore } from './cache.ts'
import { KeystoreError } from './errors.ts'
import type { Keystore } from './keystore.ts'
import type { KeyWrapper, StoreVersion } from './master-key/key-wrapper.ts'
import { Files } from './storage/files.ts'
import type { Storage } from './storage/storage.ts'
import type { Surroundings } from './surroundings.ts'
import { KeystoreV1 } from './v1/keystore-v1.ts'
import { systemTime } from './v1/timestamp.ts'
import { KeystoreV2 } from './v2/keystore-v2.ts'
import { lockFile, versionFile, versionMarker } from './v2/marker.ts'

/** A cache that keeps nothing. */
export const cacheOff = -1

export interface OpenSettings {
  /** The key folder; it may be missing, and is made by the first key. */
  readonly folder: string
  /** The version that is wanted where the folder holds nothing yet; v1 where it is not given. A folder of the other version is refused. */
  readonly version?: StoreVersion | null
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
  const found = await detectVersion(folder)
  const version = settings.version ?? found ?? 'v1'
  if (found !== null && found !== version) throw versionConflict(folder, found, version)
  const keystore = layouts[version](folder, publicFolder ?? null, { wrapper, warn, now })
  await keystore.verify()
  if (cacheSize === cacheOff) return keystore
  const cached = new CachedKeystore(keystore, cacheSize)
  if (cacheOnStart) await cached.preload(warn)
  return cached
}

/** The layouts; all are byte-compatible with those of the original. */
const layouts = {
  v1(folder: string, publicFolder: string | null, around: Omit<Surroundings, 'storage'>) {
    return new KeystoreV1({ ...around, storage: new Files({ folder, publicFolder }) })
  },
  v2(folder: string, publicFolder: string | null, around: Omit<Surroundings, 'storage'>) {
    if (publicFolder)
      around.warn(
        `the public keys of a keystore v2 stand in its rings: ${publicFolder} is not used`,
      )
    const storage = new Files({ folder, lock: { target: lockFile } })
    return new KeystoreV2({ ...around, storage })
  },
} as const

/** What stands in a place, for those who work on its files: its storage, its version and the clock. Null where nothing does. */
export async function storeFor({
  folder,
  publicFolder,
}: Pick<OpenSettings, 'folder' | 'publicFolder'>): Promise<{
  readonly storage: Storage
  readonly version: StoreVersion
  readonly now: () => bigint
} | null> {
  const version = await detectVersion(folder)
  if (version === null) return null
  const lock = version === 'v2' ? { lock: { target: lockFile } } : {}
  const storage = new Files({ folder, publicFolder: publicFolder ?? null, ...lock })
  return { storage, version, now: systemTime }
}

/** The version of the keystore in a folder: v2 where its marker stands there, v1 where anything else does; null where nothing does. spec: keystore §3.1 */
export async function detectVersion(folder: string): Promise<StoreVersion | null> {
  const storage = new Files({ folder })
  const names = await storage.list('', 'private')
  if (names.includes(versionFile)) {
    // Read as a public file: the original makes it 0644.
    const marker = await storage.read(versionFile, 'public')
    if (marker?.toString('latin1') === versionMarker) return 'v2'
  }
  // The lock is there before the marker.
  return names.some((name) => name !== lockFile) ? 'v1' : null
}

function versionConflict(folder: string, found: StoreVersion, wanted: StoreVersion): KeystoreError {
  return new KeystoreError(
    'keystore-version-conflict',
    `keystore ${folder} is ${found} and not ${wanted}: use another folder, or ask for ${found}`,
  )
}

function cacheConflict(): KeystoreError {
  return new KeystoreError(
    'keystore-cache-conflict',
    "can't cache on start with disabled cache: set keystore_cache_size to 0 or more, or keystore_cache_on_start_enable to false",
  )
}
