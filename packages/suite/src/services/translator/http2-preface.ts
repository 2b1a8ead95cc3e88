import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
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
  if (startsHttp2(bytes) === true) {
    nameHttp2(connection)
    return bytes
  }
  connection.destroy()
  if (outcome === 'ended') throw new NothingSaidError()
  throw new PrefaceError(
    outcome === 'late'
      ? 'the client has not begun to speak HTTP/2 in time'
      : 'what the client says is not HTTP/2',
  )
}

/** The version of HTTP that a client speaks. */
export type HttpVersion = 1 | 2

/**
 * Reads a connection until it is known which version of HTTP its client speaks. Where TLS has agreed on one (`protocol`) it must be that; else a
 * client that begins with the preface has known beforehand that it may. Rejects as `readPreface` does.
 */
export async function readVersion(
  connection: Duplex,
  first: Buffer,
  protocol: string | null,
  timeoutMs: number,
): Promise<{ readonly bytes: Buffer; readonly version: HttpVersion }> {
  if (protocol === 'h2') {
    return { bytes: await readPreface(connection, first, timeoutMs), version: 2 }
  }
  if (protocol !== null) return { bytes: first, version: 1 }
  const isDecided = (bytes: Buffer) => startsHttp2(bytes) !== null
  const { bytes, outcome } = await readFirst(connection, timeoutMs, isDecided, first)
  if (outcome === 'ended') throw new NothingSaidError()
  if (startsHttp2(bytes) !== true) return { bytes, version: 1 }
  nameHttp2(connection)
  return { bytes, version: 2 }
}

/**
 * Node serves HTTP/2 over TLS only where the handshake has named it (ALPN). AcraConnector names nothing, since it does not know what it carries;
 * the preface says it as well.
 */
function nameHttp2(connection: Duplex): void {
  if (connection instanceof TLSSocket && connection.alpnProtocol === false) {
    connection.alpnProtocol = 'h2'
  }
}
