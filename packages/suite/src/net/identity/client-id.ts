import { createHash } from 'node:crypto'
import { orMalformed, readCertificate } from './certificate.ts'
import { distinguishedNameText } from './distinguished-name.ts'
import { IdentityError } from './identity-error.ts'

/** What of a certificate makes the client id. */
export type IdentifierExtractor = 'distinguished_name' | 'serial_number'

/**
 * The client id of a certificate (DER): the lower-case hex of SHA-512 over its subject's text or its serial number, 128 characters. Says nothing about
 * whether the certificate may be trusted. spec: acra-server §4.2. Throws IdentityError.
 */
export function clientIdOfCertificate(
  certificate: Uint8Array,
  extractor: IdentifierExtractor,
): string {
  const { serial, subject } = readCertificate(certificate)
  const identifier =
    extractor === 'serial_number'
      ? magnitude(serial)
      : Buffer.from(orMalformed(() => distinguishedNameText(subject)))
  if (identifier.length === 0)
    throw new IdentityError(
      'certificate-without-identifier',
      `empty identifier: the certificate has no ${extractor === 'serial_number' ? 'serial number' : 'subject'}`,
    )
  return createHash('sha512').update(identifier).digest('hex')
}

/** The bytes of the number's absolute value, without zeros at the front. */
function magnitude(integer: Buffer): Buffer {
  const negative = (integer[0] ?? 0) >= 0x80
  const hex = integer.toString('hex') || '0'
  const value = BigInt(`0x${hex}`) - (negative ? 1n << BigInt(8 * integer.length) : 0n)
  const digits = (value < 0n ? -value : value).toString(16)
  if (digits === '0') return Buffer.alloc(0)
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
}
