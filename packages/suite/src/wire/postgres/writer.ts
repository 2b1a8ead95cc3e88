import type { BufferSink } from '../../foundation/index.ts'

/**
 * Appends messages to a sink. Lengths are patched when what they count has been written, so a value of unknown
 * length (sealed, opened) is written in place: `beginValue()`, append to `sink`, `endValue()`.
 */
export class MessageWriter {
  readonly sink: BufferSink
  #frame = 0
  #value = 0

  constructor(sink: BufferSink) {
    this.sink = sink
  }

  beginFrame(type: number): void {
    this.#frame = this.sink.reserve(5)
    this.sink.bytes[this.#frame] = type
  }

  endFrame(): void {
    this.sink.bytes.writeInt32BE(this.sink.length - this.#frame - 1, this.#frame + 1)
  }

  /** Takes back the frame that was begun. */
  dropFrame(): void {
    this.sink.truncate(this.#frame)
  }

  beginValue(): void {
    this.#value = this.sink.reserve(4)
  }

  endValue(): void {
    this.sink.bytes.writeInt32BE(this.sink.length - this.#value - 4, this.#value)
  }

  /** Turns the value that was begun into NULL. */
  nullValue(): void {
    this.sink.truncate(this.#value + 4)
    this.sink.bytes.writeInt32BE(-1, this.#value)
  }

  byte(value: number): void {
    const at = this.sink.reserve(1)
    this.sink.bytes[at] = value
  }

  int16(value: number): void {
    const at = this.sink.reserve(2)
    this.sink.bytes.writeUInt16BE(value & 0xffff, at)
  }

  int32(value: number): void {
    const at = this.sink.reserve(4)
    this.sink.bytes.writeInt32BE(value | 0, at)
  }

  bytes(source: Uint8Array, start = 0, end: number = source.length): void {
    this.sink.append(source, start, end)
  }

  /** A string as `MessageReader.latin1` gave it, and the zero byte that ends it. */
  latin1(text: string): void {
    const at = this.sink.reserve(text.length + 1)
    this.sink.bytes.write(text, at, 'latin1')
    this.sink.bytes[at + text.length] = 0
  }

  /** A text in UTF-8, and the zero byte that ends it. */
  utf8(text: string): void {
    const size = Buffer.byteLength(text)
    const at = this.sink.reserve(size + 1)
    this.sink.bytes.write(text, at, 'utf8')
    this.sink.bytes[at + size] = 0
  }
}
