import { redisOptions } from '../net/redis/index.ts'
import { flag, int, text } from '../options/index.ts'

/** Where a program finds its keys. spec: cli-tools §2.3 */
export const keysFolderOptions = {
  keys_dir: text('.acrakeys', 'Folder of the keys'),
} as const

/** The keys that a service keeps in memory. spec: cli-tools §2.3 */
export const keystoreCacheOptions = {
  keystore_cache_size: int(1000, 'Keys kept in memory at most; 0 without limit, -1 for none', {
    min: -1,
    in090: 0,
  }),
  keystore_cache_on_start_enable: flag(true, 'Load the keys into memory at start', {
    in090: false,
  }),
} as const

const NUMBER = { min: -1, max: 1_000_000 }
const MEANING = 'Number of the Redis database for keys; -1 for none'

/** Keys in Redis, under the names that files would have. spec: cli-tools §2.4 */
export const redisKeysOptions = {
  ...redisOptions,
  redis_db_keys: int(0, MEANING, NUMBER),
} as const

/** The same beside tokens in Redis. The original prints -1 and means 0 in 0.96: ours is -1, not used. spec: cli-tools §2.4 */
export const redisKeysBesideTokensOptions = {
  ...redisOptions,
  redis_db_keys: int(-1, MEANING, NUMBER),
} as const

/** Where a program that makes keys puts them. */
export const keysOutputOptions = {
  keys_output_dir: text('.acrakeys', 'Folder to write the keys to'),
  keys_public_output_dir: text(
    '',
    'Folder to write the public keys to; that of keys_output_dir when empty',
  ),
} as const
