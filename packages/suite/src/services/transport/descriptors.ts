/** Descriptors that a process keeps for what is not a connection: files, its log, and clients that are turned away. */
const RESERVED = 64

/**
 * Connections for which a process has descriptors, where it may have `filesMax` files open and each takes `perConnection` of them; a
 * `filesMax` of 0 means that nobody knows. It is asked before the descriptors are out: then the system library closes new connections
 * without telling anybody.
 */
export function connectionsByDescriptors(filesMax: number, perConnection: 1 | 2): number {
  if (filesMax === 0) return Number.POSITIVE_INFINITY
  return Math.max(1, Math.floor((filesMax - RESERVED) / perConnection))
}
