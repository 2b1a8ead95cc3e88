import {
  flag,
  ignored,
  joined,
  type OptionValues,
  ownTlsRows,
  prefixed,
  serverNameRow,
  text,
} from '../../options/index.ts'
import { tlsRevocationServiceOptions } from '../options.ts'
import { revocationSettings } from '../revocation/index.ts'
import { readTrust, serviceCheck } from '../tls/index.ts'
import type { RedisAddress } from './redis-connection.ts'
import { RedisError } from './redis-error.ts'

const DEFAULT_PORT = 6379

/** Where Redis is (cli-tools.md §2.4); `redis_user` is ours. */
export const redisOptions = {
  redis_host_port: text('', 'host:port of Redis; not used when empty'),
  redis_user: text('', 'Name of the ACL user of Redis; the default user when empty'),
  redis_password: text('', 'Password of Redis', { secret: true }),
  redis_tls_enable: flag(false, 'Use TLS to Redis'),
  ...joined(
    prefixed('redis_tls_client_', {
      ...ownTlsRows,
      auth: ignored('the certificate of Redis is always checked', ownTlsRows.auth),
      sni: serverNameRow,
    }),
    tlsRevocationServiceOptions('redis'),
  ),
} as const

/**
 * What the options say of the database with this number. `warn` is told of responders and lists of revoked certificates that cannot be used.
 * Throws RedisError `redis-settings`, ConfigurationError, and TlsError for a file that cannot be used.
 */
export function redisAddress(
  options: OptionValues<typeof redisOptions>,
  database: number,
  environment: Readonly<Record<string, string | undefined>>,
  warn: (sentence: string) => void,
): RedisAddress {
  const { host, port } = hostAndPort(options.redis_host_port)
  const plain = { host, port, database, user: options.redis_user, password: options.redis_password }
  if (!options.redis_tls_enable) return { ...plain, trust: null, check: null }
  const paths = {
    ca: options.redis_tls_client_ca,
    cert: options.redis_tls_client_cert,
    key: options.redis_tls_client_key,
    serverName: options.redis_tls_client_sni,
  }
  const trust = readTrust(paths, environment)
  return {
    ...plain,
    trust,
    check: serviceCheck(revocationSettings(options, 'redis'), trust.ca, warn),
  }
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits = String(DEFAULT_PORT)] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/@]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host !== undefined && port > 0 && port <= 65_535) return { host, port }
  throw new RedisError('redis-settings', 'redis_host_port must be host:port')
}
