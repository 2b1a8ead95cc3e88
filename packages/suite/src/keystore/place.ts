import { RedisConnection, RedisError, redisAddress } from '../net/redis/index.ts'
import type { OptionValues } from '../options/index.ts'
import { KeystoreError } from './errors.ts'
import type { StoreVersion } from './master-key/key-wrapper.ts'
import type { Environment } from './master-key/source.ts'
import type { redisKeysOptions } from './options.ts'
import { Files } from './storage/files.ts'
import type { Storage } from './storage/storage.ts'
import { lockFile, versionFile, versionMarker } from './v2/marker.ts'

/** Where a keystore is. */
export interface KeystorePlace {
  /** The key folder; in Redis, what every name begins with. */
  readonly folder: string
  /** Where public keys stand; the key folder where it is null or empty. */
  readonly publicFolder?: string | null
  /** The database of Redis that has the keys; files where it is null or absent. */
  readonly redis?: RedisConnection | null
}

/**
 * The database of Redis that the options name for keys; null where the keys are files. `warn` is told of responders and lists of revoked
 * certificates that cannot be used.
 *
 * @throws KeystoreError `keystore-redis-settings`
 */
export function redisForKeys(
  options: OptionValues<typeof redisKeysOptions> & { readonly redis_db_tokens?: number },
  environment: Environment,
  warn: (sentence: string) => void,
): RedisConnection | null {
  const { redis_host_port: address, redis_db_keys: keys, redis_db_tokens: tokens } = options
  if (address === '') {
    // Where there are keys alone, 0 is what a program of the original has if nobody says anything.
    const unsaid = tokens === undefined ? 0 : -1
    if (keys <= unsaid) return null
    throw settingsConflict('redis_db_keys is set, but not redis_host_port')
  }
  if (keys < 0) {
    if (tokens !== undefined && tokens < 0)
      warn(
        'redis_host_port has no effect: set redis_db_keys to keep keys in Redis, redis_db_tokens to keep tokens there',
      )
    return null
  }
  if (keys === tokens)
    throw settingsConflict(
      'Identical Redis DB parameters: redis_db_tokens and redis_db_keys must differ',
    )
  try {
    return new RedisConnection(redisAddress(options, keys, environment, warn))
  } catch (error) {
    if (error instanceof RedisError) throw settingsConflict(error.message)
    throw error
  }
}

/** The storage of a place, as a layout of this version uses it. */
export async function storageOf(place: KeystorePlace, version: StoreVersion): Promise<Storage> {
  const { folder, publicFolder = null, redis: connection = null } = place
  const isV2 = version === 'v2'
  if (connection === null)
    return new Files({ folder, publicFolder, lock: isV2 ? { target: lockFile } : {} })
  const { RedisStorage } = await import('./storage/redis.ts')
  const lock = isV2 ? { lock: lockFile } : {}
  return new RedisStorage({ connection, folder, publicFolder, bare: versionMarker, ...lock })
}

/** The version of the keystore in a folder, or in Redis under its name: v2 where its marker stands there, v1 where anything else does; null where nothing does. spec: keystore §3.1 */
export async function detectVersion(
  folder: string,
  redis: RedisConnection | null = null,
): Promise<StoreVersion | null> {
  const storage = await storageOf({ folder, redis }, 'v2')
  const names = await storage.list('', 'private')
  if (names.includes(versionFile)) {
    // Read as a public file: the original makes it 0644.
    const marker = await storage.read(versionFile, 'public')
    if (marker?.toString('latin1') === versionMarker) return 'v2'
  }
  // The lock is there before the marker.
  return names.some((name) => name !== lockFile) ? 'v1' : null
}

function settingsConflict(message: string): KeystoreError {
  return new KeystoreError('keystore-redis-settings', message)
}
