import type { X509Certificate } from 'node:crypto'
import { type CertificateParts, readCertificate } from '../identity/index.ts'

/** A certificate to ask about, and who has made it. */
export interface Link {
  readonly certificate: X509Certificate
  readonly parts: CertificateParts
  readonly issuer: X509Certificate
  readonly issuerParts: CertificateParts
  /** True for the peer's own certificate: the address of the options is asked about it alone. */
  readonly isLeaf: boolean
  /** Names the pair, and nothing else. */
  readonly id: string
}

/** The links of a verified chain, the peer's own certificate first. A certificate that nobody else has made vouches for itself. */
export function linksOf(chain: readonly X509Certificate[]): readonly Link[] {
  const [first] = chain
  if (first === undefined) return []
  if (chain.length === 1) return [{ ...linkOf(first, first), isLeaf: false }]
  return chain.slice(1).map((issuer, at) => ({
    ...linkOf(chain[at] as X509Certificate, issuer), // One stands before each that follows.
    isLeaf: at === 0,
  }))
}

function linkOf(certificate: X509Certificate, issuer: X509Certificate): Omit<Link, 'isLeaf'> {
  return {
    certificate,
    parts: readCertificate(certificate.raw),
    issuer,
    issuerParts: readCertificate(issuer.raw),
    id: `${certificate.fingerprint256} ${issuer.fingerprint256}`,
  }
}
