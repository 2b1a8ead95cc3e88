import { allWait, joined, prefixed } from '../option.ts'
import { crlRows, fallingBackTo, ocspRows } from '../revocation-rows.ts'
import { ownTlsRows, serverNameRow } from '../tls-rows.ts'

const SERVICES = 'TLS to other services'
const REVOCATION = 'OCSP and revocation lists for other services'

/** What is done against certificates of services that have been revoked: `consul_tls_crl_client_url` (cli-tools.md §2.6). */
function waitingRevocationOptions<const S extends string>(service: S) {
  const prefix = `${service}_tls_` as const
  return joined(
    allWait(REVOCATION, prefixed(`${prefix}ocsp_client_`, fallingBackTo('tls_ocsp_', ocspRows))),
    allWait(REVOCATION, prefixed(`${prefix}crl_client_`, fallingBackTo('tls_crl_', crlRows))),
  )
}

/** The TLS flags of a service: `consul_tls_client_ca`, `consul_tls_ocsp_client_url`. */
export function tlsServiceOptions<const S extends string>(service: S) {
  const prefix = `${service}_tls_` as const
  return joined(
    allWait(SERVICES, prefixed(`${prefix}client_`, { ...ownTlsRows, sni: serverNameRow })),
    waitingRevocationOptions(service),
  )
}
