import {
  type Finding,
  isClientId,
  type Key,
  type KeyRef,
  type Keystore,
  KeystoreError,
  type Purpose,
  purposes,
  wipeKeys,
} from '../../keystore/index.ts'
import { SessionFailure } from '../../net/secure-session/index.ts'

/** Other keys that are tried at most to find out why one does not open. */
const TRIED_MAX = 16
/** Findings that say all that there is to say. */
const certain: readonly Finding['kind'][] = ['renamed', 'overwritten']

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

/** Whose keys a side of the transport works with. */
export interface TransportPurposes {
  readonly own: Purpose
  readonly peer: Purpose
}

/** A side's own keys and those of its peers, by client id, read anew each time: an exchanged key is used with the next connection. */
export class TransportKeyring {
  readonly #keystore: Keystore
  readonly #purposes: TransportPurposes

  constructor(keystore: Keystore, transportPurposes: TransportPurposes) {
    this.#keystore = keystore
    this.#purposes = transportPurposes
  }

  /** Throws TransportKeyError; the id may be what a stranger says. */
  async open(clientId: string): Promise<TransportKeys> {
    const peerKey = await this.peerKey(clientId)
    const own: KeyRef = { purpose: this.#purposes.own, owner: clientId }
    const [current, ...older] = await this.#ownKeys(own)
    wipeKeys(older)
    if (current !== undefined) return { privateKey: current.secret, peerKey }
    throw missing(`Make the ${titleOf(own)}, or rename it back.`)
  }

  /** The peer's public key. Throws TransportKeyError where it is missing. */
  async peerKey(clientId: string): Promise<Uint8Array> {
    if (!isClientId(clientId)) throw missing('The client id is none: it has other characters.')
    const peer: KeyRef = { purpose: this.#purposes.peer, owner: clientId }
    const copy = `Copy the public half of the ${titleOf(peer)} from its host into this keystore.`
    const [key] = await this.#publicKeys(peer, copy)
    if (key !== undefined) return key
    throw missing(copy)
  }

  async #publicKeys(peer: KeyRef, remedy: string): Promise<readonly Uint8Array[]> {
    try {
      return await this.#keystore.publicKeys(peer)
    } catch (cause) {
      if (!(cause instanceof KeystoreError)) throw cause
      const { code, message } = cause
      if (code !== 'keystore-key-malformed') throw cause
      throw new TransportKeyError('key_not_found', `${message}. ${remedy}`, { cause })
    }
  }

  /** Whether the own key is there, be it readable or not. */
  async hasOwnKey(clientId: string): Promise<boolean> {
    const all = await this.#keystore.list()
    return all.some(
      ({ ref, publicOnly }) =>
        ref.purpose === this.#purposes.own && ref.owner === clientId && !publicOnly,
    )
  }

  async #ownKeys(own: KeyRef): Promise<readonly Key[]> {
    try {
      return await this.#keystore.keys(own)
    } catch (cause) {
      if (!(cause instanceof KeystoreError)) throw cause
      throw new TransportKeyError('key_decrypt_failed', await this.#hint(own, cause), { cause })
    }
  }

  /** What has become of the key, as far as the other keys of the store can tell. */
  async #hint(own: KeyRef, cause: KeystoreError): Promise<string> {
    if (cause.code === 'master-key-unavailable') return `${cause.message}: bring it back.`
    const finding = await this.#diagnose(own)
    if (finding !== null && certain.includes(finding.kind))
      return `${finding.place}: ${finding.message}; ${finding.remedy}.`
    if (cause.code === 'keystore-key-malformed') {
      return `${cause.message}. It opens, but is a key of another kind: it was renamed or overwritten.`
    }
    const { opened, tried } = await this.#tryOthers(own)
    const { message } = cause
    if (tried === 0) return `${message}.`
    if (opened === 0)
      return `${message}. No other key of this keystore opens either: the master key is another one than that of the keys.`
    const others = 'Other keys of this keystore open, so that the master key is right'
    return finding?.kind === 'other-master-key'
      ? `${message}. ${others}, and it is the key of nobody in this keystore: the file was brought from another keystore, or overwritten.`
      : `${message}. ${others}: the file was renamed, overwritten, or brought from another keystore.`
  }

  async #diagnose(own: KeyRef): Promise<Finding | null> {
    try {
      return await this.#keystore.diagnose(own)
    } catch (error) {
      if (error instanceof KeystoreError) return null
      throw error
    }
  }

  async #tryOthers(own: KeyRef): Promise<{ opened: number; tried: number }> {
    let [opened, tried] = [0, 0]
    for (const { ref, publicOnly, index } of await this.#keystore.list()) {
      const isOwn = ref.purpose === own.purpose && ref.owner === own.owner
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

function titleOf({ purpose, owner }: KeyRef): string {
  return `${purposes[purpose].title} of client id ${owner}`
}

function missing(hint: string): TransportKeyError {
  return new TransportKeyError('key_not_found', hint)
}
