import { createHash } from 'node:crypto'
import { AcraError } from '../../foundation/index.ts'
import { DerError, DerReader, derTags } from './der.ts'
import { distinguishedNameText } from './distinguished-name.ts'

/** What of a certificate makes the client id. */
export type IdentifierExtractor = 'distinguished_name' | 'serial_number'

export type IdentityErrorCode = 'certificate-malformed' | 'certificate-without-identifier'

/** A certificate that no client id can be taken from. */
export class IdentityError extends AcraError {
  declare readonly code: IdentityErrorCode

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/**
 * The client id of a certificate (DER): the lower-case hex of SHA-512 over its subject's text or its serial number, 128 characters. Says nothing about
 * whether the certificate may be trusted. spec: acra-server §4.2. Throws IdentityError.
 */
export function clientIdOfCertificate(
  certificate: Uint8Array,
  extractor: IdentifierExtractor,
): string {
  const { serial, subject } = parts(certificate)
  const identifier = extractor === 'serial_number' ? magnitude(serial) : Buffer.from(text(subject))
  if (identifier.length === 0)
    throw new IdentityError(
      'certificate-without-identifier',
      `empty identifier: the certificate has no ${extractor === 'serial_number' ? 'serial number' : 'subject'}`,
    )
  return createHash('sha512').update(identifier).digest('hex')
}

/** Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, ... }, ... } */
function parts(certificate: Uint8Array): { serial: Buffer; subject: Buffer } {
  try {
    const outer = new DerReader(certificate)
    const signed = new DerReader(
      new DerReader(outer.expect(derTags.sequence)).expect(derTags.sequence),
    )
    if (!outer.atEnd) throw new DerError('bytes follow the certificate')
    if (signed.nextTag === 0xa0) signed.read()
    const serial = signed.expect(derTags.integer)
    for (let field = 0; field < 3; field++) signed.expect(derTags.sequence)
    return { serial, subject: signed.expect(derTags.sequence) }
  } catch (error) {
    throw malformed(error)
  }
}

function text(subject: Buffer): string {
  try {
    return distinguishedNameText(subject)
  } catch (error) {
    throw malformed(error)
  }
}

function malformed(error: unknown): unknown {
  if (!(error instanceof DerError)) return error
  return new IdentityError('certificate-malformed', 'not a certificate in DER', { cause: error })
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
