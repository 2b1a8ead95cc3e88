import { randomBytes, randomInt } from 'node:crypto'
import type { TokenType } from './settings/index.ts'

/** The number of each type in records. spec: acra-envelopes §7.1 */
export const tokenTypeIds: Readonly<Record<TokenType, number>> = {
  int32: 1,
  int64: 2,
  str: 3,
  bytes: 4,
  email: 5,
}

const LETTERS = Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
const shortEndings = ['.au', '.br', '.de', '.jp', '.et', '.us']
const endings = ['.com', '.net', '.org', '.edu', '.info', ...shortEndings]
/** A shorter address gets a short ending. */
const LONG_EMAIL_SIZE = 8
const EMAIL_SIZE_MIN = 3
const AT_SIGN = 0x40
const decimal = /^[-+]?\d{1,40}$/

/** The form of a value in records; null where the text is no value of the type. */
export function encodeTokenText(type: TokenType, text: Uint8Array): Buffer | null {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length)
  if (type !== 'int32' && type !== 'int64') return bytes
  const digits = bytes.length > 41 ? '' : bytes.toString('latin1')
  if (!decimal.test(digits)) return null
  const value = BigInt(digits.replace(/^\+/, ''))
  if (BigInt.asIntN(type === 'int32' ? 32 : 64, value) !== value) return null
  const encoded = Buffer.alloc(8)
  encoded.writeBigInt64LE(value)
  return type === 'int32' ? encoded.subarray(0, 4) : encoded
}

/** The text of a value in its form of records; null where it has not the size of its type. */
export function decodeTokenText(type: TokenType, encoded: Buffer): Buffer | null {
  switch (type) {
    case 'int32':
      return encoded.length === 4 ? Buffer.from(String(encoded.readInt32LE())) : null
    case 'int64':
      return encoded.length === 8 ? Buffer.from(String(encoded.readBigInt64LE())) : null
    default:
      return encoded
  }
}

/** A random token for a value of `size` bytes, in the form of records; null where none of the type is as short. */
export function randomToken(type: TokenType, size: number): Buffer | null {
  switch (type) {
    case 'int32':
    case 'int64':
    case 'bytes':
      return randomBytes(type === 'bytes' ? size : type === 'int32' ? 4 : 8)
    case 'str':
      return randomLetters(size)
    case 'email':
      return size < EMAIL_SIZE_MIN ? null : randomEmail(size)
  }
}

function randomEmail(size: number): Buffer {
  const choice = size < LONG_EMAIL_SIZE ? shortEndings : endings
  const ending = choice[randomInt(choice.length)]
  const before = size - ending.length
  const email = randomLetters(before)
  if (before > 0) email[Math.floor(before / 2)] = AT_SIGN
  return Buffer.concat([email, Buffer.from(ending)])
}

function randomLetters(size: number): Buffer {
  const letters = Buffer.alloc(size)
  let at = 0
  while (at < size) {
    for (const byte of randomBytes(size - at + 16)) {
      // 248 is the largest multiple of 62 that a byte holds: every letter is as likely.
      if (byte < 4 * LETTERS.length && at < size) letters[at++] = LETTERS[byte % LETTERS.length]
    }
  }
  return letters
}
