import type { Sink } from '@acra-ts/crypto'

const INITIAL_SIZE = 4096
const NOTHING: Buffer = Buffer.alloc(0)

/** A sink over one Buffer that doubles when it is full. What has been taken out is never written to again. */
export class BufferSink implements Sink {
  bytes: Buffer = NOTHING
  length = 0
  readonly #initialSize: number

  /** Memory is taken with the first bytes: `initialSize` of it, or more where they are more. */
  constructor(initialSize: number = INITIAL_SIZE) {
    this.#initialSize = initialSize
  }

  reserve(size: number): number {
    const at = this.length
    const needed = at + size
    if (needed > this.bytes.length) this.#grow(needed)
    this.length = needed
    return at
  }

  truncate(length: number): void {
    this.bytes.fill(0, length, this.length)
    this.length = length
  }

  /** Appends a copy of `source[start, end)`. */
  append(source: Uint8Array, start = 0, end: number = source.length): void {
    const at = this.reserve(end - start)
    this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), at)
  }

  /** Everything appended so far; the sink is empty afterwards and uses fresh memory. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length)
    this.bytes = NOTHING
    this.length = 0
    return taken
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.bytes.length * 2, this.#initialSize)
    // Memory of the pool is cheap, and is kept alive by whatever else is in it: for small things only.
    const grown = size < INITIAL_SIZE ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}
