import { allWait, choice, flag, int, joined, prefixed, text, uint, waits } from '../option.ts'

const FEATURE = 'TLS'

const OCSP_REQUIRED = ['denyUnknown', 'allowUnknown', 'requireGood'] as const
const FROM_CERTIFICATE = ['use', 'trust', 'prefer', 'ignore'] as const

const files = {
  ca: text('', 'PEM file of certificate authorities to trust besides those of the system'),
  cert: text('', 'PEM file of the certificate'),
  key: text('', 'PEM file of the private key of the certificate'),
} as const

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

const AUTHENTICATION =
  'Certificates of clients: 0 none, 1 request, 2 require any, 3 verify if given, 4 require and verify'

/** The general TLS flags; those of one side or service fall back to them (cli-tools.md §2.6). */
export const tlsOptions = {
  ...allWait(FEATURE, prefixed('tls_', files)),
  tls_auth: waits(FEATURE, int(4, AUTHENTICATION, { min: 0, max: 4 }), [0]),
  ...allWait(FEATURE, prefixed('tls_ocsp_', ocsp)),
  ...allWait(FEATURE, prefixed('tls_crl_', crl)),
} as const

/** How certificates become client ids. */
export const tlsIdentityOptions = {
  tls_client_id_from_cert: waits(FEATURE, flag(false, 'Take the client id from the certificate')),
  tls_identifier_extractor_type: waits(
    FEATURE,
    choice(
      ['distinguished_name', 'serial_number'],
      'distinguished_name',
      'What of a certificate the client id is made from',
    ),
  ),
} as const

/** The TLS flags of one side of acra-server: `tls_client_ca`, `tls_ocsp_client_url`. */
export function tlsSideOptions<const S extends string>(side: S) {
  return tlsGroup('tls_', `${side}_`)
}

/** The TLS flags of a service: `redis_tls_client_ca`, `redis_tls_ocsp_client_url`. */
export function tlsServiceOptions<const S extends string>(service: S) {
  return tlsGroup(`${service}_tls_`, 'client_')
}

/**
 * The name that a certificate of the other side must bear: `tls_database_sni`,
 * `redis_tls_client_sni`.
 */
export function tlsNameOptions<const P extends string>(prefix: P) {
  const usage = 'Server name to expect; the host of the address when empty'
  return allWait(FEATURE, prefixed(prefix, { sni: text('', usage) } as const))
}

function tlsGroup<const P extends string, const S extends string>(prefix: P, side: S) {
  const own = {
    ca: text('', files.ca.usage, { general: 'tls_ca' }),
    cert: text('', files.cert.usage, { general: 'tls_cert' }),
    key: text('', files.key.usage, { general: 'tls_key' }),
    auth: int(-1, `${AUTHENTICATION}; -1 as tls_auth`, {
      min: -1,
      max: 4,
      general: 'tls_auth',
      unset: -1,
    }),
  } as const
  return joined(
    allWait(FEATURE, prefixed(`${prefix}${side}`, own)),
    joined(
      allWait(FEATURE, prefixed(`${prefix}ocsp_${side}`, withGeneral('tls_ocsp_', ocsp))),
      allWait(FEATURE, prefixed(`${prefix}crl_${side}`, withGeneral('tls_crl_', crl))),
    ),
  )
}

function withGeneral<T extends typeof ocsp | typeof crl>(general: string, table: T): T {
  const rows = Object.entries(table).map(([name, option]) => [
    name,
    { ...option, general: `${general}${name}` },
  ])
  return Object.fromEntries(rows) as T // The rows are those of `table`, but for `general`.
}
