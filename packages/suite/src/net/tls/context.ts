import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Credentials } from './files.ts'

/** TLS 1.3, then those of TLS 1.2 that have forward secrecy and authenticated encryption. spec: cli-tools §2.6 */
const SUITES: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/**
 * What connections of one side share: versions, suites, our certificate, whom we trust. No session is ever resumed, so that a
 * certificate is looked at on every connection.
 */
export function tlsContext(
  credentials: Credentials | null,
  authorities: readonly string[],
): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: SUITES.join(':'),
    honorCipherOrder: true,
    secureOptions:
      constants.SSL_OP_NO_TICKET |
      constants.SSL_OP_NO_RENEGOTIATION |
      constants.SSL_OP_NO_COMPRESSION,
    ca: [...authorities],
    ...(credentials === null ? {} : { cert: credentials.certificate, key: credentials.key }),
  })
}
