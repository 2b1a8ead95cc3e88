import type { Envelopes, Keyring } from './envelopes.ts'

/**
 * Decrypts values where there is no AcraServer between: it holds keys that open everything stored with them.
 *
 * @example
 * ```ts
 * import { AcraReader, AcraWriter, acra } from '@acra-ts/sdk/node'
 *
 * const { publicKey, privateKey } = acra.generateKeyPair()
 * const reader = new AcraReader(acra, { privateKeys: [privateKey] })
 * const stored = AcraWriter.forClient(acra, publicKey).encrypt('a secret')
 * console.log(reader.decryptText(stored)) // a secret
 * ```
 */
export class AcraReader {
  readonly #envelopes: Envelopes
  readonly #keyring: Keyring

  constructor(envelopes: Envelopes, keyring: Keyring) {
    this.#envelopes = envelopes
    this.#keyring = keyring
  }

  /** The plaintext of a value that is an envelope. Throws SdkError `DECRYPT_FAILED`. */
  decrypt(data: Uint8Array): Uint8Array {
    return this.#envelopes.decryptAny(data, this.#keyring)
  }

  /** The same as text in UTF-8. */
  decryptText(data: Uint8Array): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.decrypt(data))
  }

  /** The value with every envelope in it replaced that opens; one without any comes back as it is. */
  decryptEmbedded(data: Uint8Array): Uint8Array {
    return this.#envelopes.decryptEmbedded(data, this.#keyring)
  }
}
