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

  /** Takes what has come. The caller must not change the chunk afterwards. */
  push(chunk: Buffer): void {
    this.#chunk = this.#chunk.length === 0 ? chunk : Buffer.concat([this.#chunk, chunk])
  }

  /** The content of the next whole frame; null where none is there. Throws SessionFailure where it is too large. */
  next(): Buffer | null {
    if (this.#begun.length > 0) return this.#goOn()
    const chunk = this.#chunk
    const end = this.#frameEnd(chunk, chunk.length)
    if (end > chunk.length) {
      this.#move(chunk.length)
      return null
    }
    this.#chunk = end === chunk.length ? NOTHING : chunk.subarray(end)
    return chunk.subarray(FRAME_HEADER_SIZE, end)
  }

  /** A frame that comes in pieces is put together, and no more than it is copied. */
  #goOn(): Buffer | null {
    const begun = this.#begun
    if (begun.length < FRAME_HEADER_SIZE) this.#move(FRAME_HEADER_SIZE - begun.length)
    const end = this.#frameEnd(begun.bytes, begun.length)
    this.#move(end - begun.length)
    return begun.length === end ? begun.take().subarray(FRAME_HEADER_SIZE) : null
  }

  /** True where a frame was begun and not ended. */
  get isInside(): boolean {
    return this.#begun.length > 0 || this.#chunk.length > 0
  }

  /** Where the frame ends whose first `length` bytes these are; beyond them while that is not known. */
  #frameEnd(bytes: Buffer, length: number): number {
    if (length < FRAME_HEADER_SIZE) return FRAME_HEADER_SIZE
    const size = bytes.readUInt32LE()
    if (size > this.limit.size) throw new SessionFailure(this.limit.reason)
    return FRAME_HEADER_SIZE + size
  }

  /** Takes at most `size` bytes of the chunk to those of the frame that was begun. */
  #move(size: number): void {
    const end = Math.min(size, this.#chunk.length)
    if (end === 0) return
    this.#begun.append(this.#chunk, 0, end)
    this.#chunk = end === this.#chunk.length ? NOTHING : this.#chunk.subarray(end)
  }
}
