import { X509Certificate } from 'node:crypto'
import { IdentityError } from './identity-error.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+?)-----END \1-----/

/** The DER of the first certificate in a PEM text. Throws IdentityError. */
export function certificateOfPem(pem: string): Buffer {
  const [, label, base64 = ''] = BLOCK.exec(pem) ?? []
  if (label === undefined)
    throw new IdentityError(
      'certificate-malformed',
      "can't parse TLS certificate as PEM encoded file",
    )
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).raw
  } catch (cause) {
    throw new IdentityError('certificate-malformed', "can't parse TLS certificate", { cause })
  }
}
