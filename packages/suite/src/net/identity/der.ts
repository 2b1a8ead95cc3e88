import { AcraError } from '../../foundation/index.ts'

/** Bytes that are not the DER that is expected there. */
export class DerError extends AcraError {
  constructor(message: string) {
    super('der-malformed', message)
  }
}

/** Identifier octets that certificates use. */
export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const

/** One element: its identifier octet, its content as a view, and the same with what stands before it. */
export interface DerElement {
  readonly tag: number
  readonly content: Buffer
  readonly whole: Buffer
}

/** Reads DER elements one after the other. Only identifiers of one octet and definite lengths, which is all that certificates have. */
export class DerReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The identifier octet of the next element; null at the end. */
  get nextTag(): number | null {
    return this.#bytes[this.#at] ?? null
  }

  /** The next element. Throws DerError where it is cut off or not in DER's one form. */
  read(): DerElement {
    const begin = this.#at
    const tag = this.#byte()
    if ((tag & 0x1f) === 0x1f) throw new DerError('an identifier has more than one octet')
    const length = this.#length()
    const end = this.#at + length
    if (end > this.#bytes.length) throw new DerError('an element is cut off')
    const content = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return { tag, content, whole: this.#bytes.subarray(begin, end) }
  }

  /** The content of the next element, which must have this identifier. */
  expect(tag: number): Buffer {
    return this.expectElement(tag).content
  }

  /** The next element, which must have this identifier. */
  expectElement(tag: number): DerElement {
    const found = this.read()
    if (found.tag !== tag) throw new DerError('an element is of another kind')
    return found
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 4) throw new DerError('a length is indefinite or too large')
    let length = 0
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 2 ** (8 * (count - 1)))
      throw new DerError('a length is longer than it need be')
    return length
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new DerError('an element is cut off')
    this.#at++
    return byte
  }
}

/** The dotted form of an object identifier's content. */
export function dottedOid(content: Uint8Array): string {
  if (content.length === 0 || content.at(-1)! >= 0x80)
    throw new DerError('an object identifier is cut off')
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of content) {
    arc = arc * 128n + BigInt(byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const [first = 0n, ...rest] = arcs
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...rest].join('.')
}
