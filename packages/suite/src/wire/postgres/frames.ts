import type { Soon } from '../../foundation/index.ts'
import type { Outlet } from '../outlet.ts'
import { ProtocolError } from '../protocol-error.ts'

/** A frame is a type byte, a big-endian int32 that counts itself and the body, and the body. */
export const HEADER_SIZE = 5
/** Larger than any frame of PostgreSQL, whose messages are limited to 1 GiB. */
export const FRAME_SIZE_MAX = 2 ** 30

const HELD_SIZE_INITIAL = 65_536
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Handed one wanted frame, header included, as the range `[start, end)` of `bytes`. Answers true where it has put
 * something (or deliberately nothing) in the frame's place, false where the frame shall pass as it is. `bytes` is the
 * chunk that was pushed, or memory of the cutter's own for a frame that came in pieces.
 */
export type Take = (bytes: Buffer, start: number, end: number) => Soon<boolean>

/**
 * Asked once for a wanted frame that is larger than may be held, before its body has come: `pass` lets it through unseen,
 * `drop` swallows it (the callee has put something in its place), an exception ends the conversation. `size` counts the header.
 */
export type Oversized = (type: number, size: number) => 'pass' | 'drop'

export interface FrameCutterOptions {
  readonly take: Take
  readonly outlet: Outlet
  /** The largest frame, in bytes, that is collected when it comes in pieces. Asked for at each such frame: it may change. */
  readonly heldSizeMax: number
  readonly oversized: Oversized
}

/**
 * Cuts one direction of a connection into frames. A frame that nobody wants is a number of bytes still to pass: it is
 * neither held nor copied, however long it is. A wanted frame that is whole in its chunk is handed over as a range of it.
 * Only a wanted frame that the end of a chunk cuts is collected. Neighbouring untouched frames leave as one range.
 */
export class FrameCutter {
  /**
   * 1 at the type bytes to hand over, 0 at the rest; 256 entries. May be replaced between frames, also by `take`. A frame
   * whose header was read before the change is still treated as it was wanted then.
   */
  wanted: Uint8Array
  /** The type of the last frame whose header was read; 0 before the first. */
  lastType = 0

  readonly #take: Take
  readonly #outlet: Outlet
  readonly #oversized: Oversized
  readonly #options: FrameCutterOptions
  /** Bytes still to come of a frame that passes. */
  #passing = 0
  /** Bytes still to come of a frame that is swallowed. */
  #dropping = 0
  /** The beginning of a frame, or of its header, that a chunk's end cut. */
  #held: Buffer = NOTHING
  #heldLength = 0
  /** What `#held` is to become: a header, then the whole frame; 0 where nothing is held. */
  #heldSize = 0

  constructor(wanted: Uint8Array, options: FrameCutterOptions) {
    this.wanted = wanted
    this.#take = options.take
    this.#outlet = options.outlet
    this.#options = options
    this.#oversized = options.oversized
  }

  /** True while a frame has begun and not ended: what comes next cannot be a message of our own. */
  get insideFrame(): boolean {
    return this.#passing > 0 || this.#dropping > 0 || this.#heldSize > 0
  }

  /**
   * Takes the next bytes of the stream from `start` on and flushes the outlet. Returns a promise only where `take` did; then
   * the rest of the chunk is cut after it has settled, and nothing may be pushed, nor `chunk` changed, until that is done.
   * Throws ProtocolError for a length that no frame has.
   */
  push(chunk: Buffer, start = 0): Promise<void> | undefined {
    return this.#heldSize === 0 ? this.#cut(chunk, start, start) : this.#resume(chunk, start)
  }

  /** Cuts from `at` on; `[run, at)` is untouched and not yet passed on. */
  #cut(chunk: Buffer, runStart: number, start: number): Promise<void> | undefined {
    const length = chunk.length
    let run = runStart
    let at = start
    for (;;) {
      if (this.#dropping > 0) {
        const step = Math.min(this.#dropping, length - at)
        this.#dropping -= step
        at += step
        run = at
      }
      const step = Math.min(this.#passing, length - at)
      this.#passing -= step
      at += step
      if (length - at < HEADER_SIZE) break
      const size = frameSize(chunk, at)
      const type = chunk[at]
      this.lastType = type
      if (this.wanted[type] === 0) {
        this.#passing = size
        continue
      }
      if (length - at < size) {
        if (size <= this.#options.heldSizeMax) break
        this.#pass(chunk, run, at)
        run = at
        this.#letGo(type, size, size)
        continue
      }
      this.#pass(chunk, run, at)
      const end = at + size
      const taken = this.#take(chunk, at, end)
      if (typeof taken !== 'boolean') {
        const frame = at
        return taken.then((late) => this.#cut(chunk, late ? end : frame, end))
      }
      run = taken ? end : at
      at = end
    }
    this.#pass(chunk, run, at)
    if (at < length) this.#hold(chunk, at)
    this.#outlet.flush()
    return undefined
  }

  /** Feeds the held frame first, then cuts the rest of the chunk. */
  #resume(chunk: Buffer, start: number): Promise<void> | undefined {
    let at = this.#fill(chunk, start)
    if (this.#heldLength === HEADER_SIZE && this.#heldSize === HEADER_SIZE) {
      const size = frameSize(this.#held, 0)
      const type = this.#held[0]
      this.lastType = type
      if (this.wanted[type] === 0) {
        this.#passing = size - HEADER_SIZE
        this.#passHeader()
      } else if (size > this.#options.heldSizeMax) {
        if (this.#letGo(type, size, size - HEADER_SIZE) === 'pass') this.#passHeader()
        this.#release()
      } else {
        this.#heldSize = size
        at = this.#fill(chunk, at)
      }
    }
    if (this.#heldSize === 0) return this.#cut(chunk, at, at)
    if (this.#heldLength < this.#heldSize) {
      this.#outlet.flush()
      return undefined
    }
    const frame = this.#held
    this.#release()
    const taken = this.#take(frame, 0, frame.length)
    if (typeof taken !== 'boolean') {
      return taken.then((late) => this.#afterHeld(frame, late, chunk, at))
    }
    return this.#afterHeld(frame, taken, chunk, at)
  }

  #afterHeld(frame: Buffer, taken: boolean, chunk: Buffer, at: number): Promise<void> | undefined {
    if (!taken) this.#outlet.pass(frame, 0, frame.length)
    return this.#cut(chunk, at, at)
  }

  #pass(chunk: Buffer, start: number, end: number): void {
    if (end > start) this.#outlet.pass(chunk, start, end)
  }

  #passHeader(): void {
    this.#outlet.pass(this.#held, 0, HEADER_SIZE)
    this.#release()
  }

  /** Asks what becomes of a frame that is too large to hold; `left` bytes of it are still to come. */
  #letGo(type: number, size: number, left: number): 'pass' | 'drop' {
    const fate = this.#oversized(type, size)
    if (fate === 'drop') this.#dropping = left
    else this.#passing = left
    return fate
  }

  #hold(chunk: Buffer, at: number): void {
    const length = chunk.length - at
    this.#heldSize = length < HEADER_SIZE ? HEADER_SIZE : frameSize(chunk, at)
    this.#held = Buffer.allocUnsafe(initialSize(this.#heldSize, length))
    this.#heldLength = 0
    this.#fill(chunk, at)
  }

  /** Copies what the held frame still lacks, as far as the chunk has it; returns the index behind that. */
  #fill(chunk: Buffer, at: number): number {
    const step = Math.min(this.#heldSize - this.#heldLength, chunk.length - at)
    const length = this.#heldLength + step
    // Memory follows what has come, not what a header claims.
    if (length > this.#held.length) this.#growHeld(length)
    chunk.copy(this.#held, this.#heldLength, at, at + step)
    this.#heldLength = length
    return at + step
  }

  #growHeld(needed: number): void {
    const doubled = Math.max(needed, this.#held.length * 2)
    const grown = Buffer.allocUnsafe(initialSize(this.#heldSize, doubled))
    this.#held.copy(grown, 0, 0, this.#heldLength)
    this.#held = grown
  }

  #release(): void {
    this.#held = NOTHING
    this.#heldLength = 0
    this.#heldSize = 0
  }
}

/** Exactly the frame's size where that is small, else room for `needed` bytes and never more than the frame. */
function initialSize(size: number, needed: number): number {
  return Math.min(size, Math.max(needed, HELD_SIZE_INITIAL))
}

/** The size of the frame that begins at `at`, header included. */
function frameSize(bytes: Buffer, at: number): number {
  const length =
    (bytes[at + 1] << 24) | (bytes[at + 2] << 16) | (bytes[at + 3] << 8) | bytes[at + 4]
  if (length < 4) throw new ProtocolError('a message is shorter than its own length field')
  if (length >= FRAME_SIZE_MAX)
    throw new ProtocolError('a message is longer than the protocol allows')
  return length + 1
}

/** The table of message types that a cutter hands over. */
export function messageTypes(...wanted: readonly number[]): Uint8Array {
  const table = new Uint8Array(256)
  for (const type of wanted) table[type] = 1
  return table
}
