import type { Data } from './bytes.ts'
import type { Envelopes } from './envelopes.ts'

/**
 * Encrypts values with one public key, and can decrypt nothing.
 *
 * @example
 * ```ts
 * import { AcraWriter, acra } from '@acra-ts/sdk'
 *
 * const { publicKey } = acra.generateKeyPair() // of a client: CLIENT_storage.pub
 * const stored = AcraWriter.forClient(acra, publicKey).encrypt('a secret')
 * console.log(stored.length) // 197
 * ```
 */
export class AcraWriter {
  readonly #envelopes: Envelopes
  readonly #publicKey: Uint8Array
  readonly #context: Data

  private constructor(envelopes: Envelopes, publicKey: Uint8Array, context: Data) {
    this.#envelopes = envelopes
    this.#publicKey = publicKey
    this.#context = context
  }

  /** For a client's storage key: the content of `CLIENT_storage.pub`, or its base64. Throws SdkError. */
  static forClient(envelopes: Envelopes, publicKey: Uint8Array | string): AcraWriter {
    return new AcraWriter(envelopes, envelopes.parsePublicKey(publicKey), '')
  }

  /** For a zone, as `acra-addzone` prints it. Throws SdkError. */
  static forZone(envelopes: Envelopes, json: string): AcraWriter {
    const { id, publicKey } = envelopes.parseZone(json)
    return new AcraWriter(envelopes, publicKey, id)
  }

  /** An AcraStruct of the value. Throws SdkError where it is empty. */
  encrypt(data: Data): Uint8Array {
    return this.#envelopes.createAcraStruct(data, this.#publicKey, { context: this.#context })
  }
}
