import type { Socket } from 'node:net'
import { readFirst } from '../transport/index.ts'

/** How long an application may be silent until it is taken for one that waits to be greeted. */
const QUIET_MS = 50
const LENGTH_SIZE = 4
/** The smallest first packet of PostgreSQL, and the largest that a server takes. */
const PACKET_MIN = 8
const PACKET_MAX = 10_000
const TLS_HEADER_SIZE = 5
const TLS_HANDSHAKE = 0x16
const HEAD_END = '\r\n\r\n'
/** No server takes a larger head. */
const HEAD_MAX = 65_536

/** Whether the first message of an application is whole; true also where it is none that we know. */
export type IsWhole = (bytes: Buffer) => boolean

/** A start-up packet, or the first record of TLS. */
export const isDatabaseMessage: IsWhole = (bytes) => {
  if (bytes[0] === TLS_HANDSHAKE) {
    return (
      bytes.length >= TLS_HEADER_SIZE && bytes.length >= TLS_HEADER_SIZE + bytes.readUInt16BE(3)
    )
  }
  if (bytes.length < LENGTH_SIZE) return bytes.length > 0 && bytes[0] !== 0
  const size = bytes.readUInt32BE()
  return size < PACKET_MIN || size > PACKET_MAX || bytes.length >= size
}

/** The head of a request, or what HTTP/2 begins with. */
export const isHttpMessage: IsWhole = (bytes) =>
  !isCapital(bytes[0]) || bytes.length >= HEAD_MAX || bytes.includes(HEAD_END)

/** Methods begin with one. */
const isCapital = (byte = 0x41): boolean => byte >= 0x41 && byte <= 0x5a

/**
 * What an application has begun with: its first message, which stays to be read; silence, where it waits for a greeting as clients of MySQL do;
 * nothing, where it has left, or has begun and not ended a message in time.
 */
export type Beginning = 'message' | 'silence' | 'nothing'

/** Waits for the beginning on a socket that nobody reads, and leaves it paused. */
export async function beginningOf(
  socket: Socket,
  isWhole: IsWhole,
  timeoutMs: number,
): Promise<Beginning> {
  const soon = await readFirst(socket, QUIET_MS, (bytes) => bytes.length > 0)
  if (soon.outcome !== 'enough') return soon.outcome === 'late' ? 'silence' : 'nothing'
  const { bytes, outcome } = await readFirst(socket, timeoutMs, isWhole, soon.bytes)
  if (outcome !== 'enough') return 'nothing'
  socket.unshift(bytes)
  return 'message'
}
