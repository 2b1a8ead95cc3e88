import type { Soon } from '../foundation/index.ts'

/** The sides of a proxied connection, as the proxy sees them. */
export type Side = 'client' | 'database'

/**
 * What two sides say to each other, as a machine of values: chunks in, writes to two outlets out, no socket.
 * `relay.ts` owns the sockets. A promise means that the outside world had to be asked: the relay reads no more from that
 * side until it is settled, and keeps `chunk` as it is until then. A rejected promise or an exception ends this
 * connection and no other. What `fromClient` passes on of its chunk goes to the database only, and the other way round.
 */
export interface Conversation {
  /**
   * Opens the exchange where the database speaks first. The client is not read before it is settled. Absent where the
   * client does.
   */
  begin?(): Soon<void>
  fromClient(chunk: Buffer): Soon<void>
  fromDatabase(chunk: Buffer): Soon<void>
  /** True until the client is logged in: that has a time limit as a whole. */
  readonly isStarting: boolean
  /**
   * False where the database has no reason to end the connection: neither has the client taken leave, nor has the database
   * said why it goes. Where it is absent the database may end it at any time.
   */
  readonly mayDatabaseEnd?: boolean
  /** True where a message from that side has begun and not ended: silence has a time limit then. */
  isInsideMessage(side: Side): boolean
  /**
   * The last message to the client where the connection fails, `side` being the one that failed; empty where all is said, null
   * where nothing can be said, as inside another message: then the client's side is broken off.
   */
  lastWords(error: Error, side: Side): Buffer | null
}
