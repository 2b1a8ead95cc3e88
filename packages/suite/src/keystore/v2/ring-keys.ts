import { isPublicKey } from '@acra-ts/crypto'
import { keyOfSecret } from '../key-bytes.ts'
import { malformed, needed, notPublic, unreadable } from '../key-errors.ts'
import { type Key, type KeyRef, purposes } from '../key-ref.ts'
import { wipeKeys } from '../keystore.ts'
import type { KeyWrapper } from '../master-key/key-wrapper.ts'
import {
  type KeyRing,
  keyFormats,
  keyStates,
  NO_CURRENT,
  type RingKey,
  type RingKeyData,
} from './key-ring.ts'
import { ringPath } from './ring-names.ts'

/** A key is for a year; nobody enforces it. */
const VALID_MS = 365 * 24 * 60 * 60 * 1000

/** Appends a version and makes it the current one. */
export async function withNewKey(
  ref: KeyRef,
  ring: KeyRing,
  key: Key,
  now: Date,
  wrapper: KeyWrapper | null,
): Promise<KeyRing> {
  return withVersion(ring, await wrapKey(ref, nextSeqnum(ring), key, wrapper), now)
}

/** The same for the public half of a peer's key. */
export function withPublicKey(ring: KeyRing, publicKey: Uint8Array, now: Date): KeyRing {
  const data: RingKeyData = {
    format: keyFormats.pair,
    publicKey: Buffer.from(publicKey),
    privateKey: null,
    symmetricKey: null,
  }
  return withVersion(ring, data, now)
}

function withVersion(ring: KeyRing, data: RingKeyData, now: Date): KeyRing {
  const added: RingKey = {
    seqnum: nextSeqnum(ring),
    state: keyStates.preActive,
    validSince: now,
    validUntil: new Date(now.getTime() + VALID_MS),
    data: [data],
  }
  return { ...ring, keys: [...ring.keys, added], current: added.seqnum }
}

function nextSeqnum({ keys }: KeyRing): number {
  return (keys.at(-1)?.seqnum ?? 0) + 1
}

/** The ring of a key of which nothing is there yet. */
export function emptyRing(ref: KeyRef): KeyRing {
  return { purpose: ringPath(ref), keys: [], current: NO_CURRENT }
}

/** The ring without the data of one version, which stays in it as destroyed. */
export function withoutKey(ring: KeyRing, seqnum: number): KeyRing {
  const keys = ring.keys.map((key) =>
    key.seqnum === seqnum ? { ...key, state: keyStates.destroyed, data: [] } : key,
  )
  return { ...ring, keys }
}

/** The versions that were not destroyed: the current one, then the others, newest first. */
export function livingKeys({ keys, current }: KeyRing): readonly RingKey[] {
  const living = keys.filter(isLiving).toReversed()
  return [
    ...living.filter(({ seqnum }) => seqnum === current),
    ...living.filter(({ seqnum }) => seqnum !== current),
  ]
}

/** The versions in the order of their indexes in a listing, each with its index: 1 is the current one, rotated ones follow, oldest first. */
export function indexedKeys(ring: KeyRing): readonly { index: number; key: RingKey }[] {
  const [current, rotated] = [true, false].map((isCurrent) =>
    ring.keys.filter((key) => isLiving(key) && (key.seqnum === ring.current) === isCurrent),
  )
  return [
    ...current!.map((key) => ({ index: 1, key })),
    ...rotated!.map((key, at) => ({ index: at + 2, key })),
  ]
}

function isLiving({ state, data }: RingKey): boolean {
  return state !== keyStates.destroyed && data.length > 0
}

/** Opens every version that has a secret half, in the order of `livingKeys`. */
export async function openRingKeys(
  ref: KeyRef,
  ring: KeyRing,
  place: string,
  wrapper: KeyWrapper | null,
): Promise<readonly Key[]> {
  const keys: Key[] = []
  try {
    for (const { seqnum, data } of livingKeys(ring)) {
      const wrapped = secretPart(ref, data)
      if (wrapped === undefined) throw malformed(ref, place)
      if (wrapped !== null) keys.push(await openKey(ref, seqnum, wrapped, place, wrapper))
    }
    return keys
  } catch (error) {
    wipeKeys(keys)
    throw error
  }
}

/** The ring with every secret wrapped by `to`, destroyed versions as they are. Throws KeystoreError where `from` does not open one. */
export async function rewrapRingKeys(
  ref: KeyRef,
  ring: KeyRing,
  place: string,
  from: KeyWrapper,
  to: KeyWrapper,
): Promise<KeyRing> {
  const keys = ring.keys.map(async (key): Promise<RingKey> => {
    const wrapped = isLiving(key) ? secretPart(ref, key.data) : null
    if (wrapped === undefined) throw malformed(ref, place)
    if (wrapped === null) return key
    const opened = await openKey(ref, key.seqnum, wrapped, place, from)
    const data = await wrapKey(ref, key.seqnum, opened, to)
    opened.secret.fill(0)
    return { ...key, data: [data] }
  })
  return { ...ring, keys: await Promise.all(keys) }
}

/** The public halves, in the order of `livingKeys`. They are signed, so that nothing has to be opened. */
export function publicHalves(ref: KeyRef, ring: KeyRing, place: string): readonly Uint8Array[] {
  return livingKeys(ring).map(({ data }) => {
    const publicKey = data.find(({ format }) => format === keyFormats.pair)?.publicKey
    if (publicKey && isPublicKey(publicKey)) return publicKey
    throw notPublic(ref, place)
  })
}

/** Whether the store has only the public half of a version. */
export function isPublicOnly(ref: KeyRef, { data }: RingKey): boolean {
  return secretPart(ref, data) === null
}

async function wrapKey(
  ref: KeyRef,
  seqnum: number,
  { secret, publicKey }: Key,
  wrapper: KeyWrapper | null,
): Promise<RingKeyData> {
  const wrapped = Buffer.from(await needed(wrapper).wrap(secret, ref, keyContext(ref, seqnum)))
  const isPair = purposes[ref.purpose].kind === 'pair'
  return {
    format: keyFormats[purposes[ref.purpose].kind],
    publicKey: publicKey && Buffer.from(publicKey),
    privateKey: isPair ? wrapped : null,
    symmetricKey: isPair ? null : wrapped,
  }
}

async function openKey(
  ref: KeyRef,
  seqnum: number,
  wrapped: Buffer,
  place: string,
  wrapper: KeyWrapper | null,
): Promise<Key> {
  const secret = await needed(wrapper).unwrap(wrapped, ref, keyContext(ref, seqnum))
  if (secret === null) throw unreadable(ref, place)
  const key = keyOfSecret(purposes[ref.purpose].kind, secret)
  if (key !== null) return key
  secret.fill(0)
  throw malformed(ref, place)
}

/** Null where there is only a public half, undefined where there is no key of this kind. */
function secretPart({ purpose }: KeyRef, data: readonly RingKeyData[]): Buffer | null | undefined {
  const { kind } = purposes[purpose]
  const fit = data.find(({ format }) => format === keyFormats[kind])
  if (kind === 'symmetric') return fit?.symmetricKey ?? undefined
  return fit?.privateKey ?? (fit?.publicKey ? null : undefined)
}

/** Under which a version is wrapped. spec: keystore §3.3 */
function keyContext(ref: KeyRef, seqnum: number): string {
  const part = purposes[ref.purpose].kind === 'pair' ? 'private' : 'symmetric'
  return `AKSv2 keystore: key ring ${ringPath(ref)}: ${part} key ${seqnum}`
}
