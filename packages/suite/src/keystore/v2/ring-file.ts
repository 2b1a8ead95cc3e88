import { KeystoreError } from '../errors.ts'
import { needed, titleOf, unreadable } from '../key-errors.ts'
import type { KeyRef } from '../key-ref.ts'
import type { KeyWrapper } from '../master-key/key-wrapper.ts'
import { DerError } from './der.ts'
import { decodeKeyRing, encodeKeyRing, type KeyRing } from './key-ring.ts'
import { ringPath } from './ring-names.ts'
import {
  contentTypes,
  decodeSignedContainer,
  encodeSignedContainer,
  isSignedBy,
  type Signer,
} from './signed-container.ts'

/** The content of a ring's file. */
export async function encodeRingFile(
  ref: KeyRef,
  ring: KeyRing,
  lastModified: Date,
  wrapper: KeyWrapper | null,
): Promise<Buffer> {
  const content = { type: contentTypes.ring, lastModified, data: encodeKeyRing(ring) }
  return encodeSignedContainer(content, signatureContext(ref), signerOf(wrapper))
}

/**
 * The ring in a file that stands at `place`. Its signature is checked before anything in it is looked at.
 *
 * @throws KeystoreError `keystore-key-malformed` where it is no ring or that of another key, `keystore-key-unreadable` where its signature is another one's
 */
export async function decodeRingFile(
  ref: KeyRef,
  content: Buffer,
  place: string,
  wrapper: KeyWrapper | null,
): Promise<KeyRing> {
  const container = decoded(ref, place, () => decodeSignedContainer(content, contentTypes.ring))
  const isSigned = (sign: Signer) => isSignedBy(container, signatureContext(ref), sign)
  if (!(await isSigned(signerOf(wrapper))) && !(await isSignedBefore(wrapper, isSigned)))
    throw unreadable(ref, place)
  const ring = decoded(ref, place, () => decodeKeyRing(container.data.whole))
  if (ring.purpose !== ringPath(ref)) throw notARing(ref, place, 'the purpose of another key')
  return ring
}

/** Whether a ring was signed under this path, by this master key. Throws DerError where it is none. */
export async function isRingSigned(
  content: Buffer,
  path: string,
  wrapper: KeyWrapper,
): Promise<boolean> {
  const container = decodeSignedContainer(content, contentTypes.ring)
  return isSignedBy(container, contextOf(path), signerOf(wrapper))
}

/** Runs a decoder and tells what it stumbled over. */
function decoded<T>(ref: KeyRef, place: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DerError) throw notARing(ref, place, error.message)
    throw error
  }
}

async function isSignedBefore(
  wrapper: KeyWrapper | null,
  isSigned: (sign: Signer) => Promise<boolean>,
): Promise<boolean> {
  const sign = wrapper?.signBefore ?? null
  return sign !== null && isSigned(sign)
}

function signatureContext(ref: KeyRef): string {
  return contextOf(ringPath(ref))
}

function contextOf(path: string): string {
  return `AKSv2 keystore: key ring signature: ${path}`
}

function signerOf(wrapper: KeyWrapper | null): Signer {
  const { sign } = needed(wrapper)
  if (sign !== null) return sign
  throw new KeystoreError(
    'master-key-malformed',
    'this is the master key of a keystore v1, and the keystore is v2, which needs two keys',
  )
}

function notARing(ref: KeyRef, place: string, found: string): KeystoreError {
  return new KeystoreError(
    'keystore-key-malformed',
    `not a key ring: ${place} does not hold the ${titleOf(ref)}: there is ${found}; it is damaged`,
  )
}
