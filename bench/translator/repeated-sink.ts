import type { Sink } from '@acra-ts/crypto'

/** A sink whose memory is used again and again. */
export class RepeatedSink implements Sink {
  readonly bytes: Buffer = Buffer.alloc(64 * 1024)
  length = 0

  reserve(size: number): number {
    this.length += size
    return this.length - size
  }

  truncate(length: number): void {
    this.length = length
  }
}
