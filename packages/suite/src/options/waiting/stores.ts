import { allWait, flag, int, text, waits } from '../option.ts'
import { tlsServiceOptions } from './tls.ts'

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
