import { hash, timingSafeEqual } from 'node:crypto'

/** Bytes of an audit log key. */
export const AUDIT_KEY_SIZE = 32

/** A line that could be the next one of a chain. */
export interface ChainStep {
  /** What the line shows: 64 lower-case hex digits. */
  readonly tag: string
  /** Whether it is the first line of its chain. */
  readonly isNew: boolean
  /** The secret that binds the line behind it. */
  readonly mac: Buffer
}

/**
 * The chain of an audit log (audit-log.md §1): the tag of a line depends on the key, which changes with every line, and on the
 * line before. Whoever does not have the key that the chain began with can neither change, remove, add nor reorder lines
 * unnoticed; but whoever has it can.
 *
 * ```
 * begin   key = SHA-256(audit log key), mac of the line before = empty
 * line    mac = HMAC-SHA-256(key, line ‖ mac of the line before), tag = SHA-256(mac), key = SHA-256(key)
 * ```
 */
export class AuditChain {
  #key: Buffer
  #before: Buffer | null = null
  readonly #hmac = new Hmac()

  /** @throws where the key has another size than `AUDIT_KEY_SIZE`. */
  constructor(key: Uint8Array) {
    if (key.length !== AUDIT_KEY_SIZE) throw new TypeError('an audit log key has 32 bytes')
    this.#key = sha256(key)
  }

  /** What the line would show as the next one. Changes nothing: `take` does, once the line is written. */
  next(line: Uint8Array | string): ChainStep {
    const mac = this.#hmac.of(this.#key, line, this.#before ?? NOTHING)
    return { tag: hash('sha256', mac), isNew: this.#before === null, mac }
  }

  /** Moves behind a line that `next` was asked for. */
  take({ mac }: ChainStep): void {
    this.#before = mac
    const key = sha256(this.#key)
    this.#key.fill(0)
    this.#key = key
  }

  /** Overwrites the key. The chain cannot be used any more. */
  wipe(): void {
    this.#key.fill(0)
    this.#before?.fill(0)
    this.#hmac.wipe()
  }
}

const BLOCK = 64
const NOTHING = Buffer.alloc(0)

/**
 * HMAC-SHA-256 (RFC 2104) by two one-shot hashes: the key is another one for every line, and making an `Hmac` of Node takes longer
 * than all the rest, above all in Node.js 24.
 */
class Hmac {
  #inner = Buffer.alloc(4 * 1024)
  readonly #outer = Buffer.alloc(BLOCK + AUDIT_KEY_SIZE)

  of(key: Buffer, line: Uint8Array | string, end: Uint8Array): Buffer {
    const isText = typeof line === 'string'
    const sizeMax = BLOCK + (isText ? 3 * line.length : line.length) + end.length
    if (this.#inner.length < sizeMax) this.#inner = Buffer.alloc(2 * sizeMax)
    const inner = this.#inner
    const outer = this.#outer
    for (let at = 0; at < BLOCK; at++) {
      const byte = at < key.length ? key[at]! : 0
      inner[at] = byte ^ 0x36
      outer[at] = byte ^ 0x5c
    }
    let size = BLOCK
    if (isText) size += inner.write(line, BLOCK)
    else {
      inner.set(line, BLOCK)
      size += line.length
    }
    inner.set(end, size)
    // Text is what a hash gives fastest, by far.
    outer.write(hash('sha256', inner.subarray(0, size + end.length), 'binary'), BLOCK, 'binary')
    return Buffer.from(hash('sha256', outer, 'binary'), 'binary')
  }

  wipe(): void {
    this.#inner.fill(0)
    this.#outer.fill(0)
  }
}

/** Whether a step has this tag, in constant time. */
export function hasTag(step: ChainStep, tag: Uint8Array): boolean {
  const own = Buffer.from(step.tag, 'hex')
  return own.length === tag.length && timingSafeEqual(own, tag)
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}
