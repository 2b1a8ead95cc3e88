import { continuation, quoteAfterUescape } from './lex.ts'

const QUOTE = 0x27
const BACKSLASH = 0x5c
const DOLLAR = 0x24

/**
 * The bytes that PostgreSQL's type input function would receive for the literal in `text[start, end)`, a span of its shape: the
 * content of a string, or a number as PostgreSQL prints it. The answer may be a view of `text`.
 *
 * Null where it cannot tell: a bad escape, a lone surrogate, a bit string (`X'..'`, `B'..'`: PostgreSQL makes neither bytes nor the
 * same text of them), a number with an exponent. The statement must then be refused.
 */
export function decodeLiteral(text: Uint8Array, start: number, end: number): Buffer | null {
  const bytes = Buffer.isBuffer(text)
    ? text
    : Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  const first = bytes[start]
  if (first === QUOTE) return plainString(bytes, start, end)
  if (first === DOLLAR) return dollarString(bytes, start, end)
  if (first < 0x41) return number(bytes.toString('latin1', start, end))
  const prefix = first | 0x20
  if (prefix === 0x65) return escapeString(bytes, start + 1, end)
  return prefix === 0x75 ? unicodeString(bytes, start + 2, end) : null
}

function plainString(bytes: Buffer, quote: number, end: number): Buffer | null {
  const inner = bytes.subarray(quote + 1, end - 1)
  if (bytes[end - 1] !== QUOTE || end - quote < 2) return null
  return inner.indexOf(QUOTE) === -1 ? inner : unquoted(bytes, quote, end, false)
}

function dollarString(bytes: Buffer, start: number, end: number): Buffer | null {
  const tag = bytes.indexOf(DOLLAR, start + 1) + 1 - start
  if (tag < 2 || end - start < 2 * tag) return null
  const closed = bytes.subarray(end - tag, end).equals(bytes.subarray(start, start + tag))
  return closed ? bytes.subarray(start + tag, end - tag) : null
}

/**
 * What a literal holds, quotes taken off and doubled quotes made single. `'a'` on one line and `'b'` on the next are one literal. Null where it is
 * not closed.
 */
function unquoted(bytes: Buffer, quote: number, end: number, escapes: boolean): Buffer | null {
  const out = Buffer.allocUnsafe(end - quote)
  let length = 0
  let at = quote + 1
  while (at < end) {
    const byte = bytes[at]
    if (escapes && byte === BACKSLASH) {
      out[length++] = byte
      if (at + 1 < end) out[length++] = bytes[at + 1]
      at += 2
    } else if (byte !== QUOTE) {
      out[length++] = byte
      at++
    } else if (bytes[at + 1] === QUOTE && at + 1 < end) {
      out[length++] = QUOTE
      at += 2
    } else {
      if (at + 1 === end) return out.subarray(0, length)
      const next = continuation(bytes, at + 1)
      if (next === -1 || next >= end) return null
      at = next + 1
    }
  }
  return null
}

/** The letters that stand for a control character after a backslash. */
const CONTROL: Readonly<Record<string, number>> = { b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** `E'..'`: `\b \f \n \r \t \v`, up to three octal digits, `\x` and up to two hex digits, `\uXXXX`, `\UXXXXXXXX`, else the character itself. */
function escapeString(bytes: Buffer, quote: number, end: number): Buffer | null {
  const content = unquoted(bytes, quote, end, true)
  if (content === null || content.indexOf(BACKSLASH) === -1) return content
  return resolveEscapes(content)
}

function resolveEscapes(content: Buffer): Buffer | null {
  const out = Buffer.allocUnsafe(content.length)
  const points = new CodePoints()
  let length = 0
  let at = 0
  while (at < content.length) {
    if (content[at] !== BACKSLASH) {
      if (points.pending) return null
      out[length++] = content[at++]
      continue
    }
    const letter = String.fromCharCode(content[at + 1])
    const unicode = letter === 'u' ? 4 : letter === 'U' ? 8 : 0
    if (unicode > 0) {
      const text = points.take(hexDigits(content, at + 2, unicode))
      if (text === null) return null
      length += out.write(text, length)
      at += 2 + unicode
      continue
    }
    if (points.pending || at + 1 >= content.length) return null
    if (letter === 'x' && hexDigits(content, at + 2, 1) !== -1) {
      const digits = hexDigits(content, at + 2, 2) === -1 ? 1 : 2
      out[length++] = hexDigits(content, at + 2, digits)
      at += 2 + digits
    } else if (letter >= '0' && letter <= '7') {
      const octal = /^[0-7]{1,3}/.exec(content.toString('latin1', at + 1, at + 4))?.[0] ?? ''
      out[length++] = Number.parseInt(octal, 8) & 0xff
      at += 1 + octal.length
    } else {
      out[length++] = CONTROL[letter] ?? content[at + 1]
      at += 2
    }
    // PostgreSQL has no value with a NUL in it.
    if (out[length - 1] === 0) return null
  }
  return points.pending ? null : out.subarray(0, length)
}

/** `U&'..'`: the escape character and four hex digits, or `+` and six, or the escape character again. */
function unicodeString(bytes: Buffer, quote: number, end: number): Buffer | null {
  const close = endOfPieces(bytes, quote, end)
  if (close === -1) return null
  const content = unquoted(bytes, quote, close, false)
  const mark = close === end ? BACKSLASH : escapeCharacter(bytes, close, end)
  if (content === null || mark === null) return null
  const out = Buffer.allocUnsafe(content.length)
  const points = new CodePoints()
  let length = 0
  let at = 0
  while (at < content.length) {
    if (content[at] !== mark || content[at + 1] === mark) {
      if (points.pending) return null
      at += content[at] === mark ? 1 : 0
      out[length++] = content[at++]
      continue
    }
    const long = content[at + 1] === 0x2b
    const digits = long ? 6 : 4
    const from = at + (long ? 2 : 1)
    const text = points.take(hexDigits(content, from, digits))
    if (text === null) return null
    length += out.write(text, length)
    at = from + digits
  }
  return points.pending ? null : out.subarray(0, length)
}

/** Past the quote that closes the literal, before a UESCAPE tail; -1 where nothing closes it. */
function endOfPieces(bytes: Buffer, quote: number, end: number): number {
  let at = quote + 1
  while (at < end) {
    if (bytes[at] !== QUOTE) at++
    else if (bytes[at + 1] === QUOTE && at + 1 < end) at += 2
    else {
      const next = continuation(bytes, at + 1)
      if (next === -1 || next >= end) return at + 1
      at = next + 1
    }
  }
  return -1
}

/** The character of `UESCAPE '!'`; null where PostgreSQL would refuse it. */
function escapeCharacter(bytes: Buffer, close: number, end: number): number | null {
  const quote = quoteAfterUescape(bytes, close)
  if (quote === -1 || end !== quote + 3) return null
  const character = bytes[quote + 1]
  const refused = /[0-9A-Fa-f+'"\s]/.test(String.fromCharCode(character)) || character > 0x7f
  return refused ? null : character
}

/** Code points in order, surrogate pairs joined. */
class CodePoints {
  #high = 0

  get pending(): boolean {
    return this.#high !== 0
  }

  /** The text of a code point, empty after the first half of a pair; null where there is none such. */
  take(point: number): string | null {
    const isLow = point >= 0xdc00 && point < 0xe000
    if (point <= 0 || point > 0x10ffff || isLow !== this.pending) return null
    if (point >= 0xd800 && point < 0xdc00) {
      this.#high = point
      return ''
    }
    const full = isLow ? 0x10000 + ((this.#high - 0xd800) << 10) + (point - 0xdc00) : point
    this.#high = 0
    return String.fromCodePoint(full)
  }
}

/** The number in `count` hex digits at `at`; -1 where they are not all there. */
function hexDigits(bytes: Buffer, at: number, count: number): number {
  const text = bytes.toString('latin1', at, at + count)
  return text.length === count && /^[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : -1
}

/** Digits of a number at most: no numeric of PostgreSQL has more before its point. */
const DIGITS_MAX = 131_072
/** Digits of a number of another base, whose value takes more time than they are long. */
const BASED_DIGITS_MAX = 4096

/** A number as PostgreSQL would print it: no underscores, no leading zeros, base 10. */
function number(written: string): Buffer | null {
  if (written.length > 2 * DIGITS_MAX) return null
  const text = written.replaceAll('_', '')
  if (/^0(x[0-9a-f]+|o[0-7]+|b[01]+)$/i.test(text))
    return text.length > BASED_DIGITS_MAX ? null : Buffer.from(BigInt(text).toString())
  const [whole, fraction, ...others] = text.split('.')
  if (others.length > 0 || whole.length > DIGITS_MAX || !/^[0-9]*$/.test(whole)) return null
  const digits = whole.slice(zerosOf(whole)) || '0'
  if (fraction === undefined) return Buffer.from(digits)
  return /^[0-9]+$/.test(fraction) ? Buffer.from(`${digits}.${fraction}`) : null
}

/** How many zeros stand at the beginning. */
function zerosOf(digits: string): number {
  let count = 0
  while (digits[count] === '0') count++
  return count
}
