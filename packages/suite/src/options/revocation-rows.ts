import { choice, flag, type OptionTable, text, uint } from './option.ts'

const OCSP_REQUIRED = ['denyUnknown', 'allowUnknown', 'requireGood'] as const
const FROM_CERTIFICATE = ['use', 'trust', 'prefer', 'ignore'] as const

/** Asking responders (OCSP) whether a certificate has been revoked (cli-tools.md §2.6). */
export const ocspRows = {
  url: text('', 'URL of the OCSP responder, http:// or https://'),
  required: choice(OCSP_REQUIRED, 'denyUnknown', 'Which answers of an OCSP responder are enough'),
  from_cert: choice(FROM_CERTIFICATE, 'prefer', 'How OCSP addresses inside certificates are used'),
  check_only_leaf_certificate: flag(false, 'Ask about the last certificate of a chain only'),
} as const

/** Reading lists of revoked certificates (CRL). */
export const crlRows = {
  url: text('', 'URL of the certificate revocation list, http://, https:// or file://'),
  from_cert: choice(FROM_CERTIFICATE, 'prefer', 'How CRL addresses inside certificates are used'),
  check_only_leaf_certificate: flag(false, 'Check the last certificate of a chain only'),
  cache_size: uint(16, 'Revocation lists kept at most; 0 keeps none', { max: 1_000_000 }),
  cache_time: uint(0, 'Seconds for which a revocation list is kept; 0 keeps none', { max: 300 }),
} as const

/** The rows of one side or service: where they are not given, those with the prefix `general` hold. */
export function fallingBackTo<T extends OptionTable>(general: string, table: T): T {
  const rows = Object.entries(table).map(([name, option]) => [
    name,
    { ...option, general: `${general}${name}` },
  ])
  return Object.fromEntries(rows) as T // The rows are those of `table`, but for `general`.
}
