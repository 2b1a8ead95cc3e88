import {
  DerError,
  DerReader,
  derTags,
  encodeInteger,
  encodeOctets,
  encodeSequence,
  encodeSet,
  encodeTime,
} from './der.ts'

/** States of a key. The original never activates one: the current key stays pre-active. */
export const keyStates = {
  preActive: 1,
  active: 2,
  suspended: 3,
  deactivated: 4,
  compromised: 5,
  destroyed: 6,
} as const

/** What the data of a key is: a pair of Themis, or a symmetric key. */
export const keyFormats = { pair: 1, symmetric: 3 } as const

/** One form of a key. Private and symmetric parts are wrapped. */
export interface RingKeyData {
  readonly format: number
  readonly publicKey: Buffer | null
  readonly privateKey: Buffer | null
  readonly symmetricKey: Buffer | null
}

/** One version of a key; without data where it was destroyed. */
export interface RingKey {
  readonly seqnum: number
  readonly state: number
  readonly validSince: Date
  readonly validUntil: Date
  readonly data: readonly RingKeyData[]
}

/** All versions of a key. */
export interface KeyRing {
  /** The path of the ring: `client/someid/storage`. */
  readonly purpose: string
  /** Oldest first. */
  readonly keys: readonly RingKey[]
  /** The seqnum of the current key; -1 where there is none. */
  readonly current: number
}

/** `current` of a ring without a current key. */
export const NO_CURRENT = -1

/**
 * KeyRing SEQUENCE { purpose OCTET STRING, keys SEQUENCE OF Key, current INTEGER }
 * Key SEQUENCE { seqnum INTEGER, state INTEGER, validSince UTCTime, validUntil UTCTime, data SET OF KeyData }
 * KeyData SEQUENCE { format INTEGER, public [1] OCTETS OPTIONAL, private [2] OCTETS OPTIONAL, symmetric [3] OCTETS OPTIONAL }
 *
 * spec: keystore §3.2
 */
export function encodeKeyRing({ purpose, keys, current }: KeyRing): Buffer {
  const encodedKeys = keys.map(encodeRingKey)
  return encodeSequence(
    encodeOctets(Buffer.from(purpose)),
    encodeSequence(...encodedKeys),
    encodeInteger(current),
  )
}

/** @throws DerError where the bytes are not a ring, or its keys are not in order */
export function decodeKeyRing(bytes: Buffer): KeyRing {
  const outside = new DerReader(bytes)
  const reader = outside.within(derTags.sequence)
  outside.end()
  const purpose = reader.next(derTags.octets).content.toString('utf8')
  const keysReader = reader.within(derTags.sequence)
  const keys: RingKey[] = []
  while (!keysReader.isAtEnd) {
    const key = decodeRingKey(keysReader)
    if (key.seqnum <= (keys.at(-1)?.seqnum ?? 0)) throw new DerError('keys that are out of order')
    keys.push(key)
  }
  const current = reader.integer()
  reader.end()
  if (current !== NO_CURRENT && !keys.some(({ seqnum }) => seqnum === current))
    throw new DerError('a current key that is not there')
  return { purpose, keys, current }
}

function encodeRingKey({ seqnum, state, validSince, validUntil, data }: RingKey): Buffer {
  return encodeSequence(
    encodeInteger(seqnum),
    encodeInteger(state),
    encodeTime(validSince),
    encodeTime(validUntil),
    encodeSet(data.map(encodeKeyData)),
  )
}

function decodeRingKey(keysReader: DerReader): RingKey {
  const reader = keysReader.within(derTags.sequence)
  const seqnum = reader.integer()
  const state = reader.integer()
  if (state < keyStates.preActive || state > keyStates.destroyed)
    throw new DerError('a key in no known state')
  const validSince = reader.time()
  const validUntil = reader.time()
  const dataReader = reader.within(derTags.set)
  const data: RingKeyData[] = []
  while (!dataReader.isAtEnd) data.push(decodeKeyData(dataReader))
  reader.end()
  return { seqnum, state, validSince, validUntil, data }
}

function encodeKeyData({ format, publicKey, privateKey, symmetricKey }: RingKeyData): Buffer {
  const parts = [publicKey, privateKey, symmetricKey].map((part, at) =>
    part === null ? Buffer.alloc(0) : encodeOctets(part, derTags.context(at + 1)),
  )
  return encodeSequence(encodeInteger(format), ...parts)
}

function decodeKeyData(dataReader: DerReader): RingKeyData {
  const reader = dataReader.within(derTags.sequence)
  const format = reader.integer()
  const [publicKey = null, privateKey = null, symmetricKey = null] = [1, 2, 3].map((n) => {
    const tag = derTags.context(n)
    return reader.nextTag === tag ? reader.next(tag).content : null
  })
  reader.end()
  return { format, publicKey, privateKey, symmetricKey }
}
