import { RedisConnection, RedisError, redisAddress, type redisOptions } from '../net/redis/index.ts'
import type { OptionValues } from '../options/index.ts'
import { memoryTokenStore } from './memory.ts'
import type { tokenOptions } from './options.ts'
import { openRedisTokenStore } from './redis.ts'
import { type TokenStore, TokenStoreError } from './token-store.ts'

/** Where tokens are kept, as the options say it. */
export type TokenPlace = OptionValues<typeof tokenOptions & typeof redisOptions>

/** Whether tokens are kept in the memory of the process: they end with it. */
export function isInMemory(place: TokenPlace): boolean {
  return place.token_db === '' && !isInRedis(place)
}

/** Whether the options name a database of Redis for tokens. */
function isInRedis({ redis_host_port, redis_db_tokens }: TokenPlace): boolean {
  return redis_host_port !== '' && redis_db_tokens >= 0
}

/** Opens the store. `warn` takes a sentence about something odd that stops nothing. Throws TokenStoreError, and TlsError for files of Redis's TLS that cannot be used. */
export async function openTokenStore(
  place: TokenPlace,
  environment: Readonly<Record<string, string | undefined>>,
  warn: (sentence: string) => void,
): Promise<TokenStore> {
  const { token_db: path, redis_db_tokens: database } = place
  if (path !== '' && isInRedis(place)) {
    const text = 'Both --redis_host_port and --token_db cannot be used simultaneously'
    throw new TokenStoreError('token-store-misconfigured', text)
  }
  if (path !== '') return (await import('./embedded.ts')).openEmbeddedTokenStore(path)
  if (!isInRedis(place)) return memoryTokenStore()
  try {
    return await openRedisTokenStore(
      new RedisConnection(redisAddress(place, database, environment, warn)),
    )
  } catch (cause) {
    if (!(cause instanceof RedisError)) throw cause
    throw new TokenStoreError('token-store-misconfigured', cause.message, { cause })
  }
}
