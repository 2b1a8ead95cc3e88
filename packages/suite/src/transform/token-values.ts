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

/** Fresh random bytes, that are the caller's own. */
export type Random = (size: number) => Uint8Array

/** A random token for a value of `size` bytes, in the form of records; null where none of the type is as short. */
export function randomToken(type: TokenType, size: number, random: Random): Buffer | null {
  switch (type) {
    case 'int32':
      return bytesOf(random(4))
    case 'int64':
      return bytesOf(random(8))
    case 'bytes':
      return bytesOf(random(size))
    case 'str':
      return randomLetters(size, random)
    case 'email':
      return size < EMAIL_SIZE_MIN ? null : randomEmail(size, random)
  }
}

function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function randomEmail(size: number, random: Random): Buffer {
  const choice = size < LONG_EMAIL_SIZE ? shortEndings : endings
  const ending = choice[randomBelow(choice.length, random)]!
  const before = size - ending.length
  const email = randomLetters(before, random)
  if (before > 0) email[Math.floor(before / 2)] = AT_SIGN
  return Buffer.concat([email, Buffer.from(ending)])
}

function randomLetters(size: number, random: Random): Buffer {
  const letters = Buffer.alloc(size)
  let at = 0
  while (at < size) {
    for (const byte of random(size - at + 16)) {
      // 248 is the largest multiple of 62 that a byte holds: every letter is as likely.
      if (byte < 4 * LETTERS.length && at < size) letters[at++] = LETTERS[byte % LETTERS.length]!
    }
  }
  return letters
}

/** A number from 0 to `count` - 1, each as likely; `count` is at most 256. */
function randomBelow(count: number, random: Random): number {
  const fair = 256 - (256 % count)
  for (;;) for (const byte of random(8)) if (byte < fair) return byte % count
}
