import type { Soon } from '../foundation/index.ts'

/**
 * What two sides say to each other, as a machine of values: chunks in, writes to two outlets out, no socket.
 * `relay.ts` owns the sockets. A promise means that the outside world had to be asked: the relay reads no more from that
 * side until it is settled, and keeps `chunk` as it is until then. A rejected promise or an exception ends this
 * connection and no other.
 */
export interface Conversation {
  fromClient(chunk: Buffer): Soon<void>
  fromDatabase(chunk: Buffer): Soon<void>
}
