import { ProtocolError } from '../protocol-error.ts'
import { MessageReader } from './reader.ts'

/** The largest first packet that PostgreSQL accepts, in bytes. */
export const STARTUP_SIZE_MAX = 10_000

const SSL_REQUEST = 80_877_103
const GSS_ENCRYPTION_REQUEST = 80_877_104
const CANCEL_REQUEST = 80_877_102
/** The first byte of every TLS connection; a start-up packet would have to be 369 MB long to begin with it. */
const TLS_HANDSHAKE = 0x16
const SECRET_SIZE_MIN = 4
const SECRET_SIZE_MAX = 256

/** StartupMessage of protocol 3.x. */
export interface StartupMessage {
  readonly kind: 'startup'
  readonly minor: number
  /** `user`, `database`, `options`, `application_name`, `replication`, `client_encoding`, ... The last of equal names counts. */
  readonly parameters: ReadonlyMap<string, string>
  /** A copy of the packet as it came. */
  readonly bytes: Buffer
}

/** Asks for another connection's statement to be cancelled; its answer is the end of this connection. */
export interface CancelRequest {
  readonly kind: 'cancel'
  readonly processId: number
  /** 4 to 256 bytes. */
  readonly secret: Buffer
  readonly bytes: Buffer
}

/** What a connection begins with, before any message with a type byte. */
export type StartupPacket =
  | StartupMessage
  | CancelRequest
  | { readonly kind: 'ssl-request' }
  | { readonly kind: 'gss-encryption-request' }
  /** TLS without asking first (`sslnegotiation=direct`). Nothing of it is consumed. */
  | { readonly kind: 'tls' }
  /** A major version other than 3. */
  | { readonly kind: 'unknown-version'; readonly major: number; readonly minor: number }

/** Collects the first packets of a connection, which have a length and no type byte. */
export class StartupReader {
  /** Index in the chunk last given to `read` behind what was consumed of it. */
  at = 0
  readonly #sizeMax: number
  #held: Buffer = Buffer.alloc(0)

  constructor(sizeMax: number = STARTUP_SIZE_MAX) {
    this.#sizeMax = sizeMax
  }

  /**
   * The packet that the bytes of `chunk` from `start` on complete, null where more are needed. Bytes behind the packet
   * are left alone: `at` tells where they begin. Throws ProtocolError for lengths and layouts that no packet has.
   */
  read(chunk: Buffer, start = 0): StartupPacket | null {
    this.at = start
    if (this.#held.length === 0 && chunk.length > start && chunk[start] === TLS_HANDSHAKE) {
      return { kind: 'tls' }
    }
    if (!this.#collect(chunk, 4)) return null
    const size = this.#held.readInt32BE(0)
    if (size < 8) throw new ProtocolError('a start-up packet is too short')
    if (size > this.#sizeMax) throw new ProtocolError('a start-up packet is too long')
    if (!this.#collect(chunk, size)) return null
    const packet = this.#held
    this.#held = Buffer.alloc(0)
    return decodeStartupPacket(packet)
  }

  /** Takes bytes of the chunk until `size` are held; false where the chunk has not so many. */
  #collect(chunk: Buffer, size: number): boolean {
    const step = Math.min(size - this.#held.length, chunk.length - this.at)
    if (step > 0) {
      this.#held = Buffer.concat([this.#held, chunk.subarray(this.at, this.at + step)])
      this.at += step
    }
    return this.#held.length >= size
  }
}

/** One whole packet. Throws ProtocolError. */
function decodeStartupPacket(bytes: Buffer): StartupPacket {
  const code = bytes.readUInt32BE(4)
  switch (code) {
    case SSL_REQUEST:
      requireSize(bytes, 8)
      return { kind: 'ssl-request' }
    case GSS_ENCRYPTION_REQUEST:
      requireSize(bytes, 8)
      return { kind: 'gss-encryption-request' }
    case CANCEL_REQUEST:
      return decodeCancelRequest(bytes)
    default: {
      const major = code >>> 16
      const minor = code & 0xffff
      if (major !== 3) return { kind: 'unknown-version', major, minor }
      return { kind: 'startup', minor, parameters: decodeParameters(bytes), bytes }
    }
  }
}

function requireSize(bytes: Buffer, size: number): void {
  if (bytes.length !== size)
    throw new ProtocolError('a start-up packet has a length that its kind never has')
}

function decodeCancelRequest(bytes: Buffer): CancelRequest {
  const secretSize = bytes.length - 12
  if (secretSize < SECRET_SIZE_MIN || secretSize > SECRET_SIZE_MAX) {
    throw new ProtocolError('a cancel request has a key that is too short or too long')
  }
  return { kind: 'cancel', processId: bytes.readUInt32BE(8), secret: bytes.subarray(12), bytes }
}

/** Names and values in turn, each ended by a zero byte; one more zero byte ends the packet. */
function decodeParameters(bytes: Buffer): Map<string, string> {
  const reader = new MessageReader(bytes, 8, bytes.length)
  const parameters = new Map<string, string>()
  for (let name = reader.utf8(); name !== ''; name = reader.utf8()) {
    parameters.set(name, reader.utf8())
  }
  reader.finish()
  return parameters
}

/** A StartupMessage of protocol 3.`minor`. */
export function encodeStartupMessage(
  minor: number,
  parameters: Iterable<readonly [name: string, value: string]>,
): Buffer {
  const texts: string[] = []
  for (const [name, value] of parameters) texts.push(name, value)
  if (texts.some((text) => text.includes('\0'))) {
    throw new ProtocolError('a start-up parameter holds a zero byte')
  }
  const body = Buffer.from(`${texts.map((text) => `${text}\0`).join('')}\0`)
  return startupPacket((3 << 16) | minor, body)
}

export function encodeSslRequest(): Buffer {
  return startupPacket(SSL_REQUEST, Buffer.alloc(0))
}

export function encodeGssEncryptionRequest(): Buffer {
  return startupPacket(GSS_ENCRYPTION_REQUEST, Buffer.alloc(0))
}

export function encodeCancelRequest(processId: number, secret: Uint8Array): Buffer {
  const body = Buffer.alloc(4 + secret.length)
  body.writeUInt32BE(processId, 0)
  body.set(secret, 4)
  return startupPacket(CANCEL_REQUEST, body)
}

function startupPacket(code: number, body: Buffer): Buffer {
  const packet = Buffer.alloc(8 + body.length)
  packet.writeInt32BE(packet.length, 0)
  packet.writeUInt32BE(code, 4)
  packet.set(body, 8)
  return packet
}
