/**
 * Secure Session: two sides that know each other's signing keys agree on keys for a stream of messages. Every message of the
 * handshake is a container of tag `TSPM`; what follows it in its frame is not looked at, since peers leave zero bytes there.
 *
 *     1  client  container(TSID, client id) | Ec | sign_c(Ec)
 *     2  server  container(TSID, server id) | Es | sign_s(Es | Ec | server id | client id)
 *     3  client  sign_c(Ec | Es | client id | server id) | HMAC(master, Es | session id)
 *     4  server  HMAC(master, Ec | session id)
 *
 * Ec and Es are the ephemeral public keys in their containers, HMAC is HMAC-SHA256, a signature is DER ECDSA over SHA-256 and
 * fills what is left of its message. spec: themis-formats §6
 */
import { concat, copyOf, equalInConstantTime } from '../bytes.ts'
import type { AgreementKey, Primitives } from '../primitives.ts'
import type { Sink } from '../sink.ts'
import { encodeSoterContainer, SOTER_HEADER_SIZE, soterContainerEnd } from './container.ts'
import { encodePublicKey, expandedPointOf, isPublicKey, pointOf, scalarOf } from './keys.ts'
import { SessionError } from './session-error.ts'
import { deriveSessionKeys, type Introduction, wipeSessionKeys } from './session-keys.ts'
import { type Clock, SessionOpener, SessionSealer } from './session-messages.ts'

export interface SessionSettings {
  /** The client speaks first. */
  readonly role: 'client' | 'server'
  /** What we call ourselves; at least one byte. */
  readonly id: Uint8Array
  /** What we sign with, as a container. Overwriting it afterwards is the caller's. */
  readonly privateKey: Uint8Array
  /** The public key of a peer, as a container; null where we do not talk to it. */
  readonly publicKeyOf: (peerId: Uint8Array) => Uint8Array | null
  /** Seconds since 1970: messages tell when they were sent, and must not be a day away. */
  readonly clock: Clock
}

type Stage = 'idle' | 'awaits-1' | 'awaits-2' | 'awaits-3' | 'awaits-4' | 'established' | 'wiped'

interface Peer {
  readonly id: Uint8Array
  readonly ephemeral: Uint8Array
  /** What it signs with: a point. */
  readonly point: Uint8Array
}

interface Channel {
  readonly sealer: SessionSealer
  readonly opener: SessionOpener
  readonly master: Uint8Array
  readonly sessionId: Uint8Array
}

const MESSAGE_TAG = 'TSPM'
const ID_TAG = 'TSID'
const MAC_SIZE = 32

/** One side of a session: bytes in, bytes out. A message that is refused changes nothing. */
export class SecureSession {
  readonly #p: Primitives
  readonly #settings: SessionSettings
  readonly #scalar: Uint8Array
  readonly #pair: AgreementKey
  readonly #ephemeral: Uint8Array
  #stage: Stage
  #peer: Peer | null = null
  #channel: Channel | null = null

  /** Throws KeyError where the private key is none. */
  constructor(p: Primitives, settings: SessionSettings) {
    if (settings.id.length === 0) throw new Error('a session needs an id')
    this.#p = p
    this.#settings = settings
    this.#scalar = scalarOf(settings.privateKey)
    const ephemeral = p.newScalar()
    this.#pair = p.agreementKey(ephemeral)
    ephemeral.fill(0)
    this.#ephemeral = encodePublicKey(this.#pair.point)
    this.#stage = settings.role === 'client' ? 'idle' : 'awaits-1'
  }

  get isEstablished(): boolean {
    return this.#stage === 'established'
  }

  /** The client's first message. */
  request(): Uint8Array {
    if (this.#stage !== 'idle') throw outOfOrder()
    this.#stage = 'awaits-2'
    return this.#introduction(this.#p.sign(this.#scalar, this.#ephemeral))
  }

  /** Takes the next message of the peer's handshake; answers with what to send it, null where that is nothing. Throws SessionError. */
  negotiate(message: Uint8Array): Uint8Array | null {
    switch (this.#stage) {
      case 'awaits-1':
        return this.#meetClient(bodyOf(message))
      case 'awaits-2':
        return this.#meetServer(bodyOf(message))
      case 'awaits-3':
        return this.#confirmClient(bodyOf(message))
      case 'awaits-4':
        return this.#confirmServer(bodyOf(message))
      default:
        throw outOfOrder()
    }
  }

  /** Appends the message that carries `plain`. Throws SessionError, also where the session is not established. */
  seal(plain: Uint8Array, out: Sink): void {
    this.#established().sealer.seal(plain, out)
  }

  /** What a message carries. Throws SessionError where it is not the peer's next one: there is no going on then. */
  open(message: Uint8Array): Uint8Array {
    return this.#established().opener.open(message)
  }

  /** Overwrites the keys; nothing can be done with the session afterwards. */
  wipe(): void {
    this.#stage = 'wiped'
    this.#forgetHandshake()
    this.#channel?.sealer.wipe()
    this.#channel?.opener.wipe()
    this.#channel = null
  }

  #meetClient(body: Uint8Array): Uint8Array {
    const { peer, signature } = this.#introduced(body)
    this.#check(peer, peer.ephemeral, signature)
    const channel = this.#open(peer)
    const answer = this.#p.sign(this.#scalar, this.#signedBySelf(peer))
    this.#peer = peer
    this.#channel = channel
    this.#stage = 'awaits-3'
    return this.#introduction(answer)
  }

  #meetServer(body: Uint8Array): Uint8Array {
    const { peer, signature } = this.#introduced(body)
    this.#check(peer, this.#signedByPeer(peer), signature)
    const channel = this.#open(peer)
    const proof = this.#p.sign(this.#scalar, this.#signedBySelf(peer))
    this.#peer = peer
    this.#channel = channel
    this.#stage = 'awaits-4'
    return encodeSoterContainer(MESSAGE_TAG, concat(proof, this.#proofOf(channel, peer.ephemeral)))
  }

  #confirmClient(body: Uint8Array): Uint8Array {
    const [peer, channel] = [inUse(this.#peer), inUse(this.#channel)]
    if (body.length <= MAC_SIZE) throw malformed()
    const macAt = body.length - MAC_SIZE
    this.#check(peer, this.#signedByPeer(peer), body.subarray(0, macAt))
    this.#checkProof(channel, body.subarray(macAt))
    const answer = encodeSoterContainer(MESSAGE_TAG, this.#proofOf(channel, peer.ephemeral))
    this.#establish()
    return answer
  }

  #confirmServer(body: Uint8Array): null {
    this.#checkProof(inUse(this.#channel), body)
    this.#establish()
    return null
  }

  #introduction(signature: Uint8Array): Uint8Array {
    const id = encodeSoterContainer(ID_TAG, this.#settings.id)
    return encodeSoterContainer(MESSAGE_TAG, concat(id, this.#ephemeral, signature))
  }

  #introduced(body: Uint8Array): { peer: Peer; signature: Uint8Array } {
    const idEnd = soterContainerEnd(ID_TAG, body, 0)
    if (idEnd === null || idEnd === SOTER_HEADER_SIZE) throw malformed()
    const keyEnd = soterContainerEnd('UEC2', body, idEnd)
    if (keyEnd === null) throw malformed()
    const ephemeral = copyOf(body, idEnd, keyEnd)
    if (!isPublicKey(ephemeral)) throw malformed()
    const id = copyOf(body, SOTER_HEADER_SIZE, idEnd)
    const publicKey = this.#settings.publicKeyOf(id)
    if (publicKey === null) {
      throw new SessionError(
        'session-peer-unknown',
        'there is no public key for the id of the peer',
      )
    }
    const peer = { id, ephemeral, point: pointOf(publicKey) }
    return { peer, signature: body.subarray(keyEnd) }
  }

  #check({ point }: Peer, signed: Uint8Array, signature: Uint8Array): void {
    if (!this.#p.verify(point, signed, signature)) throw notVerified()
  }

  /** What the peer signs once it knows us. */
  #signedByPeer(peer: Peer): Uint8Array {
    return concat(peer.ephemeral, this.#ephemeral, peer.id, this.#settings.id)
  }

  #signedBySelf(peer: Peer): Uint8Array {
    return concat(this.#ephemeral, peer.ephemeral, this.#settings.id, peer.id)
  }

  /** Proves that the sender knows the master key: over the ephemeral key of the receiver. */
  #proofOf({ master, sessionId }: Channel, receiver: Uint8Array): Uint8Array {
    return this.#p.hmacSha256(master, receiver, sessionId)
  }

  #checkProof(channel: Channel, proof: Uint8Array): void {
    if (!equalInConstantTime(proof, this.#proofOf(channel, this.#ephemeral))) throw notVerified()
  }

  #open(peer: Peer): Channel {
    const p = this.#p
    const { role, id, clock } = this.#settings
    const secret = this.#pair.agree(ephemeralPoint(p, peer))
    if (secret === null) throw malformed()
    const own = { key: this.#ephemeral, id }
    const other = { key: peer.ephemeral, id: peer.id }
    const [client, server] = role === 'client' ? [own, other] : [other, own]
    const introduction: Introduction = {
      clientKey: client.key,
      serverKey: server.key,
      clientId: client.id,
      serverId: server.id,
    }
    const keys = deriveSessionKeys(p, secret, introduction)
    secret.fill(0)
    const { sessionId, fromClient, fromServer } = keys
    const [out, back] = role === 'client' ? [fromClient, fromServer] : [fromServer, fromClient]
    const channel = {
      sealer: new SessionSealer(p, sessionId, out, clock),
      opener: new SessionOpener(p, sessionId, back, clock),
      master: copyOf(keys.master),
      sessionId,
    }
    wipeSessionKeys(keys)
    return channel
  }

  #establish(): void {
    this.#stage = 'established'
    this.#forgetHandshake()
  }

  #forgetHandshake(): void {
    this.#scalar.fill(0)
    this.#pair.wipe()
    this.#channel?.master.fill(0)
  }

  #established(): Channel {
    if (this.#stage !== 'established') throw outOfOrder()
    return inUse(this.#channel)
  }
}

function bodyOf(message: Uint8Array): Uint8Array {
  const end = soterContainerEnd(MESSAGE_TAG, message, 0)
  if (end === null) throw malformed()
  return message.subarray(SOTER_HEADER_SIZE, end)
}

/** A key that is in its container and not on the curve is no better than a damaged one. */
function ephemeralPoint(p: Primitives, { ephemeral }: Peer): Uint8Array {
  try {
    return expandedPointOf(p, ephemeral)
  } catch (cause) {
    throw new SessionError('session-malformed', MALFORMED, { cause })
  }
}

function inUse<T>(value: T | null): T {
  if (value === null) throw new Error('a stage of the handshake was passed over')
  return value
}

const MALFORMED = 'not a message of a handshake'

function malformed(): SessionError {
  return new SessionError('session-malformed', MALFORMED)
}

function notVerified(): SessionError {
  return new SessionError('session-not-verified', 'the peer is not who it says it is')
}

function outOfOrder(): SessionError {
  return new SessionError('session-out-of-order', 'the session is not at this point')
}
