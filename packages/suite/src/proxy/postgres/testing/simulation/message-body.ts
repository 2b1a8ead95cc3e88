/** The body of a message. What simulated clients send is well formed. */
export class MessageBody {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): string {
    return String.fromCharCode(this.#bytes[this.#at++]!)
  }

  string(): string {
    const start = this.#at
    const zero = this.#bytes.indexOf(0, start)
    this.#at = zero + 1
    return this.#bytes.toString('latin1', start, zero)
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  int16s(): number[] {
    return Array.from({ length: this.int16() }, () => this.int16())
  }

  values(): (Buffer | null)[] {
    return Array.from({ length: this.int16() }, () => {
      const size = this.int32()
      if (size < 0) return null
      this.#at += size
      return this.#bytes.subarray(this.#at - size, this.#at)
    })
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }
}
