import type { Socket } from 'node:net'
import type { Outlet } from '../wire/index.ts'

const NOTHING: Buffer = Buffer.alloc(0)

/**
 * An outlet onto a socket. Nothing is copied: what was put and passed since the last flush leaves as one write where it
 * is one range of one chunk, and as one writev where it is more.
 */
export class SocketOutlet implements Outlet {
  /** Null before the connection is made: nothing may be flushed then. */
  socket: Socket | null = null
  /** The last range, not yet among the pieces. */
  #chunk: Buffer = NOTHING
  #start = 0
  #end = 0
  #pieces: Buffer[] | null = null

  pass(chunk: Buffer, start: number, end: number): void {
    if (start === this.#end && chunk === this.#chunk) {
      this.#end = end
      return
    }
    if (this.#end > this.#start) this.#keepRange()
    this.#chunk = chunk
    this.#start = start
    this.#end = end
  }

  put(bytes: Buffer): void {
    if (bytes.length > 0) this.pass(bytes, 0, bytes.length)
  }

  flush(): void {
    if (this.#end === this.#start) return
    const socket = this.socket
    if (socket === null) throw new Error('bytes for a connection that is not open')
    if (this.#pieces === null) {
      socket.write(this.#range())
    } else {
      this.#keepRange()
      this.#writeAll(socket, this.#pieces)
      this.#pieces = null
    }
    this.#forget()
  }

  /** Forgets what was not flushed. */
  discard(): void {
    this.#pieces = null
    this.#forget()
  }

  /** True where memory that was passed or put is still needed. */
  get isHolding(): boolean {
    return this.#end > this.#start || (this.socket !== null && this.socket.writableLength > 0)
  }

  /** True where the socket takes no more for now; it will emit `drain`. */
  get isFull(): boolean {
    const socket = this.socket
    // A large write asks for `drain` even where the kernel took all of it at once.
    return socket?.writableNeedDrain === true && socket.writableLength > 0
  }

  #range(): Buffer {
    const isWhole = this.#start === 0 && this.#end === this.#chunk.length
    return isWhole ? this.#chunk : this.#chunk.subarray(this.#start, this.#end)
  }

  #keepRange(): void {
    this.#pieces ??= []
    this.#pieces.push(this.#range())
  }

  #writeAll(socket: Socket, pieces: readonly Buffer[]): void {
    socket.cork()
    for (const piece of pieces) socket.write(piece)
    socket.uncork()
  }

  #forget(): void {
    this.#chunk = NOTHING
    this.#start = 0
    this.#end = 0
  }
}
