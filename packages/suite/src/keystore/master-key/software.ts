import { CellError, openCell, sealCell } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { KeystoreError } from '../errors.ts'
import type { KeyWrapper } from './key-wrapper.ts'

/** Size of a master key that is generated, and the least that is accepted, in bytes. */
export const MASTER_KEY_SIZE = 32

/** The two keys of a keystore v2. spec: keystore §3.3 */
export interface MasterKeyPair {
  readonly encryption: Uint8Array
  readonly signature: Uint8Array
}

/**
 * The wrapper of a master key of keystore v1: Secure Cells in Seal mode. A longer key is used whole. Takes the bytes over and overwrites them
 * in `wipe`. Throws KeystoreError `master-key-malformed` where they are too few.
 */
export function masterKeyWrapper(masterKey: Uint8Array): KeyWrapper {
  if (masterKey.length < MASTER_KEY_SIZE) throw tooShort()
  return new SoftwareWrapper(masterKey, null)
}

/**
 * The wrapper of the two master keys of keystore v2. Takes the bytes over and overwrites them in `wipe`. Throws KeystoreError
 * `master-key-malformed` where they are too few, or the same twice.
 */
export function masterKeyPairWrapper({ encryption, signature }: MasterKeyPair): KeyWrapper {
  if (encryption.length < MASTER_KEY_SIZE || signature.length < MASTER_KEY_SIZE) throw tooShort()
  // Compared in place: a copy would stay in memory.
  if (Buffer.compare(encryption, signature) === 0) throw sameTwice()
  return new SoftwareWrapper(encryption, signature)
}

class SoftwareWrapper implements KeyWrapper {
  readonly sign: KeyWrapper['sign']
  readonly probe = null
  readonly #encryption: Uint8Array
  readonly #signature: Uint8Array | null
  #isWiped = false

  constructor(encryption: Uint8Array, signature: Uint8Array | null) {
    this.#encryption = encryption
    this.#signature = signature
    this.sign = signature && ((bytes) => nodePrimitives.hmacSha256(this.#usable(signature), bytes))
  }

  wrap(key: Uint8Array, _: unknown, context: string): Uint8Array {
    return sealCell(nodePrimitives, this.#usable(this.#encryption), key, Buffer.from(context))
  }

  unwrap(wrapped: Uint8Array, _: unknown, context: string): Uint8Array | null {
    const masterKey = this.#usable(this.#encryption)
    try {
      return openCell(nodePrimitives, masterKey, wrapped, Buffer.from(context))
    } catch (error) {
      if (error instanceof CellError && error.code === 'cell-not-opened') return null
      throw error
    }
  }

  wipe(): void {
    this.#isWiped = true
    this.#encryption.fill(0)
    this.#signature?.fill(0)
  }

  #usable(key: Uint8Array): Uint8Array {
    if (this.#isWiped) throw new Error('a wiped master key was used')
    return key
  }
}

function tooShort(): KeystoreError {
  return new KeystoreError(
    'master-key-malformed',
    `master key must have ${MASTER_KEY_SIZE} length in bytes`,
  )
}

function sameTwice(): KeystoreError {
  return new KeystoreError(
    'master-key-malformed',
    'the encryption key and the signature key of a keystore v2 must differ',
  )
}
