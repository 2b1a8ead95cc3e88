import { allWait, choice, flag, int, text, waits } from '../option.ts'
import { tlsServiceOptions } from './tls.ts'

const MASTER_KEYS = 'master keys from Vault or a KMS'

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

/** Where the master key comes from, besides `ACRA_MASTER_KEY` (cli-tools.md §2.5). */
export const masterKeyOptions = {
  keystore_encryption_type: waits(
    MASTER_KEYS,
    choice(
      ['env_master_key', 'kms_encrypted_master_key', 'vault_master_key', 'kms_per_client'],
      'env_master_key',
      'Where the key that protects the keys comes from',
    ),
  ),
  ...allWait(MASTER_KEYS, {
    vault_connection_api_string: text('', 'http(s)://host:port of HashiCorp Vault'),
    vault_secrets_path: text('secret/', 'Path of the master key in Vault'),
    vault_tls_transport_enable: flag(false, 'Use TLS to Vault'),
    vault_tls_ca_path: text('', 'Older name of vault_tls_client_ca'),
  } as const),
  ...tlsServiceOptions('vault'),
  ...allWait(MASTER_KEYS, {
    kms_type: text('', 'Kind of the key management service: aws'),
    kms_credentials_path: text('', 'JSON file with the credentials of the key management service'),
  } as const),
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
