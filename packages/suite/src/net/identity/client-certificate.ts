import { orMalformed, readCertificate } from './certificate.ts'
import { DerReader, derTags, dottedOid } from './der.ts'
import { IdentityError } from './identity-error.ts'

const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2'
/** The first bit of the key usages. */
const DIGITAL_SIGNATURE = 0x80

/**
 * Refuses a certificate (DER) that does not speak for a client: one of an authority, and one whose key may neither sign nor
 * authenticate clients. Its chain must have been verified already. spec: acra-server §4.2. Throws IdentityError.
 */
export function checkClientCertificate(certificate: Uint8Array): void {
  const { extensions } = readCertificate(certificate)
  const { isAuthority, signs, authenticatesClients } = orMalformed(() => ({
    isAuthority: isAuthorityBy(extensions.get(BASIC_CONSTRAINTS)),
    signs: signsBy(extensions.get(KEY_USAGE)),
    authenticatesClients: authenticatesClientsBy(extensions.get(EXTENDED_KEY_USAGE)),
  }))
  if (isAuthority) throw notForClients('used CA certificate for authentication')
  if (!signs && !authenticatesClients) {
    throw notForClients(
      "peer certificate doesn't have DigitalSignature key usage or ClientAuth ExtKeyUsage values",
    )
  }
}

function notForClients(message: string): IdentityError {
  return new IdentityError('certificate-not-for-clients', message)
}

/** `BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, ... }`. */
function isAuthorityBy(extension: Buffer | undefined): boolean {
  if (extension === undefined) return false
  const constraints = new DerReader(new DerReader(extension).expect(derTags.sequence))
  return constraints.nextTag === derTags.boolean && constraints.read().content[0] !== 0
}

/** `KeyUsage ::= BIT STRING`: the number of unused bits, then the bits from the highest on. */
function signsBy(extension: Buffer | undefined): boolean {
  if (extension === undefined) return false
  const bits = new DerReader(extension).expect(derTags.bitString)
  return ((bits[1] ?? 0) & DIGITAL_SIGNATURE) !== 0
}

/** `ExtKeyUsageSyntax ::= SEQUENCE OF OBJECT IDENTIFIER`. */
function authenticatesClientsBy(extension: Buffer | undefined): boolean {
  if (extension === undefined) return false
  const purposes = new DerReader(new DerReader(extension).expect(derTags.sequence))
  while (!purposes.atEnd) {
    if (dottedOid(purposes.expect(derTags.objectIdentifier)) === CLIENT_AUTHENTICATION) return true
  }
  return false
}
