import {
  AcraError,
  BlockKey,
  type EnvelopeKind,
  generateKeyPair,
  generateSymmetricKey,
  identify,
  isPublicKey,
  type KeyPair,
  openEnvelopes,
  openerOf,
  type Primitives,
  SEARCH_HASH_SIZE,
  SEARCH_HASH_TAG,
  SearchKey,
  StructPrivateKey,
  StructPublicKey,
  sealBlock,
  sealStruct,
} from '@acra-ts/crypto'
import { Bytes, bytesOf, type Data, fromBase64 } from './bytes.ts'
import { SdkError } from './sdk-error.ts'

export interface ContextOptions {
  /** The id of the zone whose key it is; nothing for the key of a client. */
  readonly context?: Data
}

/** Keys to open envelopes with, newest first. */
export interface Keyring {
  /** Private storage keys, REC2 containers. */
  readonly privateKeys?: readonly Uint8Array[]
  /** Symmetric storage keys. */
  readonly symmetricKeys?: readonly Uint8Array[]
}

/** A zone as `acra-addzone` and `/getNewZone` give it. */
export interface Zone {
  readonly id: string
  readonly publicKey: Uint8Array
}

/** What AcraWriter and AcraReader do, on one set of primitives. All of it is synchronous. */
export interface Envelopes {
  /**
   * Encrypts for the owner of a storage or zone key: a bare AcraStruct, which every AcraServer and AcraTranslator opens. Throws SdkError
   * `EMPTY_DATA` or `WRONG_PUBLIC_KEY`.
   */
  createAcraStruct(data: Data, publicKey: Uint8Array, options?: ContextOptions): Uint8Array
  /** Encrypts with a symmetric storage key: a bare AcraBlock. Whoever has the key can open it too. */
  createAcraBlock(data: Data, symmetricKey: Uint8Array, options?: ContextOptions): Uint8Array
  /** Opens an AcraStruct, in a container or bare, with any of the private keys. Throws SdkError `DECRYPT_FAILED`. */
  decryptAcraStruct(
    data: Uint8Array,
    privateKeys: Uint8Array | readonly Uint8Array[],
    options?: ContextOptions,
  ): Uint8Array
  /** Opens an AcraBlock, in a container or bare, with any of the symmetric keys. Throws SdkError `DECRYPT_FAILED`. */
  decryptAcraBlock(
    data: Uint8Array,
    symmetricKeys: Uint8Array | readonly Uint8Array[],
    options?: ContextOptions,
  ): Uint8Array
  /** Opens whatever envelope the value is, a search hash before it left out. Throws SdkError `DECRYPT_FAILED`. */
  decryptAny(data: Uint8Array, keyring: Keyring, options?: ContextOptions): Uint8Array
  /** The value with every envelope in it that opens replaced by its plaintext, as AcraServer reads it. */
  decryptEmbedded(data: Uint8Array, keyring: Keyring, options?: ContextOptions): Uint8Array
  /** What stands before a searchable value with this plaintext: 33 bytes. */
  searchHash(data: Data, hmacKey: Uint8Array): Uint8Array
  /** An envelope with its search hash before it. */
  createSearchable(envelope: Uint8Array, data: Data, hmacKey: Uint8Array): Uint8Array
  /** The public key in the bytes of its file, or in their base64. Throws SdkError `WRONG_PUBLIC_KEY`. */
  parsePublicKey(key: Uint8Array | string): Uint8Array
  /** A zone from its JSON. Throws SdkError `WRONG_ZONE` or `WRONG_PUBLIC_KEY`. */
  parseZone(json: string): Zone
  /** A fresh pair of storage keys. */
  generateKeyPair(): KeyPair
  /** A fresh symmetric storage key: 32 random bytes. */
  generateSymmetricKey(): Uint8Array
}

/** All of it on these primitives. */
export function envelopesOn(p: Primitives): Envelopes {
  const publicKeyOf = (key: Uint8Array) => readPublicKey(p, key)
  const open = (kinds: readonly EnvelopeKind[], data: Uint8Array, keys: Keyring, context: Data) =>
    withKeys(p, keys, bytesOf(context), (opener) => {
      const envelope = identify(data)
      const out = new Bytes()
      const isMine = envelope?.whole === true && kinds.includes(envelope.kind)
      if (!isMine || !opener.open(envelope.kind, data, envelope.start, envelope.end, out)) {
        throw new SdkError('DECRYPT_FAILED', 'the value cannot be decrypted with these keys')
      }
      return out.take()
    })
  return {
    createAcraStruct(data, publicKey, { context = '' } = {}) {
      const key = new StructPublicKey(p, publicKeyOf(publicKey))
      return sealed(data, (plain, out) => sealStruct(key, plain, out, bytesOf(context)))
    },
    createAcraBlock(data, symmetricKey, { context = '' } = {}) {
      const key = new BlockKey(p, symmetricKey, bytesOf(context))
      try {
        return sealed(data, (plain, out) => sealBlock(key, plain, out))
      } finally {
        key.wipe()
      }
    },
    decryptAcraStruct: (data, keys, { context = '' } = {}) =>
      open(['acrastruct'], data, { privateKeys: listOf(keys) }, context),
    decryptAcraBlock: (data, keys, { context = '' } = {}) =>
      open(['acrablock'], data, { symmetricKeys: listOf(keys) }, context),
    decryptAny: (data, keyring, { context = '' } = {}) =>
      open(['acrablock', 'acrastruct'], withoutHash(data), keyring, context),
    decryptEmbedded: (data, keyring, { context = '' } = {}) =>
      withKeys(p, keyring, bytesOf(context), (opener) => {
        const out = new Bytes()
        const hasOpened = openEnvelopes(data, 0, data.length, opener, out)
        return hasOpened ? out.take() : data
      }),
    searchHash: (data, hmacKey) => hashOf(p, data, hmacKey),
    createSearchable(envelope, data, hmacKey) {
      const hash = hashOf(p, data, hmacKey)
      const whole = new Uint8Array(hash.length + envelope.length)
      whole.set(hash)
      whole.set(envelope, hash.length)
      return whole
    },
    parsePublicKey: (key) =>
      publicKeyOf(typeof key === 'string' ? (fromBase64(key) ?? new Uint8Array(0)) : key),
    parseZone(json) {
      const { id, public_key } = zoneIn(json)
      return { id, publicKey: publicKeyOf(fromBase64(public_key) ?? new Uint8Array(0)) }
    },
    generateKeyPair: () => generateKeyPair(p),
    generateSymmetricKey: () => generateSymmetricKey(p),
  }
}

function sealed(data: Data, seal: (plain: Uint8Array, out: Bytes) => void): Uint8Array {
  const plain = bytesOf(data)
  if (plain.length === 0) {
    throw new SdkError('EMPTY_DATA', 'an empty value cannot be encrypted; store it as it is')
  }
  const out = new Bytes()
  try {
    seal(plain, out)
  } catch (cause) {
    if (!(cause instanceof AcraError)) throw cause
    throw new SdkError('ENCRYPT_FAILED', 'the value cannot be encrypted', { cause })
  }
  return out.take()
}

type Opener = ReturnType<typeof openerOf>

function withKeys<T>(
  p: Primitives,
  { privateKeys = [], symmetricKeys = [] }: Keyring,
  context: Uint8Array,
  work: (opener: Opener) => T,
): T {
  const blockKeys = symmetricKeys.map((key) => new BlockKey(p, key, context))
  const structKeys = privateKeys.map((key) => new StructPrivateKey(p, key))
  try {
    return work(openerOf(blockKeys, structKeys, context))
  } finally {
    for (const key of [...blockKeys, ...structKeys]) key.wipe()
  }
}

function hashOf(p: Primitives, data: Data, hmacKey: Uint8Array): Uint8Array {
  const key = new SearchKey(p, hmacKey)
  const hash = key.hash(bytesOf(data))
  key.wipe()
  return hash
}

function withoutHash(data: Uint8Array): Uint8Array {
  const hasHash = data[0] === SEARCH_HASH_TAG && identify(data, SEARCH_HASH_SIZE) !== null
  return hasHash ? data.subarray(SEARCH_HASH_SIZE) : data
}

function listOf(keys: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  return keys instanceof Uint8Array ? [keys] : keys
}

function readPublicKey(p: Primitives, key: Uint8Array): Uint8Array {
  const isOnCurve = isPublicKey(key) && p.expandPoint(key.subarray(12)) !== null
  if (isOnCurve) return key
  throw new SdkError(
    'WRONG_PUBLIC_KEY',
    'not a public storage key: give the content of CLIENT_storage.pub, or its base64',
  )
}

function zoneIn(json: string): { readonly id: string; readonly public_key: string } {
  try {
    const { id, public_key } = JSON.parse(json)
    if (typeof id === 'string' && typeof public_key === 'string') return { id, public_key }
  } catch (cause) {
    throw new SdkError('WRONG_ZONE', 'not the JSON of a zone', { cause })
  }
  throw new SdkError('WRONG_ZONE', 'the JSON of a zone has an id and a public_key')
}
