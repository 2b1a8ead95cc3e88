import {
  choice,
  crlRows,
  fallingBackTo,
  flag,
  generalTlsRows,
  ignored,
  joined,
  ocspRows,
  ownTlsRows,
  prefixed,
  serverNameRow,
  text,
} from '../options/index.ts'

/** The general TLS options; those of one side or service fall back to them (cli-tools.md §2.6). */
export const tlsOptions = prefixed('tls_', generalTlsRows)

/** What is done against certificates that have been revoked; the sides fall back to these. */
export const tlsRevocationOptions = joined(
  prefixed('tls_ocsp_', ocspRows),
  prefixed('tls_crl_', crlRows),
)

/** What a tool has of these groups: those of Redis and Vault fall back to them. */
export const tlsToolOptions = joined(tlsOptions, tlsRevocationOptions)

/** The same for one side: `tls_ocsp_client_url`. */
export function tlsRevocationSideOptions<const S extends 'client_' | 'database_'>(side: S) {
  return joined(
    prefixed(`tls_ocsp_${side}`, fallingBackTo('tls_ocsp_', ocspRows)),
    prefixed(`tls_crl_${side}`, fallingBackTo('tls_crl_', crlRows)),
  )
}

/** The same for a service that programs connect to: `redis_tls_ocsp_client_url`. */
export function tlsRevocationServiceOptions<const S extends 'redis' | 'vault'>(service: S) {
  return joined(
    prefixed(`${service}_tls_ocsp_client_`, fallingBackTo('tls_ocsp_', ocspRows)),
    prefixed(`${service}_tls_crl_client_`, fallingBackTo('tls_crl_', crlRows)),
  )
}

/** TLS with applications: acra-server is the TLS server. */
export const tlsClientSideOptions = joined(prefixed('tls_client_', ownTlsRows), {
  tls_client_required: flag(false, 'Refuse applications that do not use TLS'),
  tls_client_system_ca: flag(
    true,
    'Certificates of clients may also be made by the authorities that the system trusts',
  ),
})

/** How certificates become client ids. */
export const tlsIdentityOptions = {
  tls_client_id_from_cert: flag(
    true,
    'Take the client id of applications that use TLS from their certificate',
    { in090: false },
  ),
  tls_identifier_extractor_type: choice(
    ['distinguished_name', 'serial_number'],
    'distinguished_name',
    'What of a certificate the client id is made from',
  ),
} as const

/** TLS with the database: acra-server is the TLS client. */
export const tlsDatabaseSideOptions = {
  ...prefixed('tls_database_', {
    ...ownTlsRows,
    auth: ignored('tls_database_mode says how the database is checked', ownTlsRows.auth),
    sni: serverNameRow,
    mode: choice(
      ['auto', 'disable', 'prefer', 'require', 'verify-ca', 'verify-full'],
      'auto',
      'TLS to the database, in the words of libpq; auto uses verify-full exactly when the application uses TLS',
    ),
  }),
  tls_db_sni: text('', 'Older name of tls_database_sni'),
} as const
