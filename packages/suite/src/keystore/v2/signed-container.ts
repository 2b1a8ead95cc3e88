import { timingSafeEqual } from 'node:crypto'
import type { Soon } from '../../foundation/index.ts'
import {
  type DerElement,
  DerError,
  DerReader,
  derTags,
  encodeElement,
  encodeInteger,
  encodeSequence,
  encodeSet,
  encodeTime,
} from './der.ts'

/** What a container may hold. */
export const contentTypes = { ring: 1, encryptedRings: 4 } as const

const CONTAINER_VERSION = 2
/** 2.16.840.1.101.3.4.2.1: SHA-256, which stands for HMAC-SHA256 here. */
const HMAC_SHA256 = Buffer.from('608648016503040201', 'hex')

/** A container that was taken apart. Nothing in it is to be trusted before `isSignedBy` says so. */
export interface SignedContainer {
  readonly lastModified: Date
  readonly data: DerElement
  /** What is signed: the bytes as they stood there, never written anew. */
  readonly payload: Buffer
  readonly signatures: readonly Buffer[]
}

/** HMAC-SHA256 of these bytes. */
export type Signer = (bytes: Uint8Array) => Soon<Uint8Array>

/**
 * SignedContainer SEQUENCE {
 *   payload SEQUENCE { contentType INTEGER, version INTEGER, lastModified UTCTime, data ANY }
 *   signatures SET OF SEQUENCE { algorithm OID, signature OCTET STRING }
 * }
 * The signature covers `context`, `: ` and the payload. spec: keystore §3.2, §3.3
 */
export async function encodeSignedContainer(
  content: { readonly type: number; readonly lastModified: Date; readonly data: Buffer },
  context: string,
  sign: Signer,
): Promise<Buffer> {
  const payload = encodeSequence(
    encodeInteger(content.type),
    encodeInteger(CONTAINER_VERSION),
    encodeTime(content.lastModified),
    content.data,
  )
  const signature = encodeSequence(
    encodeElement(derTags.oid, HMAC_SHA256),
    encodeElement(derTags.octets, await sign(signedBytes(payload, context))),
  )
  return encodeSequence(payload, encodeSet([signature]))
}

/** @throws DerError where the bytes are no container of this type */
export function decodeSignedContainer(bytes: Buffer, type: number): SignedContainer {
  const outside = new DerReader(bytes)
  const reader = outside.within(derTags.sequence)
  outside.end()
  const payload = reader.next(derTags.sequence)
  const signatures = decodeSignatures(reader.within(derTags.set))
  reader.end()
  const fields = new DerReader(payload.content)
  if (fields.integer() !== type) throw new DerError('content of another type')
  if (fields.integer() !== CONTAINER_VERSION) throw new DerError('an unknown version')
  const lastModified = fields.time()
  const data = fields.next(derTags.sequence, derTags.octets)
  fields.end()
  return { lastModified, data, payload: payload.whole, signatures }
}

/** Whether every signature of an algorithm that is known is right, and there is one. */
export async function isSignedBy(
  { payload, signatures }: SignedContainer,
  context: string,
  sign: Signer,
): Promise<boolean> {
  const expected = await sign(signedBytes(payload, context))
  return signatures.length > 0 && signatures.every((signature) => isSame(signature, expected))
}

/** The signatures of algorithms that are known. */
function decodeSignatures(reader: DerReader): readonly Buffer[] {
  const signatures: Buffer[] = []
  while (!reader.isAtEnd) {
    const fields = reader.within(derTags.sequence)
    const algorithm = fields.next(derTags.oid).content
    const signature = fields.next(derTags.octets).content
    fields.end()
    if (algorithm.equals(HMAC_SHA256)) signatures.push(signature)
  }
  return signatures
}

function signedBytes(payload: Buffer, context: string): Buffer {
  return Buffer.concat([Buffer.from(`${context}: `), payload])
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
