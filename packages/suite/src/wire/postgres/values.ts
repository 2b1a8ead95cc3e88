import { ProtocolError } from '../protocol-error.ts'

/**
 * Walks the values of a DataRow or of a Bind's parameters: a list of int32 lengths, each followed by so many bytes, -1 for
 * NULL. One object serves all rows of a connection; it makes nothing per row and copies nothing.
 *
 * ```ts
 * values.open(bytes, at, end, count)
 * while (values.next()) if (!values.isNull) use(bytes, values.start, values.end)
 * ```
 */
export class ValueReader {
  /** Number of the current value from 0; -1 before the first. */
  index = -1
  /** The current value is `[start, end)`; both are the index behind the length where it is NULL. */
  start = 0
  end = 0
  isNull = false
  count = 0
  #bytes: Buffer | null = null
  #limit = 0

  /** Begins with the length at `at`; the values must end at or before `limit`. */
  open(bytes: Buffer, at: number, limit: number, count: number): void {
    this.#bytes = bytes
    this.#limit = limit
    this.index = -1
    this.count = count
    this.start = at
    this.end = at
    this.isNull = false
    if (at + count * 4 > limit) throw new ProtocolError('a message is shorter than its content')
  }

  /**
   * Moves to the next value; false behind the last one. Throws ProtocolError where a value would pass the message's end,
   * or where something stands behind the last one.
   */
  next(): boolean {
    if (this.index + 1 >= this.count) {
      if (this.end !== this.#limit) throw new ProtocolError('a message is longer than its content')
      return false
    }
    const bytes = this.#bytes!
    const at = this.end
    const start = at + 4
    if (start > this.#limit) throw new ProtocolError('a message is shorter than its content')
    const length = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
    this.index++
    this.start = start
    this.isNull = length === -1
    if (this.isNull) {
      this.end = start
      return true
    }
    if (length < 0 || length > this.#limit - start) {
      throw new ProtocolError('a value in a message has an impossible length')
    }
    this.end = start + length
    return true
  }

  /** Forgets the memory that was read, so that it is not kept alive. */
  close(): void {
    this.#bytes = null
  }
}
