import type { Duplex } from 'node:stream'
import { AcraError } from '../../foundation/index.ts'
import { NothingSaidError, readFirst } from '../transport/index.ts'

/** What every client of HTTP/2 says first. RFC 9113, section 3.4 */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** A client that speaks something else than HTTP/2, or does not say even that in time. */
export class PrefaceError extends AcraError<'http2-expected'> {
  constructor(message: string) {
    super('http2-expected', message)
  }
}

/** Whether the preface of HTTP/2 begins here; null where more bytes are needed to tell. */
export function startsHttp2(bytes: Buffer): boolean | null {
  const size = Math.min(bytes.length, PREFACE.length)
  if (!bytes.subarray(0, size).equals(PREFACE.subarray(0, size))) return false
  return size === PREFACE.length ? true : null
}

/**
 * Reads a connection until the preface is there, and answers what was read. `first` was read before. Rejects with PrefaceError or
 * NothingSaidError; the connection is destroyed then.
 */
export async function readPreface(
  connection: Duplex,
  first: Buffer,
  timeoutMs: number,
): Promise<Buffer> {
  const isDecided = (bytes: Buffer) => startsHttp2(bytes) !== null
  const { bytes, outcome } = await readFirst(connection, timeoutMs, isDecided, first)
  if (startsHttp2(bytes) === true) return bytes
  connection.destroy()
  if (outcome === 'ended') throw new NothingSaidError()
  throw new PrefaceError(
    outcome === 'late'
      ? 'the client has not begun to speak HTTP/2 in time'
      : 'what the client says is not HTTP/2',
  )
}
