import { allWait, flag, text } from '../option.ts'
import { tlsServiceOptions } from './tls.ts'

/** The encryptor config in Consul (acra-server.md §2.6). */
export const consulOptions = {
  ...allWait('Consul', {
    consul_connection_api_string: text('', 'http(s)://host:port of Consul'),
    consul_kv_config_path: text('acra/encryptor_config', 'Key of the encryptor config in Consul'),
    consul_tls_enable: flag(false, 'Use TLS to Consul'),
  } as const),
  ...tlsServiceOptions('consul'),
} as const
