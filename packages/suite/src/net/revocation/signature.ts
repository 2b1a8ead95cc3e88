import { constants, type KeyObject, verify } from 'node:crypto'
import { DerError, DerReader, derTags, dottedOid } from '../identity/index.ts'

/** The digests of the algorithms that are good enough: neither MD5 nor SHA-1. Null where the algorithm has its own. */
const digests: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256', // RSA
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256', // ECDSA
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null, // Ed25519
  '1.3.101.113': null, // Ed448
}

const RSA_PSS = '1.2.840.113549.1.1.10'
/** Context tag of the hash in RSASSA-PSS-params; SHA-1 where it is absent. */
const PSS_HASH = 0xa0
const pssDigests: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** What was signed, with which algorithm (its dotted identifier and parameters in DER), and the signature. */
export interface Signed {
  readonly bytes: Uint8Array
  readonly algorithm: string
  readonly parameters: Uint8Array | null
  readonly signature: Uint8Array
}

/** Whether `key` has made the signature, by an algorithm that is good enough. */
export function isSignedBy(key: KeyObject, signed: Signed): boolean {
  const { bytes, algorithm, parameters, signature } = signed
  const isPss = algorithm === RSA_PSS
  const digest = isPss ? pssDigest(parameters) : digests[algorithm]
  if (digest === undefined) return false
  try {
    return isPss
      ? verify(digest, bytes, { key, ...PSS_PADDING }, signature)
      : verify(digest, bytes, key, signature)
  } catch {
    return false // A key of another kind than the algorithm's.
  }
}

const PSS_PADDING = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_AUTO,
} as const

function pssDigest(parameters: Uint8Array | null): string | undefined {
  if (parameters === null) return undefined
  try {
    const fields = new DerReader(new DerReader(parameters).expect(derTags.sequence))
    if (fields.nextTag !== PSS_HASH) return undefined
    const hash = new DerReader(new DerReader(fields.expect(PSS_HASH)).expect(derTags.sequence))
    return pssDigests[dottedOid(hash.expect(derTags.objectIdentifier))]
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}
