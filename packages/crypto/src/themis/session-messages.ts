/**
 * The data messages of an established Secure Session. Numbers are BE32 but for the time.
 *
 *     0     4   session id, the derived bytes reversed
 *     4     16  IV: the first 12 bytes are the nonce, the last 4 are not authenticated
 *     20    4   message size n + 12     |
 *     24    4   sequence number         | encrypted as one text with AES-256-GCM,
 *     28    8   seconds since 1970      | without additional data
 *     36    n   message                 |
 *     36+n  16  tag
 *
 * spec: themis-formats §6.1
 */
import { readBe32, writeBe32 } from '../bytes.ts'
import type { MessageKey, Primitives } from '../primitives.ts'
import type { Sink } from '../sink.ts'
import { checkPlaintext } from './cell.ts'
import { SessionError } from './session-error.ts'
import type { Direction } from './session-keys.ts'

/** What a data message is larger than what it carries, in bytes. */
export const SESSION_OVERHEAD = 52

const IV_AT = 4
const NONCE_SIZE = 12
const TEXT_AT = 20
const HEAD_SIZE = 16
const TAG_SIZE = 16
/** What the size field counts besides the message: sequence number and time. */
const COUNTED = 12
/** How far the clocks of both sides may be apart. */
const CLOCK_DIFFERENCE_MAX_S = 86_400

/** Seconds since 1970. */
export type Clock = () => number

/** Seals one direction's messages, each with the next sequence number. */
export class SessionSealer {
  readonly #p: Primitives
  readonly #wireId: Uint8Array
  readonly #key: MessageKey
  readonly #clock: Clock
  readonly #head = new Uint8Array(HEAD_SIZE)
  #sequence: number

  constructor(p: Primitives, sessionId: Uint8Array, direction: Direction, clock: Clock) {
    this.#p = p
    this.#wireId = sessionId.slice().reverse()
    this.#key = p.messageKey(direction.key)
    this.#sequence = direction.sequence
    this.#clock = clock
  }

  /** Appends the message that carries `plain`. Throws SessionError where that is empty or too large. */
  seal(plain: Uint8Array, out: Sink): void {
    checkPlaintext(plain, SessionError)
    const head = this.#head
    writeBe32(head, 0, plain.length + COUNTED)
    writeBe32(head, 4, this.#sequence)
    const seconds = this.#clock()
    writeBe32(head, 8, Math.floor(seconds / 0x1_0000_0000))
    writeBe32(head, 12, seconds)
    const at = out.reserve(SESSION_OVERHEAD + plain.length)
    const { bytes } = out
    bytes.set(this.#wireId, at)
    bytes.set(this.#p.random(TEXT_AT - IV_AT), at + IV_AT)
    this.#key.seal(nonceAt(bytes, at), head, plain, bytes, at + TEXT_AT)
    this.#sequence = next(this.#sequence)
  }

  wipe(): void {
    this.#key.wipe()
  }
}

/**
 * Opens the other direction's. The original accepts messages that come again or up to eight places off; over a stream they can only
 * come in order, so that any other order is an attack.
 */
export class SessionOpener {
  readonly #id: number
  readonly #key: MessageKey
  readonly #clock: Clock
  #sequence: number

  constructor(p: Primitives, sessionId: Uint8Array, direction: Direction, clock: Clock) {
    this.#id = readBe32(sessionId.slice().reverse(), 0)
    this.#key = p.messageKey(direction.key)
    this.#sequence = direction.sequence
    this.#clock = clock
  }

  /** What `message` carries, as bytes of the caller's own. Throws SessionError, the same for whatever is wrong. */
  open(message: Uint8Array): Uint8Array {
    const text = this.#textOf(message)
    if (text === null) throw notOpened()
    const isNext = readBe32(text, 4) === this.#sequence
    const seconds = readBe32(text, 8) * 0x1_0000_0000 + readBe32(text, 12)
    const isTimely = Math.abs(this.#clock() - seconds) <= CLOCK_DIFFERENCE_MAX_S
    if (readBe32(text, 0) !== text.length - HEAD_SIZE + COUNTED || !isNext || !isTimely) {
      text.fill(0)
      throw notOpened()
    }
    this.#sequence = next(this.#sequence)
    return text.subarray(HEAD_SIZE)
  }

  wipe(): void {
    this.#key.wipe()
  }

  #textOf(message: Uint8Array): Uint8Array | null {
    const tagAt = message.length - TAG_SIZE
    if (message.length <= SESSION_OVERHEAD || readBe32(message, 0) !== this.#id) return null
    const text = message.subarray(TEXT_AT, tagAt)
    return this.#key.open(nonceAt(message, 0), text, message.subarray(tagAt))
  }
}

function nonceAt(message: Uint8Array, at: number): Uint8Array {
  return message.subarray(at + IV_AT, at + IV_AT + NONCE_SIZE)
}

function next(sequence: number): number {
  return (sequence + 1) >>> 0
}

function notOpened(): SessionError {
  return new SessionError('session-not-opened', 'the message is not the next one of this session')
}
