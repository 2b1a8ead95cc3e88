import { BufferSink } from '../../foundation/index.ts'
import { SessionFailure, type SessionFailureReason } from './session-failure.ts'

/** Size of the length before each frame, LE32, in bytes. */
export const FRAME_HEADER_SIZE = 4

const NOTHING: Buffer = Buffer.alloc(0)

/** `bytes` behind their length. */
export function frameOf(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_SIZE + bytes.length)
  frame.writeUInt32LE(bytes.length)
  frame.set(bytes, FRAME_HEADER_SIZE)
  return frame
}

/** What frames may hold, in bytes, and what is the matter with a larger one. */
export interface FrameLimit {
  readonly size: number
  readonly reason: SessionFailureReason
}

/**
 * Cuts a stream of bytes into frames. What is kept of an unfinished one is what has come of it: its length reserves nothing.
 * A frame may be empty.
 */
export class FrameReader {
  limit: FrameLimit
  readonly #begun = new BufferSink(0)
  #chunk: Buffer = NOTHING

  constructor(limit: FrameLimit) {
    this.limit = limit
  }

  /** Takes what has come. The caller must have taken every whole frame before, and must not change the chunk afterwards. */
  push(chunk: Buffer): void {
    if (this.#begun.length > 0) this.#begun.append(chunk)
    else this.#chunk = this.#chunk.length === 0 ? chunk : Buffer.concat([this.#chunk, chunk])
  }

  /** The content of the next whole frame; null where none is there. Throws SessionFailure where it is too large. */
  next(): Buffer | null {
    if (this.#begun.length > 0) {
      if (!this.#isWhole(this.#begun.bytes, this.#begun.length)) return null
      this.#chunk = this.#begun.take()
    }
    const chunk = this.#chunk
    if (!this.#isWhole(chunk, chunk.length)) {
      if (chunk.length > 0) this.#begun.append(chunk)
      this.#chunk = NOTHING
      return null
    }
    const end = FRAME_HEADER_SIZE + chunk.readUInt32LE()
    this.#chunk = end === chunk.length ? NOTHING : chunk.subarray(end)
    return chunk.subarray(FRAME_HEADER_SIZE, end)
  }

  /** True where a frame was begun and not ended. */
  get isInside(): boolean {
    return this.#begun.length > 0 || this.#chunk.length > 0
  }

  #isWhole(bytes: Buffer, length: number): boolean {
    if (length < FRAME_HEADER_SIZE) return false
    const size = bytes.readUInt32LE()
    if (size > this.limit.size) throw new SessionFailure(this.limit.reason)
    return length >= FRAME_HEADER_SIZE + size
  }
}
