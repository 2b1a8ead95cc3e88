/**
 * Memory that messages are sealed into, for one write after the other: a socket has mostly taken them when the next ones come, and fresh memory of
 * this size for each write keeps the garbage collector busier than the encryption. It never holds a plaintext.
 */

/** What a stream is given to write at once, and what sealing adds to it, in bytes. */
const SIZE = 132 * 1024
/** Pieces that stay for the next writers. */
const KEPT_MAX = 8

const kept: Buffer[] = []

/** Memory of at least `size` bytes; what is in it is not defined. */
export function lend(size: number): Buffer {
  if (size > SIZE) return Buffer.allocUnsafeSlow(size)
  return kept.pop() ?? Buffer.allocUnsafeSlow(SIZE)
}

/** Takes back what was lent, once nobody reads it any more. */
export function giveBack(memory: Buffer): void {
  if (memory.length === SIZE && kept.length < KEPT_MAX) kept.push(memory)
}
