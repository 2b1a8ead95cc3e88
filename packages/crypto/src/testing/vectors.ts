/** Vectors made by the original implementations, read from `test/vectors`. Bytes stand there in hex. */
import { readFileSync } from 'node:fs'

/** One file of vectors; the caller names the shape that it relies on. */
export function readVectors<T>(name: string): T {
  const path = new URL(`../../test/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
