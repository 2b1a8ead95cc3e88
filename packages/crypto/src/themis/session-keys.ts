/** What both sides of a Secure Session derive once they have seen each other's ephemeral key and id. spec: themis-formats §6 */
import { readLe32 } from '../bytes.ts'
import type { Primitives } from '../primitives.ts'
import { kdf, kdfWithoutKey } from './kdf.ts'

/** What is public of a handshake. The keys are complete containers, as they were sent. */
export interface Introduction {
  readonly clientKey: Uint8Array
  readonly serverKey: Uint8Array
  readonly clientId: Uint8Array
  readonly serverId: Uint8Array
}

/** One direction's key (32 bytes) and the sequence number of its first message. */
export interface Direction {
  readonly key: Uint8Array
  readonly sequence: number
}

export interface SessionKeys {
  /** 4 bytes, in the order in which they are hashed: on the wire they are reversed. */
  readonly sessionId: Uint8Array
  /** 32 bytes; what both sides prove to know. */
  readonly master: Uint8Array
  readonly fromClient: Direction
  readonly fromServer: Direction
}

/** Derives everything from the secret that the ephemeral keys agree on. The keys are the caller's to overwrite. */
export function deriveSessionKeys(
  p: Primitives,
  secret: Uint8Array,
  { clientKey, serverKey, clientId, serverId }: Introduction,
): SessionKeys {
  const contexts = [clientKey, serverKey, clientId, serverId]
  const sessionId = kdfWithoutKey(p, 'Themis secure session unique identifier', contexts, 4)
  const master = kdf(p, secret, 'Themis secure session master key', [sessionId], 32)
  const direction = (side: 'client' | 'server'): Direction => ({
    key: kdf(p, master, `Themis secure session ${side} key`, [sessionId], 32),
    sequence: readLe32(
      kdf(p, master, `Themis secure session ${side} initial sequence number`, [sessionId], 4),
      0,
    ),
  })
  return { sessionId, master, fromClient: direction('client'), fromServer: direction('server') }
}

/** Overwrites all of it. */
export function wipeSessionKeys({ master, fromClient, fromServer }: SessionKeys): void {
  master.fill(0)
  fromClient.key.fill(0)
  fromServer.key.fill(0)
}
