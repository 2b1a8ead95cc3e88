import type { Duplex } from 'node:stream'
import { type FrameLimit, FrameReader, frameOf } from './frames.ts'
import { asSessionFailure, SessionFailure } from './session-failure.ts'

/** No message of a handshake is larger: the longest id, a key, a signature. */
export const HANDSHAKE_LIMIT: FrameLimit = { size: 2048, reason: 'malformed' }

/** Frames one at a time, within one time limit for all of them: how both sides shake hands. */
export class Exchange {
  readonly reader = new FrameReader(HANDSHAKE_LIMIT)
  readonly #socket: Duplex
  #failure: Error | null = null
  #onChange = () => {}

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', this.#onData).on('error', this.#onError)
    socket.on('end', this.#onLeave).on('close', this.#onLeave)
    socket.pause()
  }

  /** The content of the next frame. Rejects with SessionFailure. */
  async frame(): Promise<Buffer> {
    for (;;) {
      const frame = this.reader.next()
      if (frame !== null) return frame
      if (this.#failure !== null) throw this.#failure
      const changed = new Promise<void>((resolve) => {
        this.#onChange = resolve
      })
      this.#socket.resume()
      await changed
    }
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(frameOf(bytes))
  }

  fail(error: Error): void {
    this.#failure ??= error
    this.#onChange()
  }

  /** From now on others listen; the socket is paused. */
  leave(): void {
    const socket = this.#socket
    socket.off('data', this.#onData).off('error', this.#onError)
    socket.off('end', this.#onLeave).off('close', this.#onLeave)
    socket.pause()
  }

  readonly #onData = (chunk: Buffer) => {
    this.#socket.pause()
    this.reader.push(chunk)
    this.#onChange()
  }

  readonly #onError = (cause: Error) => this.fail(new SessionFailure('peer_closed', { cause }))

  readonly #onLeave = () => this.fail(new SessionFailure('peer_closed'))
}

/**
 * Runs a handshake on a socket that nobody reads. Rejects with what `shake` or the socket
 * fails by; the socket is destroyed then.
 */
export async function exchange<T>(
  socket: Duplex,
  timeoutMs: number,
  shake: (frames: Exchange) => Promise<T>,
): Promise<T> {
  const frames = new Exchange(socket)
  const timer = setTimeout(() => frames.fail(new SessionFailure('timeout')), timeoutMs)
  try {
    const result = await shake(frames)
    frames.leave()
    return result
  } catch (error) {
    frames.leave()
    socket.on('error', () => {}).destroy()
    throw asSessionFailure(error)
  } finally {
    clearTimeout(timer)
  }
}
