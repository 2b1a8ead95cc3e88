/** Descriptors that a process keeps for what is not a connection: files, its log, and clients that are turned away. */
const RESERVED = 64
/** A connection has a socket to the client and one to the database. */
const PER_CONNECTION = 2

/**
 * Connections for which a process has descriptors, where it may have `filesMax` files open; 0 means that nobody knows. It is asked
 * before the descriptors are out: then the system library closes new connections without telling anybody.
 */
export function connectionsByDescriptors(filesMax: number): number {
  if (filesMax === 0) return Number.POSITIVE_INFINITY
  return Math.max(1, Math.floor((filesMax - RESERVED) / PER_CONNECTION))
}
