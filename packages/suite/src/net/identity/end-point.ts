import { createHash } from 'node:crypto'
import { DerError, DerReader, derTags, dottedOid } from './der.ts'

/** The hash of each signature algorithm; MD5 and SHA-1 give way to SHA-256 (RFC 5929 §4.1). */
const hashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'sha256', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5': 'sha256', // sha1WithRSAEncryption
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha256', // ecdsa-with-SHA1
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  // Of RSA-PSS the parameters name the hash.
  '1.3.14.3.2.26': 'sha256', // SHA-1
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

const RSA_PSS = '1.2.840.113549.1.1.10'
/** Context tag of the hash in RSASSA-PSS-params; SHA-1 where it is absent. */
const PSS_HASH = 0xa0
const SHA1 = '1.3.14.3.2.26'

/**
 * What binds a login to the certificate that a server shows: `tls-server-end-point` (RFC 5929 §4), 32 to 64 bytes. Null where
 * the certificate's signature has no hash of its own, as with Ed25519: nobody can bind to it. `certificate` is DER.
 */
export function serverEndPoint(certificate: Uint8Array): Buffer | null {
  const name = hashes[signatureHash(certificate)]
  return name === undefined ? null : createHash(name).update(certificate).digest()
}

/** `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, parameters }, ... }`. */
function signatureHash(certificate: Uint8Array): string {
  try {
    const outer = new DerReader(new DerReader(certificate).expect(derTags.sequence))
    outer.expect(derTags.sequence)
    const algorithm = new DerReader(outer.expect(derTags.sequence))
    const type = dottedOid(algorithm.expect(derTags.objectIdentifier))
    return type === RSA_PSS ? pssHash(algorithm) : type
  } catch (error) {
    if (error instanceof DerError) return ''
    throw error
  }
}

function pssHash(algorithm: DerReader): string {
  const parameters = new DerReader(algorithm.expect(derTags.sequence))
  if (parameters.nextTag !== PSS_HASH) return SHA1
  const hash = new DerReader(new DerReader(parameters.expect(PSS_HASH)).expect(derTags.sequence))
  return dottedOid(hash.expect(derTags.objectIdentifier))
}
