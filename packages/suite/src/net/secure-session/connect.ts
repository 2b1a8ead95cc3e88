import type { Duplex } from 'node:stream'
import { SecureSession } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Soon } from '../../foundation/index.ts'
import { exchange } from './exchange.ts'
import { SessionStream, secondsNow } from './session-stream.ts'

/** What a session is asked for with. */
export interface ClientKeys {
  /** Our key, REC2. It is overwritten after use. */
  readonly privateKey: Uint8Array
  /** The server's key, UEC2. */
  readonly serverKey: Uint8Array
}

export interface ConnectSettings {
  readonly clientId: string
  /** What the server must call itself. */
  readonly serverId: string
  /** Asked once the server knows whose connection it is, so that it can tell in its log where there are none. */
  readonly keys: () => Soon<ClientKeys>
  /** For the whole handshake. */
  readonly timeoutMs: number
}

/**
 * The client's half: shakes hands on a connected socket that nobody reads. The stream that is resolved stands for the connection
 * then, and must be given an `error` listener at once. Rejects with SessionFailure or with what `keys` throws; the socket is destroyed then.
 */
export function connectSession(socket: Duplex, settings: ConnectSettings): Promise<SessionStream> {
  return exchange(socket, settings.timeoutMs, async (frames) => {
    frames.send(Buffer.from(settings.clientId))
    const session = openSession(settings, await settings.keys())
    try {
      frames.send(session.request())
      while (!session.isEstablished) {
        const answer = session.negotiate(await frames.frame())
        if (answer !== null) frames.send(answer)
      }
    } catch (error) {
      session.wipe()
      throw error
    }
    return new SessionStream(socket, session, frames.reader)
  })
}

function openSession(settings: ConnectSettings, { privateKey, serverKey }: ClientKeys) {
  const serverId = Buffer.from(settings.serverId)
  const session = new SecureSession(nodePrimitives, {
    role: 'client',
    id: Buffer.from(settings.clientId),
    privateKey,
    publicKeyOf: (id) => (serverId.equals(id) ? serverKey : null),
    clock: secondsNow,
  })
  privateKey.fill(0)
  return session
}
