import { allWait, choice, flag, joined, prefixed, text, uint } from '../option.ts'
import { ownTlsRows, serverNameRow } from '../tls-rows.ts'

const SERVICES = 'TLS to other services'
const REVOCATION = 'OCSP and revocation lists'

const OCSP_REQUIRED = ['denyUnknown', 'allowUnknown', 'requireGood'] as const
const FROM_CERTIFICATE = ['use', 'trust', 'prefer', 'ignore'] as const

const ocsp = {
  url: text('', 'URL of the OCSP responder'),
  required: choice(OCSP_REQUIRED, 'denyUnknown', 'Which answers of an OCSP responder are enough'),
  from_cert: choice(FROM_CERTIFICATE, 'prefer', 'How OCSP addresses inside certificates are used'),
  check_only_leaf_certificate: flag(false, 'Ask about the last certificate of a chain only'),
} as const

const crl = {
  url: text('', 'URL of the certificate revocation list, http:// or file://'),
  from_cert: choice(FROM_CERTIFICATE, 'prefer', 'How CRL addresses inside certificates are used'),
  check_only_leaf_certificate: flag(false, 'Check the last certificate of a chain only'),
  cache_size: uint(16, 'Revocation lists kept at most; 0 keeps none', { max: 1_000_000 }),
  cache_time: uint(0, 'Seconds for which a revocation list is kept; 0 keeps none', { max: 300 }),
} as const

/** What is done against certificates that have been revoked; sides and services fall back to these (cli-tools.md §2.6). */
export const tlsRevocationOptions = {
  ...allWait(REVOCATION, prefixed('tls_ocsp_', ocsp)),
  ...allWait(REVOCATION, prefixed('tls_crl_', crl)),
} as const

/** The same for one side or service: `tls_ocsp_client_url`, `redis_tls_crl_client_url`. */
export function tlsRevocationSideOptions<const P extends string, const S extends string>(
  prefix: P,
  side: S,
) {
  return joined(
    allWait(REVOCATION, prefixed(`${prefix}ocsp_${side}`, withGeneral('tls_ocsp_', ocsp))),
    allWait(REVOCATION, prefixed(`${prefix}crl_${side}`, withGeneral('tls_crl_', crl))),
  )
}

/** The TLS flags of a service: `redis_tls_client_ca`, `redis_tls_ocsp_client_url`. */
export function tlsServiceOptions<const S extends string>(service: S) {
  const prefix = `${service}_tls_` as const
  return joined(
    allWait(SERVICES, prefixed(`${prefix}client_`, { ...ownTlsRows, sni: serverNameRow })),
    tlsRevocationSideOptions(prefix, 'client_'),
  )
}

function withGeneral<T extends typeof ocsp | typeof crl>(general: string, table: T): T {
  const rows = Object.entries(table).map(([name, option]) => [
    name,
    { ...option, general: `${general}${name}` },
  ])
  return Object.fromEntries(rows) as T // The rows are those of `table`, but for `general`.
}
