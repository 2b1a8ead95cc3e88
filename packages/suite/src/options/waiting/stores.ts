import { allWait, flag, int, text, waits } from '../option.ts'
import { tlsServiceOptions } from './tls.ts'

/** Where Redis is (cli-tools.md §2.4). */
export const redisOptions = {
  ...allWait('Redis', {
    redis_host_port: text('', 'host:port of Redis; not used when empty'),
    redis_password: text('', 'Password of Redis', { secret: true }),
    redis_tls_enable: flag(false, 'Use TLS to Redis'),
  } as const),
  ...tlsServiceOptions('redis'),
} as const

/** Keys in Redis. The original prints -1 and means 0 in 0.96: ours is -1, not used. */
export const redisKeysOptions = {
  redis_db_keys: waits('Redis', int(-1, 'Number of the Redis database for keys; -1 for none')),
} as const

/** Tokens in Redis. */
export const redisTokensOptions = {
  redis_db_tokens: waits('Redis', int(-1, 'Number of the Redis database for tokens; -1 for none')),
} as const

/** The encryptor config in Consul (acra-server.md §2.6). */
export const consulOptions = {
  ...allWait('Consul', {
    consul_connection_api_string: text('', 'http(s)://host:port of Consul'),
    consul_kv_config_path: text('acra/encryptor_config', 'Key of the encryptor config in Consul'),
    consul_tls_enable: flag(false, 'Use TLS to Consul'),
  } as const),
  ...tlsServiceOptions('consul'),
} as const
