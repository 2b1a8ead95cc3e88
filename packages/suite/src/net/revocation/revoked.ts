import type { Link } from './link.ts'
import { RevocationError } from './revocation-error.ts'

/** A certificate of the chain was revoked by its authority. */
export function revoked({ parts, isLeaf }: Link): RevocationError {
  const whose = isLeaf ? 'the certificate' : 'a certificate of the chain'
  const hint = `It is ${whose} with the serial number ${parts.serial.toString('hex')}; its authority has to make another one.`
  return new RevocationError('certificate-revoked', 'certificate was revoked', hint)
}
