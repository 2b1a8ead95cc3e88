import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AuthorityInfoAccessSyntax,
  CRLDistributionPoints,
  type GeneralName,
  id_ce_cRLDistributionPoints,
  id_pe_authorityInfoAccess,
} from '@peculiar/asn1-x509'
import type { Link } from './link.ts'
import { RevocationError } from './revocation-error.ts'
import type { FromCertificate } from './settings.ts'

/** The access method of responders. */
const OCSP = '1.3.6.1.5.5.7.48.1'

/** Where to ask. */
export interface Source {
  readonly url: string
  readonly isOfCertificate: boolean
}

/** Whom to ask about a certificate, in their order, each once. spec: acra-server §6 */
export function sourcesFor(
  link: Link,
  { url, fromCertificate }: { readonly url: URL | null; readonly fromCertificate: FromCertificate },
  addressesIn: (link: Link) => readonly string[],
): readonly Source[] {
  const configured = url !== null && link.isLeaf ? [{ url: url.href, isOfCertificate: false }] : []
  const inside =
    fromCertificate === 'ignore'
      ? []
      : addressesIn(link).map((address) => ({ url: normal(address), isOfCertificate: true }))
  const all = fromCertificate === 'use' ? [...configured, ...inside] : [...inside, ...configured]
  const byUrl = new Map<string, Source>()
  for (const source of all) if (!byUrl.has(source.url)) byUrl.set(source.url, source)
  return [...byUrl.values()]
}

/** The responders that a certificate names. */
export function respondersIn({ parts }: Link): readonly string[] {
  const extension = parts.extensions.get(id_pe_authorityInfoAccess)
  if (extension === undefined) return []
  return orMalformed(() =>
    AsnConvert.parse(extension, AuthorityInfoAccessSyntax)
      .filter(({ accessMethod }) => accessMethod === OCSP)
      .flatMap(({ accessLocation }) => addressOf(accessLocation)),
  )
}

/** The lists that a certificate names. */
export function listsIn({ parts }: Link): readonly string[] {
  const extension = parts.extensions.get(id_ce_cRLDistributionPoints)
  if (extension === undefined) return []
  return orMalformed(() =>
    AsnConvert.parse(extension, CRLDistributionPoints).flatMap(({ distributionPoint }) =>
      (distributionPoint?.fullName ?? []).flatMap(addressOf),
    ),
  )
}

/** The address that a name is; none where it is a name of another kind. */
export function addressOf(name: GeneralName): readonly string[] {
  const address = name.uniformResourceIdentifier
  return address === undefined ? [] : [address]
}

/** One way to write an address, so that no place is asked twice. */
function normal(address: string): string {
  return URL.canParse(address) ? new URL(address).href : address
}

function orMalformed<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw new RevocationError(
      'revocation-not-known',
      'the certificate names its revocation lists or responders in a way that cannot be read',
      'Make it anew; or set from_cert=ignore for OCSP and lists.',
    )
  }
}
