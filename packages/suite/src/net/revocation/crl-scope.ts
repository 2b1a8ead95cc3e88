import { AsnConvert } from '@peculiar/asn1-schema'
import {
  type Extension,
  IssuingDistributionPoint,
  id_ce_deltaCRLIndicator,
  id_ce_issuingDistributionPoint,
} from '@peculiar/asn1-x509'
import { addressOf, listsIn } from './addresses.ts'
import type { RevocationList } from './crl-list.ts'
import type { Link } from './link.ts'
import { SourceError } from './revocation-error.ts'

/** Key identifier, alternative name and number of the list: they take nothing away from it. */
const harmless = new Set(['2.5.29.35', '2.5.29.18', '2.5.29.20'])

/**
 * Throws SourceError where the list does not cover the certificate, or has extensions that may say so. A list that says for which
 * address it was made (as large authorities do, who divide theirs) must name one of the certificate. spec: acra-server §6
 */
export function checkScope({ extensions }: RevocationList, link: Link): void {
  for (const extension of extensions) {
    const { extnID, critical } = extension
    if (extnID === id_ce_deltaCRLIndicator) {
      throw new SourceError('handling of CRL extension is not yet implemented')
    }
    if (extnID === id_ce_issuingDistributionPoint) checkDistribution(extension, link)
    else if (critical && !harmless.has(extnID)) {
      throw new SourceError('unable to process unknown critical extension inside CRL')
    }
  }
}

function checkDistribution({ extnValue }: Extension, link: Link): void {
  const point = parsed(extnValue.buffer)
  const isAuthority = link.certificate.ca
  const isOther =
    point.indirectCRL ||
    point.onlyContainsAttributeCerts ||
    point.onlySomeReasons !== undefined ||
    (point.onlyContainsUserCerts && isAuthority) ||
    (point.onlyContainsCACerts && !isAuthority)
  if (isOther) throw otherCertificates()
  if (point.distributionPoint === undefined) return
  const named = (point.distributionPoint.fullName ?? []).flatMap(addressOf)
  if (!listsIn(link).some((address) => named.includes(address))) throw otherCertificates()
}

function parsed(value: ArrayBuffer): IssuingDistributionPoint {
  try {
    return AsnConvert.parse(value, IssuingDistributionPoint)
  } catch (cause) {
    throw new SourceError('what was fetched is no revocation list', { cause })
  }
}

function otherCertificates(): SourceError {
  return new SourceError('the list is for other certificates')
}
