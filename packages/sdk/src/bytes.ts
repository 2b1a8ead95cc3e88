import type { Sink } from '@acra-ts/crypto'

/** Text is taken as UTF-8. */
export type Data = string | Uint8Array

export function bytesOf(data: Data): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data
}

import { isHex } from '@acra-ts/crypto'

/** The bytes of a text in base64; null where it is none. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}

/** The bytes of a text in hex digits; null where it is none. */
export function fromHex(text: string): Uint8Array | null {
  if (!isHex(text)) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16)
  return bytes
}

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** A sink for one value. */
export class Bytes implements Sink {
  bytes = new Uint8Array(256)
  length = 0

  reserve(size: number): number {
    const at = this.length
    this.length += size
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2))
      grown.set(this.bytes)
      this.bytes.fill(0)
      this.bytes = grown
    }
    return at
  }

  truncate(length: number): void {
    this.bytes.fill(0, length, this.length)
    this.length = length
  }

  /** What was appended, as bytes of the caller's own; nothing of it stays here. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length)
    this.truncate(0)
    return taken
  }
}
