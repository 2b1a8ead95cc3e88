/**
 * What the first bytes of a connection say about who speaks: AcraConnector begins with a frame, the client id of a Secure Session or,
 * on other transports, where its trace comes from. PostgreSQL's clients begin with a zero byte, TLS with 0x16.
 */
import { randomBytes } from 'node:crypto'
import { FRAME_HEADER_SIZE, frameOf } from './frames.ts'

/** The client id that opens a Secure Session may have so many bytes; Acra refuses more. */
export const SESSION_ID_SIZE_MAX = 1024

const TRACE_SIZE = 29
/** Size of the frame that tells where a trace comes from, in bytes. */
export const TRACE_FRAME_SIZE: number = FRAME_HEADER_SIZE + TRACE_SIZE
/** The frame's length, then version and first field of OpenCensus' binary form. */
const TRACE_START = Buffer.from([TRACE_SIZE, 0, 0, 0, 0, 0])

/** The least ids have five characters, of which none is below the space. */
const FIRST_CHARACTER_MIN = 0x20

/** Whether a Secure Session begins here; null where more bytes are needed to tell. */
export function startsSession(bytes: Uint8Array): boolean | null {
  const size = bytes.length > 0 ? bytes[0]! | ((bytes[1] ?? 0) << 8) : 0
  if (bytes.length > 2 && (bytes[2] !== 0 || (bytes[3] ?? 0) !== 0)) return false
  if (bytes.length >= 2 && (size === 0 || size > SESSION_ID_SIZE_MAX)) return false
  if (bytes.length > FRAME_HEADER_SIZE) return bytes[FRAME_HEADER_SIZE]! >= FIRST_CHARACTER_MIN
  return null
}

/** Whether the frame that a session begins with is there as a whole, or can be told to be none. */
export function hasFirstFrame(bytes: Buffer): boolean {
  if (bytes.length < FRAME_HEADER_SIZE) return false
  const size = bytes.readUInt32LE()
  return size > SESSION_ID_SIZE_MAX || bytes.length >= FRAME_HEADER_SIZE + size
}

/** Whether the frame of a trace begins here; null where more bytes are needed to tell. */
export function startsTrace(bytes: Uint8Array): boolean | null {
  const size = Math.min(bytes.length, TRACE_START.length)
  for (let i = 0; i < size; i++) if (bytes[i] !== TRACE_START[i]) return false
  return size === TRACE_START.length ? true : null
}

/** The frame of a new trace that is sampled: OpenCensus' binary form of a span context. */
export function traceFrame(): Buffer {
  const trace = Buffer.alloc(TRACE_SIZE)
  randomBytes(16).copy(trace, 2)
  trace[18] = 1
  randomBytes(8).copy(trace, 19)
  trace[27] = 2
  trace[28] = 1
  return frameOf(trace)
}
