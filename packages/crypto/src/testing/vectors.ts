/** Vectors made by the original implementations, read from `test/vectors`. Bytes stand there in hex. */
import { readFileSync } from 'node:fs'

/** One file of vectors; the caller names the shape that it relies on. */
export function readVectors<T>(name: string): T {
  const path = new URL(`../../test/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'))
}
