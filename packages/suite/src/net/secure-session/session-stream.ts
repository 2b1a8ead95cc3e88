import { Duplex } from 'node:stream'
import { SESSION_OVERHEAD, type SecureSession } from '@acra-ts/crypto'
import { BufferSink } from '../../foundation/index.ts'
import { FRAME_HEADER_SIZE, type FrameLimit, type FrameReader } from './frames.ts'
import { asSessionFailure, SessionFailure } from './session-failure.ts'
import { giveBack, lend } from './write-memory.ts'

/** The largest message that a peer may send. Acra's send 8 KiB at once; what is not there yet takes no memory. */
const DATA_LIMIT: FrameLimit = { size: 64 * 1024 * 1024, reason: 'malformed' }
/** Our frames are a quarter of what a socket reads at once, so that few of them come in two pieces. */
const MESSAGE_SIZE_MAX = 16 * 1024 - FRAME_HEADER_SIZE - SESSION_OVERHEAD
const HIGH_WATER_MARK = 128 * 1024

/** Seconds since 1970: messages tell when they were sent. */
export const secondsNow = (): number => Math.floor(Date.now() / 1000)

type Done = (error?: Error | null) => void

/**
 * An established session as a stream of bytes over its socket, which it owns. The protocol has no message for the end: it ends where
 * the socket does. A message that does not open destroys it with a SessionFailure.
 */
export class SessionStream extends Duplex {
  /** Bytes that have come, without what the session adds. */
  bytesRead = 0
  readonly #socket: Duplex
  readonly #session: SecureSession
  readonly #reader: FrameReader
  #hasEnded = false

  /** `reader` may hold bytes already. The socket is paused, and has no other listeners. */
  constructor(socket: Duplex, session: SecureSession, reader: FrameReader) {
    super({ highWaterMark: HIGH_WATER_MARK, allowHalfOpen: true })
    this.#socket = socket
    this.#session = session
    this.#reader = reader
    reader.limit = DATA_LIMIT
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => {
      this.#hasEnded = true
      this.#pass()
    })
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
    socket.pause()
  }

  /** Ends it once all is written, and then destroys it: as that of `net.Socket`. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  override _read(): void {
    if (!this.#pass()) return
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send([chunk], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  override _final(done: Done): void {
    this.#socket.end(() => done())
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#session.wipe()
    this.#socket.on('error', () => {}).destroy()
    done(error)
  }

  #take(chunk: Buffer): void {
    this.#reader.push(chunk)
    if (!this.#pass()) this.#socket.pause()
  }

  /** Passes on what is whole; false where no more shall be read for now. */
  #pass(): boolean {
    try {
      for (let frame = this.#reader.next(); frame !== null; frame = this.#reader.next()) {
        const plain = this.#session.open(frame)
        this.bytesRead += plain.length
        if (!this.push(plain)) return false
      }
      if (this.#hasEnded) this.#passEnd()
      return true
    } catch (error) {
      this.destroy(asSessionFailure(error))
      return false
    }
  }

  #passEnd(): void {
    if (this.#reader.isInside) throw new SessionFailure('peer_closed')
    this.push(null)
  }

  #send(chunks: readonly Buffer[], done: Done): void {
    const out = new BufferSink(0)
    out.bytes = lend(sealedSize(chunks))
    for (const chunk of chunks) this.#seal(chunk, out)
    if (out.length === 0) {
      done()
      return
    }
    const { bytes } = out
    this.#socket.write(out.take(), (error) => {
      // What a socket fails by it says itself, and may still hold the memory then.
      if (error) return
      giveBack(bytes)
      done()
    })
  }

  /** Each message in a frame of its own. */
  #seal(chunk: Buffer, out: BufferSink): void {
    for (let at = 0; at < chunk.length; at += MESSAGE_SIZE_MAX) {
      const plain = chunk.subarray(at, at + MESSAGE_SIZE_MAX)
      const headAt = out.reserve(FRAME_HEADER_SIZE)
      out.bytes.writeUInt32LE(plain.length + SESSION_OVERHEAD, headAt)
      this.#session.seal(plain, out)
    }
  }
}

function sealedSize(chunks: readonly Buffer[]): number {
  const added = FRAME_HEADER_SIZE + SESSION_OVERHEAD
  return chunks.reduce(
    (size, { length }) => size + length + added * Math.ceil(length / MESSAGE_SIZE_MAX),
    0,
  )
}
