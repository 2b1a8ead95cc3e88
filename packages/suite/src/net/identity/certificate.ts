import { DerError, DerReader, derTags, dottedOid } from './der.ts'
import { IdentityError } from './identity-error.ts'

/** What of a certificate is looked at here: views into its DER. */
export interface CertificateParts {
  /** The content of the INTEGER. */
  readonly serial: Buffer
  /** The name of the authority, as it stands there. */
  readonly issuer: Buffer
  /** The content of the SEQUENCE. */
  readonly subject: Buffer
  /** The bits of the public key. */
  readonly publicKey: Buffer
  /** The content of the OCTET STRING of each extension, by its dotted object identifier. */
  readonly extensions: ReadonlyMap<string, Buffer>
}

/** Context tag of the extensions. */
const EXTENSIONS = 0xa3
/** Context tag of the version, which certificates of version 1 leave out. */
const VERSION = 0xa0

/**
 * Takes a certificate apart: `Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version, serial, algorithm,
 * issuer, validity, subject, key, [1] [2] unique ids, [3] extensions }, ... }`. Throws IdentityError.
 */
export function readCertificate(certificate: Uint8Array): CertificateParts {
  return orMalformed(() => {
    const outer = new DerReader(certificate)
    const signed = new DerReader(
      new DerReader(outer.expect(derTags.sequence)).expect(derTags.sequence),
    )
    if (!outer.atEnd) throw new DerError('bytes follow the certificate')
    if (signed.nextTag === VERSION) signed.read()
    const serial = signed.expect(derTags.integer)
    signed.expect(derTags.sequence)
    const issuer = signed.expectElement(derTags.sequence).whole
    signed.expect(derTags.sequence)
    const subject = signed.expect(derTags.sequence)
    const publicKey = readPublicKey(signed.expect(derTags.sequence))
    return { serial, issuer, subject, publicKey, extensions: readExtensions(signed) }
  })
}

/** Runs what reads DER; what is not DER comes out as the one error. */
export function orMalformed<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new IdentityError('certificate-malformed', 'not a certificate in DER', { cause: error })
  }
}

/** `SubjectPublicKeyInfo ::= SEQUENCE { algorithm, BIT STRING }`: behind the number of unused bits, of which a key has none. */
function readPublicKey(info: Buffer): Buffer {
  const fields = new DerReader(info)
  fields.expect(derTags.sequence)
  return fields.expect(derTags.bitString).subarray(1)
}

/** `Extension ::= SEQUENCE { OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, OCTET STRING }`. */
function readExtensions(signed: DerReader): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  while (!signed.atEnd && signed.nextTag !== EXTENSIONS) signed.read()
  if (signed.atEnd) return found
  const all = new DerReader(new DerReader(signed.expect(EXTENSIONS)).expect(derTags.sequence))
  while (!all.atEnd) {
    const extension = new DerReader(all.expect(derTags.sequence))
    const type = dottedOid(extension.expect(derTags.objectIdentifier))
    if (extension.nextTag === derTags.boolean) extension.read()
    found.set(type, extension.expect(derTags.octetString))
  }
  return found
}
