import { createHash, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto'
import {
  BasicOCSPResponse,
  CertID,
  id_kp_OCSPSigning,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  Request,
  type SingleResponse,
  TBSRequest,
} from '@peculiar/asn1-ocsp'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier, Extension } from '@peculiar/asn1-x509'
import type { Link } from './link.ts'
import { SourceError } from './revocation-error.ts'
import { isSignedBy } from './signature.ts'

/** What a responder says of a certificate. */
export type OcspStatus = 'good' | 'revoked' | 'unknown'

/** A question, and what the answer is known by. */
export interface OcspQuestion {
  readonly bytes: Buffer
  readonly nonce: Buffer
}

const NONCE_SIZE = 32
const SHA256 = '2.16.840.1.101.3.4.2.1'
/** The digests by which answers may name a certificate; SHA-1 is no signature here. */
const digests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  [SHA256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** How far the clocks of a responder and of ours may differ. */
const SKEW_MS = 5 * 60_000
/** How old an answer may be that does not say until when it holds. */
const AGE_MAX_MS = 24 * 3_600_000
/** Certificates in an answer that are looked at. */
const SIGNERS_MAX = 8

/** Asks about one certificate. */
export function encodeQuestion(link: Link): OcspQuestion {
  const nonce = randomBytes(NONCE_SIZE)
  const reqCert = new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithm: SHA256, parameters: null }),
    issuerNameHash: new OctetString(hashed('sha256', link.parts.issuer)),
    issuerKeyHash: new OctetString(hashed('sha256', link.issuerParts.publicKey)),
    serialNumber: copied(link.parts.serial),
  })
  const extension = new Extension({
    extnID: id_pkix_ocsp_nonce,
    extnValue: new OctetString(AsnConvert.serialize(new OctetString(nonce))),
  })
  const tbsRequest = new TBSRequest({
    requestList: [new Request({ reqCert })],
    requestExtensions: [extension],
  })
  return { bytes: Buffer.from(AsnConvert.serialize(new OCSPRequest({ tbsRequest }))), nonce }
}

/**
 * What the answer says of the certificate: signed by its authority, or by somebody whom that has made for it, and valid at `now`
 * (milliseconds since 1970). Throws SourceError where it says nothing that can be believed.
 */
export function readAnswer(bytes: Buffer, link: Link, nonce: Buffer, now: number): OcspStatus {
  const answer = parsed(bytes)
  checkSignature(answer, link, now)
  const { responses, responseExtensions = [] } = answer.tbsResponseData
  checkNonce(responseExtensions, nonce)
  const single = responses.find(({ certID }) => isAbout(certID, link))
  if (single === undefined) throw unusable('the answer is about another certificate')
  const critical = [...responseExtensions, ...(single.singleExtensions ?? [])].find(
    ({ critical, extnID }) => critical && extnID !== id_pkix_ocsp_nonce,
  )
  if (critical !== undefined)
    throw unusable('the answer has a critical extension that is not known')
  checkTimes(single, now)
  return statusOf(single)
}

function parsed(bytes: Buffer): BasicOCSPResponse {
  const { responseStatus, responseBytes } = orMalformed(() => AsnConvert.parse(bytes, OCSPResponse))
  if (responseStatus !== OCSPResponseStatus.successful) {
    throw unusable(`the responder refuses: ${OCSPResponseStatus[responseStatus] ?? responseStatus}`)
  }
  if (responseBytes?.responseType !== id_pkix_ocsp_basic) {
    throw unusable('the answer is of an unknown kind')
  }
  return orMalformed(() => AsnConvert.parse(responseBytes.response.buffer, BasicOCSPResponse))
}

function checkSignature(answer: BasicOCSPResponse, link: Link, now: number): void {
  const { tbsResponseDataRaw, signatureAlgorithm, signature, certs = [] } = answer
  if (tbsResponseDataRaw === undefined) throw unusable('the answer cannot be read')
  const signed = {
    bytes: new Uint8Array(tbsResponseDataRaw),
    algorithm: signatureAlgorithm.algorithm,
    parameters: signatureAlgorithm.parameters
      ? new Uint8Array(signatureAlgorithm.parameters)
      : null,
    signature: new Uint8Array(signature),
  }
  if (isSignedBy(link.issuer.publicKey, signed)) return
  const mayAnswer = certs.slice(0, SIGNERS_MAX).some((certificate) => {
    const signer = orMalformed(
      () => new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))),
    )
    return isResponderOf(signer, link.issuer, now) && isSignedBy(signer.publicKey, signed)
  })
  if (!mayAnswer) throw unusable('the answer is not signed by the authority of the certificate')
}

/** Whether the authority has made this certificate for answers, and it is valid. */
function isResponderOf(signer: X509Certificate, issuer: X509Certificate, now: number): boolean {
  const purposes: readonly string[] = signer.keyUsage ?? [] // Node's name for the extended key usages.
  return (
    purposes.includes(id_kp_OCSPSigning) &&
    Date.parse(signer.validFrom) <= now + SKEW_MS &&
    Date.parse(signer.validTo) >= now &&
    signer.checkIssued(issuer) &&
    signer.verify(issuer.publicKey)
  )
}

/** An answer made beforehand has no nonce; one that has it must have ours. */
function checkNonce(extensions: readonly Extension[], nonce: Buffer): void {
  const extension = extensions.find(({ extnID }) => extnID === id_pkix_ocsp_nonce)
  if (extension === undefined) return
  const given = orMalformed(() =>
    Buffer.from(AsnConvert.parse(extension.extnValue.buffer, OctetString).buffer),
  )
  if (given.length !== nonce.length || !timingSafeEqual(given, nonce)) {
    throw unusable('the answer was made for another question')
  }
}

function isAbout(id: CertID, { parts, issuerParts }: Link): boolean {
  const digest = digests[id.hashAlgorithm.algorithm]
  return (
    digest !== undefined &&
    Buffer.from(id.issuerNameHash.buffer).equals(hashed(digest, parts.issuer)) &&
    Buffer.from(id.issuerKeyHash.buffer).equals(hashed(digest, issuerParts.publicKey)) &&
    number(Buffer.from(id.serialNumber)) === number(parts.serial)
  )
}

function checkTimes({ thisUpdate, nextUpdate }: SingleResponse, now: number): void {
  const since = thisUpdate.getTime()
  if (since > now + SKEW_MS) throw unusable('the answer is not valid yet')
  const until = nextUpdate === undefined ? since + AGE_MAX_MS : nextUpdate.getTime()
  // A time that is none must not pass.
  if (!(until + SKEW_MS >= now)) throw unusable('the answer is out of date')
}

function statusOf({ certStatus }: SingleResponse): OcspStatus {
  if (certStatus.revoked !== undefined) return 'revoked'
  return certStatus.good === null ? 'good' : 'unknown'
}

function hashed(digest: string, bytes: Uint8Array): Buffer {
  return createHash(digest).update(bytes).digest()
}

/** The number that an INTEGER's content is, without its sign. */
function number(content: Buffer): string {
  return content.toString('hex').replace(/^(00)+/, '')
}

function copied(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

function orMalformed<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw unusable('the answer cannot be read', cause)
  }
}

function unusable(message: string, cause?: unknown): SourceError {
  return new SourceError(message, { cause })
}
