import type { Duplex } from 'node:stream'
import { SecureSession } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { exchange } from './exchange.ts'
import { SessionStream, secondsNow } from './session-stream.ts'

export interface ConnectSettings {
  readonly clientId: string
  /** What the server must call itself. */
  readonly serverId: string
  /** Our key, REC2. Overwriting it afterwards is the caller's. */
  readonly privateKey: Uint8Array
  /** The server's key, UEC2. */
  readonly serverKey: Uint8Array
  /** For the whole handshake. */
  readonly timeoutMs: number
}

/**
 * The client's half: shakes hands on a connected socket that nobody reads. The stream that is resolved stands for the connection
 * then, and must be given an `error` listener at once. Rejects with SessionFailure; the socket is destroyed then.
 */
export function connectSession(socket: Duplex, settings: ConnectSettings): Promise<SessionStream> {
  const serverId = Buffer.from(settings.serverId)
  const session = new SecureSession(nodePrimitives, {
    role: 'client',
    id: Buffer.from(settings.clientId),
    privateKey: settings.privateKey,
    publicKeyOf: (id) => (serverId.equals(id) ? settings.serverKey : null),
    clock: secondsNow,
  })
  return exchange(socket, settings.timeoutMs, async (frames) => {
    frames.send(Buffer.from(settings.clientId))
    frames.send(session.request())
    while (!session.isEstablished) {
      const answer = session.negotiate(await frames.frame())
      if (answer !== null) frames.send(answer)
    }
    return new SessionStream(socket, session, frames.reader)
  }).catch((error: unknown) => {
    session.wipe()
    throw error
  })
}
