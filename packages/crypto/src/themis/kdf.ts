/**
 * Soter's key derivation: the first bytes of
 *
 *     HMAC-SHA256(key, 00 00 00 01 | label | 00 | context 1 | context 2 | ...)
 *
 * The label is ASCII. Contexts stand one after the other without their sizes.
 */
import { copyOf, EMPTY, writeLe32 } from '../bytes.ts'
import type { Primitives } from '../primitives.ts'

/** Derives `size` (1 to 32) bytes. */
export function kdf(
  p: Primitives,
  key: Uint8Array,
  label: string,
  contexts: readonly Uint8Array[],
  size: number,
): Uint8Array {
  const whole = p.hmacSha256(key, kdfInput(label, EMPTY), ...contexts)
  const derived = copyOf(whole, 0, size)
  whole.fill(0)
  return derived
}

/**
 * The same without a key of the caller's, for identifiers that are not secret: the key is the label (cut or zero-padded to
 * 32 bytes) with the first 32 bytes of every context XORed onto it.
 */
export function kdfWithoutKey(
  p: Primitives,
  label: string,
  contexts: readonly Uint8Array[],
  size: number,
): Uint8Array {
  const key = new Uint8Array(32)
  for (let i = 0; i < Math.min(label.length, 32); i++) key[i] = label.charCodeAt(i)
  for (const context of contexts) {
    for (let i = 0; i < Math.min(context.length, 32); i++) key[i] ^= context[i]
  }
  return kdf(p, key, label, contexts, size)
}

const CELL_LABEL = 'Themis secure cell message key'
const cellInputWithoutContext = kdfInput(CELL_LABEL, new Uint8Array(4))
const CELL_SIZE_AT = cellInputWithoutContext.length - 4

/**
 * What HMAC is taken of to derive the key of a Secure Cell. Valid until the next call: without a context the same memory
 * is used every time.
 */
export function cellKdfInput(plainSize: number, context: Uint8Array): Uint8Array {
  let input = cellInputWithoutContext
  if (context.length > 0) {
    input = new Uint8Array(CELL_SIZE_AT + 4 + context.length)
    input.set(cellInputWithoutContext)
    input.set(context, CELL_SIZE_AT + 4)
  }
  writeLe32(input, CELL_SIZE_AT, plainSize)
  return input
}

function kdfInput(label: string, context: Uint8Array): Uint8Array {
  const input = new Uint8Array(4 + label.length + 1 + context.length)
  input[3] = 1
  for (let i = 0; i < label.length; i++) input[4 + i] = label.charCodeAt(i)
  input.set(context, 4 + label.length + 1)
  return input
}
