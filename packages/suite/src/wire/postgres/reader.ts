import { ProtocolError } from '../protocol-error.ts'

/** How far a string's end is looked for byte by byte. */
const NEAR = 24

/**
 * Reads a message body from front to back. Every read is checked against the end of the message and throws
 * ProtocolError where it would pass it, so decoders read like the layouts of the manual.
 */
export class MessageReader {
  readonly bytes: Buffer
  /** Index of the next byte to read. */
  at: number
  readonly end: number

  constructor(bytes: Buffer, start: number, end: number) {
    if (start > end || end > bytes.length)
      throw new ProtocolError('a message ends before it begins')
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  /** Moves on by `size` bytes and returns the index where they begin. */
  skip(size: number): number {
    const at = this.at
    if (size < 0 || size > this.end - at)
      throw new ProtocolError('a message is shorter than its content')
    this.at = at + size
    return at
  }

  byte(): number {
    return this.bytes[this.skip(1)]
  }

  int16(): number {
    return this.bytes.readInt16BE(this.skip(2))
  }

  /** A count of things of `size` bytes or more each: refused at once where the message cannot hold that many. */
  count(size: number): number {
    const count = this.bytes.readUInt16BE(this.skip(2))
    if (count * size > this.left) throw new ProtocolError('a message is shorter than its content')
    return count
  }

  int32(): number {
    return this.bytes.readInt32BE(this.skip(4))
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.skip(4))
  }

  /** Moves behind a string and the zero byte that ends it; returns the index of that zero byte. */
  skipString(): number {
    const { bytes, end } = this
    // Most are names of a few bytes: for them a native search costs more than looking.
    const near = Math.min(end, this.at + NEAR)
    for (let at = this.at; at < near; at++) {
      if (bytes[at] === 0) {
        this.at = at + 1
        return at
      }
    }
    const zero = bytes.indexOf(0, near)
    if (zero === -1 || zero >= end) throw new ProtocolError('a string in a message has no end')
    this.at = zero + 1
    return zero
  }

  /** A string with one character per byte: keeps apart what the bytes keep apart, whatever their encoding. */
  latin1(): string {
    const start = this.at
    const end = this.skipString()
    return start === end ? '' : this.bytes.toString('latin1', start, end)
  }

  /** A string for people to read; bytes that are not UTF-8 come out as replacement characters. */
  utf8(): string {
    const start = this.at
    return this.bytes.toString('utf8', start, this.skipString())
  }

  /** The message must end here. */
  finish(): void {
    if (this.at !== this.end) throw new ProtocolError('a message is longer than its content')
  }
}
