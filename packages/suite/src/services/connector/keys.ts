import {
  type Key,
  type KeyRef,
  type Keystore,
  KeystoreError,
  wipeKeys,
} from '../../keystore/index.ts'
import { SessionFailure } from '../../net/secure-session/index.ts'
import type { Peer } from './peer.ts'

/** Other keys that are tried at most to find out why one does not open. */
const TRIED_MAX = 16

/** The keys of one handshake. */
export interface TransportKeys {
  /** REC2; to be overwritten after use. */
  readonly privateKey: Uint8Array
  /** UEC2. */
  readonly peerKey: Uint8Array
}

/** A key of the transport that cannot be used, with what the operator can do about it. */
export class TransportKeyError extends SessionFailure {
  readonly hint: string

  constructor(
    reason: 'key_decrypt_failed' | 'key_not_found',
    hint: string,
    options?: ErrorOptions,
  ) {
    super(reason, options)
    this.hint = hint
  }
}

/** The client's own key and that of its peer, read anew each time: an exchanged key is used with the next connection. */
export class TransportKeyring {
  readonly #keystore: Keystore
  readonly #own: KeyRef
  readonly #peer: KeyRef
  readonly #peerName: string

  constructor(keystore: Keystore, clientId: string, { keyPurpose, name }: Peer) {
    this.#keystore = keystore
    this.#own = { purpose: 'transport-connector', owner: clientId }
    this.#peer = { purpose: keyPurpose, owner: clientId }
    this.#peerName = name
  }

  /** Throws TransportKeyError. */
  async open(): Promise<TransportKeys> {
    const peerKey = await this.peerKey()
    const [current, ...older] = await this.#ownKeys()
    wipeKeys(older)
    if (current === undefined) throw this.#ownMissing()
    return { privateKey: current.secret, peerKey }
  }

  /** The peer's public key. Throws TransportKeyError where it is missing. */
  async peerKey(): Promise<Uint8Array> {
    const [key] = await this.#keystore.publicKeys(this.#peer)
    if (key !== undefined) return key
    throw new TransportKeyError(
      'key_not_found',
      `Copy the public key of ${this.#peerName} for client id ${this.#own.owner} into the keystore.`,
    )
  }

  /** Whether the own key is there, be it readable or not. */
  async hasOwnKey(): Promise<boolean> {
    const { purpose, owner } = this.#own
    const all = await this.#keystore.list()
    return all.some(
      ({ ref, publicOnly }) => ref.purpose === purpose && ref.owner === owner && !publicOnly,
    )
  }

  async #ownKeys(): Promise<readonly Key[]> {
    try {
      return await this.#keystore.keys(this.#own)
    } catch (cause) {
      if (!(cause instanceof KeystoreError)) throw cause
      throw new TransportKeyError('key_decrypt_failed', await this.#hint(cause), { cause })
    }
  }

  #ownMissing(): TransportKeyError {
    const hint = `Make the key of client id ${this.#own.owner} with acra-keymaker --generate_acraconnector_keys, or rename it back.`
    return new TransportKeyError('key_not_found', hint)
  }

  /** What has become of the key, as far as the other keys of the store can tell. */
  async #hint(cause: KeystoreError): Promise<string> {
    if (cause.code === 'keystore-key-malformed') {
      return `${cause.message}. It opens, but is a key of another kind: it was renamed or overwritten.`
    }
    const { opened, tried } = await this.#tryOthers()
    const { message } = cause
    if (tried === 0) return `${message}.`
    return opened === 0
      ? `${message}. No other key of this keystore opens either: the master key is another one than that of the keys.`
      : `${message}. Other keys of this keystore open, so that the master key is right: the file was renamed, overwritten, or brought from another keystore.`
  }

  async #tryOthers(): Promise<{ opened: number; tried: number }> {
    let [opened, tried] = [0, 0]
    for (const { ref, publicOnly, index } of await this.#keystore.list()) {
      const isOwn = ref.purpose === this.#own.purpose && ref.owner === this.#own.owner
      if (publicOnly || isOwn || index !== 1 || ref.purpose === 'authentication') continue
      if (tried === TRIED_MAX) break
      tried++
      if (await this.#opens(ref)) opened++
    }
    return { opened, tried }
  }

  async #opens(ref: KeyRef): Promise<boolean> {
    try {
      wipeKeys(await this.#keystore.keys(ref))
      return true
    } catch (error) {
      if (error instanceof KeystoreError) return false
      throw error
    }
  }
}
