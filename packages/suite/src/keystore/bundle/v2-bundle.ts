import { isPublicKey, openCell, sealCell } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { keyOfSecret } from '../key-bytes.ts'
import { keyId } from '../key-id.ts'
import { type KeyRef, purposes } from '../key-ref.ts'
import { generateMasterKey, readKeyPair } from '../master-key/content.ts'
import { DerError, DerReader, derTags, encodeOctets, encodeSequence, encodeSet } from '../v2/der.ts'
import {
  decodeKeyRing,
  encodeKeyRing,
  type KeyRing,
  keyFormats,
  keyStates,
  type RingKey,
} from '../v2/key-ring.ts'
import { livingKeys } from '../v2/ring-keys.ts'
import { readRingFile, ringFile, ringPath } from '../v2/ring-names.ts'
import {
  contentTypes,
  decodeSignedContainer,
  encodeSignedContainer,
  isSignedBy,
  type SignedContainer,
} from '../v2/signed-container.ts'
import { type BundledKey, type BundledVersion, type SealedBundle, wipeBundled } from './bundle.ts'
import { malformed, notOpened, unknownMember } from './bundle-errors.ts'

/** Context of both the seal and the signature. spec: keystore §5.2 */
const CONTEXT = 'AKSv2 keystore: exported key rings'
const VALID_MS = 365 * 24 * 60 * 60 * 1000

/** The keys as a bundle of keystore v2: their rings, unwrapped, sealed and signed by two fresh keys. */
export async function sealBundleV2(keys: readonly BundledKey[], now: Date): Promise<SealedBundle> {
  const secret = Buffer.from(generateMasterKey('v2'))
  const pair = readKeyPair(secret)!
  const rings = keys.map((key) => encodeKeyRing(ringOf(key, now)))
  const plain = encodeSequence(encodeSet(rings))
  const sealed = sealCell(nodePrimitives, pair.encryption, plain, Buffer.from(CONTEXT))
  for (const bytes of [plain, ...rings]) bytes.fill(0)
  const content = {
    type: contentTypes.encryptedRings,
    lastModified: now,
    data: encodeOctets(sealed),
  }
  const bundle = await encodeSignedContainer(content, CONTEXT, signerOf(pair.signature))
  return { bundle, secret }
}

/**
 * The keys in a bundle of keystore v2, all of them or none; for the caller to wipe.
 *
 * @throws KeystoreError `bundle-not-opened`, `bundle-malformed`, `bundle-member-unknown`
 */
export async function openBundleV2({ bundle, secret }: SealedBundle): Promise<BundledKey[]> {
  const pair = readKeyPair(secret)
  if (pair === null) throw notOpened()
  const container = containerOf(bundle)
  if (!(await isSignedBy(container, CONTEXT, signerOf(pair.signature)))) throw notOpened()
  const plain = opened(container.data.content, pair.encryption)
  try {
    return keysOf(ringsOf(plain))
  } finally {
    plain.fill(0)
  }
}

function signerOf(signature: Uint8Array) {
  return (bytes: Uint8Array) => nodePrimitives.hmacSha256(signature, bytes)
}

function containerOf(bundle: Buffer): SignedContainer {
  try {
    return decodeSignedContainer(bundle, contentTypes.encryptedRings)
  } catch (error) {
    if (error instanceof DerError) throw notOpened()
    throw error
  }
}

function opened(sealed: Buffer, encryption: Uint8Array): Buffer {
  try {
    const plain = openCell(nodePrimitives, encryption, sealed, Buffer.from(CONTEXT))
    return Buffer.from(plain.buffer, plain.byteOffset, plain.length)
  } catch {
    // Whatever is wrong with a cell, it looks the same from outside.
    throw notOpened()
  }
}

function ringOf({ ref, versions }: BundledKey, now: Date): KeyRing {
  const oldestFirst = versions.toReversed()
  const keys = oldestFirst.map((version, at): RingKey => {
    const validSince = oldestFirst[at - 1]?.rotatedAt ?? now
    return {
      seqnum: at + 1,
      state: keyStates.preActive,
      validSince,
      validUntil: new Date(validSince.getTime() + VALID_MS),
      data: [dataOf(ref, version)],
    }
  })
  return { purpose: ringPath(ref), keys, current: keys.length }
}

function dataOf({ purpose }: KeyRef, { secret, publicKey }: BundledVersion) {
  const { kind } = purposes[purpose]
  const bytes = secret && Buffer.from(secret.buffer, secret.byteOffset, secret.length)
  return {
    format: keyFormats[kind],
    publicKey: publicKey && Buffer.from(publicKey),
    privateKey: kind === 'pair' ? bytes : null,
    symmetricKey: kind === 'symmetric' ? bytes : null,
  }
}

function ringsOf(plain: Buffer): KeyRing[] {
  try {
    const outside = new DerReader(plain)
    const reader = outside.within(derTags.sequence)
    outside.end()
    const set = reader.within(derTags.set)
    reader.end()
    const rings: KeyRing[] = []
    while (!set.isAtEnd) rings.push(decodeKeyRing(set.next(derTags.sequence).whole))
    return rings
  } catch (error) {
    if (error instanceof DerError) throw malformed(`holds ${error.message}`)
    throw error
  }
}

function keysOf(rings: readonly KeyRing[]): BundledKey[] {
  const keys = new Map<string, BundledKey>()
  try {
    for (const ring of rings) {
      const ref = readRingFile(ringFile(ring.purpose))
      if (ref === null) throw unknownMember(ring.purpose)
      if (keys.has(keyId(ref))) throw malformed(`has two rings of ${keyId(ref)}`)
      const versions = versionsOf(ref, ring)
      // All of its versions were destroyed.
      if (versions.length > 0) keys.set(keyId(ref), { ref, versions })
    }
    return [...keys.values()]
  } catch (error) {
    wipeBundled([...keys.values()])
    throw error
  }
}

function versionsOf(ref: KeyRef, ring: KeyRing): BundledVersion[] {
  const versions = livingKeys(ring).map((key) => {
    const next = ring.keys.find(({ seqnum }) => seqnum > key.seqnum)
    const rotatedAt = key.seqnum === ring.current ? null : (next?.validSince ?? null)
    return { ...halvesOf(ref, key), rotatedAt }
  })
  if (new Set(versions.map(({ secret }) => secret === null)).size > 1)
    throw malformed(`has private halves of some versions of ${keyId(ref)} only`)
  return versions
}

function halvesOf(ref: KeyRef, { data }: RingKey): Pick<BundledVersion, 'secret' | 'publicKey'> {
  const { kind } = purposes[ref.purpose]
  const fit = data.find(({ format }) => format === keyFormats[kind])
  const bytes = kind === 'pair' ? fit?.privateKey : fit?.symmetricKey
  if (bytes) {
    // Of its own: what the bundle was opened into is overwritten.
    const secret = Buffer.from(new ArrayBuffer(bytes.length))
    bytes.copy(secret)
    const key = bytes.some((byte) => byte !== 0) ? keyOfSecret(kind, secret) : null
    if (key !== null) return key
  } else if (fit?.publicKey && isPublicKey(fit.publicKey))
    return { secret: null, publicKey: Buffer.from(fit.publicKey) }
  throw malformed(`does not hold ${keyId(ref)}, but other bytes under its name`)
}
