/**
 * How the values of one type stand in messages. The text form is the canonical one that the server prints, with dates in ISO style and
 * times in UTC: equal values have equal texts. Nothing here throws: null stands for what is not a value of the type.
 */
export interface TypeCodec {
  readonly oid: number
  /** As a RowDescription gives it: bytes of the value, -1 where they vary. */
  readonly size: number
  /** The canonical form of a text. */
  canonical(text: Buffer): Buffer | null
  /** The binary format of a canonical text. */
  toBinary(text: Buffer): Buffer | null
  /** The canonical text of what stands in binary format. */
  fromBinary(bytes: Buffer): Buffer | null
}

/** The text of bytes that are ASCII where they can be of the type at all, without the white space around it. */
export function asciiOf(text: Buffer): string {
  return text.toString('latin1').trim()
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
