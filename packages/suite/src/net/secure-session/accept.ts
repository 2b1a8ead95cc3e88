import type { Duplex } from 'node:stream'
import { SecureSession } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Soon } from '../../foundation/index.ts'
import { type Exchange, exchange, HANDSHAKE_LIMIT } from './exchange.ts'
import { SESSION_ID_SIZE_MAX } from './first-bytes.ts'
import { SessionStream, secondsNow } from './session-stream.ts'

/** What one client's session is accepted with. */
export interface ServerKeys {
  /** Our key for this client, REC2. It is overwritten after the handshake. */
  readonly privateKey: Uint8Array
  /** The client's key, UEC2. */
  readonly clientKey: Uint8Array
}

export interface AcceptSettings {
  /** What we call ourselves. */
  readonly serverId: string
  /** The keys of a client; throws SessionFailure where there are none. The id is what a stranger says: it may hold anything. */
  readonly keysOf: (clientId: string) => Soon<ServerKeys>
  /** For the whole handshake. */
  readonly timeoutMs: number
}

export interface AcceptedSession {
  readonly stream: SessionStream
  readonly clientId: string
}

/**
 * The server's half, on an accepted socket that nobody reads. The stream stands for the connection then, and must be given an
 * `error` listener at once. Rejects with SessionFailure or with what `keysOf` throws; the socket is destroyed then.
 */
export function acceptSession(socket: Duplex, settings: AcceptSettings): Promise<AcceptedSession> {
  return exchange(socket, settings.timeoutMs, async (frames) => {
    frames.reader.limit = { size: SESSION_ID_SIZE_MAX, reason: 'id_too_long' }
    const id = await frames.frame()
    frames.reader.limit = HANDSHAKE_LIMIT
    const clientId = id.toString('latin1')
    const session = await openSession(id, await settings.keysOf(clientId), settings)
    try {
      await shakeHands(session, frames)
    } catch (error) {
      session.wipe()
      throw error
    }
    return { stream: new SessionStream(socket, session, frames.reader), clientId }
  })
}

/** Whoever it is that answers, it must be the client whose keys were looked up. */
function openSession(id: Buffer, keys: ServerKeys, { serverId }: AcceptSettings): SecureSession {
  const expected = Buffer.from(id)
  const session = new SecureSession(nodePrimitives, {
    role: 'server',
    id: Buffer.from(serverId),
    privateKey: keys.privateKey,
    publicKeyOf: (peerId) => (expected.equals(peerId) ? keys.clientKey : null),
    clock: secondsNow,
  })
  keys.privateKey.fill(0)
  return session
}

async function shakeHands(session: SecureSession, frames: Exchange): Promise<void> {
  while (!session.isEstablished) {
    const answer = session.negotiate(await frames.frame())
    if (answer !== null) frames.send(answer)
  }
}
