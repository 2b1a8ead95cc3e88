import { hash, timingSafeEqual } from 'node:crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'

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

  /** @throws where the key has another size than `AUDIT_KEY_SIZE`. */
  constructor(key: Uint8Array) {
    if (key.length !== AUDIT_KEY_SIZE) throw new TypeError('an audit log key has 32 bytes')
    this.#key = sha256(key)
  }

  /** What the line would show as the next one. Changes nothing: `take` does, once the line is written. */
  next(line: Uint8Array): ChainStep {
    const parts = this.#before === null ? [line] : [line, this.#before]
    const mac = Buffer.from(nodePrimitives.hmacSha256(this.#key, ...parts))
    return { tag: sha256(mac).toString('hex'), isNew: this.#before === null, mac }
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
