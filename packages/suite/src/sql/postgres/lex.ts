/**
 * Finds the literals of a PostgreSQL text by the rules of the server's own scanner (PostgreSQL 18, `scan.l`), with
 * `standard_conforming_strings` on.
 *
 * The key of a shape is the text with every literal replaced by the emptiest literal of its kind: `''` `E''` `U&''` `X''` `B''`
 * `$$$$` `0` `0x0` `0o0` `0b0` `.0`. So a key is itself a text with the same tokens. Comments, white space, parameters and
 * identifiers stay. A text that the server's scanner would not take as it is read here (unterminated, NUL, a number run into
 * letters) has itself as its key, behind a NUL.
 */
import type { Literal, Shape } from '../shape.ts'

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const DOUBLE_QUOTE = 0x22
const DOLLAR = 0x24
const AMPERSAND = 0x26
const QUOTE = 0x27
const ASTERISK = 0x2a
const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const SLASH = 0x2f
const ZERO = 0x30
const BACKSLASH = 0x5c
const UNDERSCORE = 0x5f

/** What a byte begins. Everything else (operators, brackets) stands for itself. */
const BLANK = 1
const WORD = 2
const DIGIT = 3
const MARK = 4

const CLASS = new Uint8Array(256)
CLASS.fill(BLANK, TAB, CARRIAGE_RETURN + 1)
CLASS[SPACE] = BLANK
CLASS.fill(DIGIT, ZERO, ZERO + 10)
CLASS.fill(WORD, 0x41, 0x5b)
CLASS.fill(WORD, 0x61, 0x7b)
CLASS.fill(WORD, 0x80)
CLASS[UNDERSCORE] = WORD
for (const mark of [DOUBLE_QUOTE, DOLLAR, QUOTE, MINUS, DOT, SLASH]) CLASS[mark] = MARK

/** 1 for the bytes that go on with a word: letters, digits, `_`, `$`, and everything above ASCII. */
const WORD_PART = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  if (CLASS[byte] === WORD || CLASS[byte] === DIGIT || byte === DOLLAR) WORD_PART[byte] = 1
}

/** The shape of `text`. Takes time in proportion to its length and throws nothing. */
export function shapeOf(text: Uint8Array): Shape {
  const lexer = new Lexer(text)
  lexer.run()
  if (asBuffer(text).indexOf(0) !== -1) lexer.doubtful = true
  return {
    key: lexer.doubtful ? `\0${asBuffer(text).toString('latin1')}` : lexer.key(),
    literals: lexer.literals,
  }
}

class Lexer {
  readonly literals: Literal[] = []
  /** True where the text is not read as the server's scanner reads it. */
  doubtful = false
  readonly #text: Uint8Array
  readonly #key: Buffer
  #keyLength = 0

  constructor(text: Uint8Array) {
    this.#text = text
    // No placeholder is longer than the shortest literal of its kind, so a key is never longer than its text.
    this.#key = Buffer.allocUnsafe(text.length)
  }

  key(): string {
    return this.#key.toString('latin1', 0, this.#keyLength)
  }

  run(): void {
    const text = this.#text
    const end = text.length
    let at = 0
    while (at < end) {
      const byte = text[at]
      switch (CLASS[byte]) {
        case WORD:
          at = this.#word(at)
          break
        case DIGIT:
          at = this.#number(at)
          break
        case MARK:
          at = this.#mark(byte, at)
          break
        default:
          this.#key[this.#keyLength++] = byte
          at++
      }
    }
  }

  #mark(byte: number, at: number): number {
    const next = this.#text[at + 1]
    switch (byte) {
      case QUOTE:
        return this.#string(at, at, false)
      case DOUBLE_QUOTE:
        return this.#keep(at, this.#endOfIdentifier(at))
      case DOLLAR:
        return this.#dollar(at)
      case MINUS:
        return this.#keep(at, next === MINUS ? endOfLine(this.#text, at) : at + 1)
      case SLASH:
        return this.#keep(at, next === ASTERISK ? this.#endOfComment(at) : at + 1)
      default: // a dot
        if (CLASS[next] === DIGIT) return this.#number(at)
        return this.#keep(at, next === DOT ? at + 2 : at + 1)
    }
  }

  /** A key word or a name; or the prefix of a string, where it is one of the letters that can be and a quote follows at once. */
  #word(start: number): number {
    const text = this.#text
    let at = start + 1
    while (WORD_PART[text[at]] === 1) at++
    if (at === start + 1) {
      const letter = text[start] | SPACE
      const next = text[at]
      if (next === QUOTE) {
        if (letter === 0x65) return this.#string(start, at, true)
        if (letter === 0x78 || letter === 0x62) return this.#bitString(start)
      } else if (letter === 0x75 && next === AMPERSAND) {
        if (text[at + 1] === QUOTE) return this.#unicodeString(start)
        if (text[at + 1] === DOUBLE_QUOTE) return this.#unicodeIdentifier(start)
      }
    }
    return this.#keep(start, at)
  }

  /** A string from its prefix at `start`, its first quote at `quote`. */
  #string(start: number, quote: number, escapes: boolean): number {
    const end = this.#endOfString(quote, escapes)
    return this.#literal(start, end, quote - start, `''`)
  }

  /** `X'..'`, `B'..'`: two quotes in a row are not one inside, but the end and another string. */
  #bitString(start: number): number {
    const end = this.#endOfString(start + 1, false)
    if (
      asBuffer(this.#text)
        .subarray(start + 2, end - 1)
        .includes("''")
    )
      this.doubtful = true
    return this.#literal(start, end, 1, `''`)
  }

  #unicodeString(start: number): number {
    let end = this.#endOfString(start + 2, false)
    const quote = quoteAfterUescape(this.#text, end)
    if (quote !== -1) {
      // The escape character is one character in a plain string: three bytes. Anything else is left to the exact key.
      end = this.#endOfString(quote, false)
      if (end !== quote + 3) this.doubtful = true
    }
    return this.#literal(start, end, 2, `''`)
  }

  /** A name whose characters depend on its UESCAPE tail, which therefore stays in the key. */
  #unicodeIdentifier(start: number): number {
    let end = this.#endOfIdentifier(start + 2)
    const quote = quoteAfterUescape(this.#text, end)
    if (quote !== -1) end = this.#endOfString(quote, false)
    return this.#keep(start, end)
  }

  /** A dollar-quoted string, a parameter (`$1`), or a `$` that means nothing. */
  #dollar(start: number): number {
    const text = this.#text
    let at = start + 1
    if (CLASS[text[at]] === DIGIT) {
      while (CLASS[text[at]] === DIGIT) at++
      if (WORD_PART[text[at]] === 1 && text[at] !== DOLLAR) this.doubtful = true
      return this.#keep(start, at)
    }
    while (CLASS[text[at]] === WORD || (at > start + 1 && CLASS[text[at]] === DIGIT)) at++
    if (text[at] !== DOLLAR) {
      this.doubtful = true
      return this.#keep(start, start + 1)
    }
    const tag = asBuffer(text).subarray(start, at + 1)
    const close = asBuffer(text).indexOf(tag, at + 1)
    if (close === -1) this.doubtful = true
    return this.#literal(start, close === -1 ? text.length : close + tag.length, 0, '$$$$')
  }

  #number(start: number): number {
    const text = this.#text
    const base = text[start] === ZERO ? text[start + 1] | SPACE : 0
    const digits =
      base === 0x78 || base === 0x6f || base === 0x62 ? basedDigits(text, start + 2, base) : 0
    if (digits > 0) {
      this.#refuseJunk(start + 2 + digits)
      return this.#literal(start, start + 2 + digits, 2, '0')
    }
    let at = endOfDigits(text, start)
    let placeholder = '0'
    // `1..2` is a range of PL/pgSQL: two integers.
    if (text[at] === DOT && text[at + 1] !== DOT) {
      at = endOfDigits(text, at + 1)
      placeholder = '.0'
    }
    const exponent = endOfExponent(text, at)
    if (exponent > at) {
      at = exponent
      placeholder = '.0'
    }
    this.#refuseJunk(at)
    return this.#literal(start, at, 0, placeholder)
  }

  /** PostgreSQL 15 and later refuse `1abc`, older ones read it as two tokens. */
  #refuseJunk(at: number): void {
    if (WORD_PART[this.#text[at]] === 1 && this.#text[at] !== DOLLAR) this.doubtful = true
  }

  /** Past the last quote of the string whose first quote stands at `quote`, with the strings that go on with it on later lines. */
  #endOfString(quote: number, escapes: boolean): number {
    const text = this.#text
    let at = quote + 1
    for (;;) {
      const byte = text[at]
      if (byte === QUOTE) {
        if (text[at + 1] === QUOTE) {
          at += 2
          continue
        }
        const next = continuation(text, at + 1)
        if (next === -1) return at + 1
        at = next + 1
      } else if (at >= text.length) {
        this.doubtful = true
        return text.length
      } else {
        at += escapes && byte === BACKSLASH ? 2 : 1
      }
    }
  }

  #endOfIdentifier(quote: number): number {
    const text = this.#text
    for (let at = quote + 1; at < text.length; at++) {
      if (text[at] !== DOUBLE_QUOTE) continue
      if (text[at + 1] !== DOUBLE_QUOTE) return at + 1
      at++
    }
    this.doubtful = true
    return text.length
  }

  #endOfComment(start: number): number {
    const end = endOfComment(this.#text, start)
    if (end === -1) this.doubtful = true
    return end === -1 ? this.#text.length : end
  }

  #keep(start: number, end: number): number {
    const text = this.#text
    const key = this.#key
    let length = this.#keyLength
    for (let at = start; at < end; at++) key[length++] = text[at]
    this.#keyLength = length
    return end
  }

  /** Notes a literal; the key gets its first `prefix` bytes and the placeholder. */
  #literal(start: number, end: number, prefix: number, placeholder: string): number {
    this.literals.push({ start, end })
    const key = this.#key
    let length = this.#keyLength
    for (let at = start; at < start + prefix; at++) key[length++] = this.#text[at]
    for (let at = 0; at < placeholder.length; at++) key[length++] = placeholder.charCodeAt(at)
    this.#keyLength = length
    return end
  }
}

/**
 * Where the quote stands that goes on with a string closed just before `start`: after white space or line comments with a line
 * break among them. -1 where the string is over.
 */
export function continuation(text: Uint8Array, start: number): number {
  let at = start
  let broken = false
  for (;;) {
    const byte = text[at]
    if (byte === QUOTE) return broken ? at : -1
    if (CLASS[byte] === BLANK) {
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) broken = true
      at++
    } else if (byte === MINUS && text[at + 1] === MINUS) {
      at = endOfLine(text, at)
    } else {
      return -1
    }
  }
}

/** The quote that opens the string of `UESCAPE '!'` behind `start`, across white space and comments; -1 where there is no such tail. */
export function quoteAfterUescape(text: Uint8Array, start: number): number {
  const word = skipBlank(text, start)
  for (let index = 0; index < 7; index++) {
    if ((text[word + index] | SPACE) !== 'uescape'.charCodeAt(index)) return -1
  }
  const quote = skipBlank(text, word + 7)
  return text[quote] === QUOTE ? quote : -1
}

/** Past white space and comments. */
export function skipBlank(text: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    if (CLASS[text[at]] === BLANK) at++
    else if (text[at] === MINUS && text[at + 1] === MINUS) at = endOfLine(text, at)
    else if (text[at] === SLASH && text[at + 1] === ASTERISK) {
      const end = endOfComment(text, at)
      if (end === -1) return text.length
      at = end
    } else return at
  }
}

function endOfLine(text: Uint8Array, start: number): number {
  let at = start
  while (at < text.length && text[at] !== LINE_FEED && text[at] !== CARRIAGE_RETURN) at++
  return at
}

/** Past the end of the comment that begins at `start`, those inside it included; -1 where it does not end. */
function endOfComment(text: Uint8Array, start: number): number {
  let depth = 1
  let at = start + 2
  while (at < text.length) {
    if (text[at] === SLASH && text[at + 1] === ASTERISK) {
      depth++
      at += 2
    } else if (text[at] === ASTERISK && text[at + 1] === SLASH) {
      depth--
      at += 2
      if (depth === 0) return at
    } else at++
  }
  return -1
}

function endOfDigits(text: Uint8Array, start: number): number {
  let at = start
  while (
    CLASS[text[at]] === DIGIT ||
    (text[at] === UNDERSCORE && at > start && CLASS[text[at + 1]] === DIGIT)
  )
    at++
  return at
}

/** Past the exponent at `at` (`e5`, `E-5`), or `at` where there is none. */
function endOfExponent(text: Uint8Array, at: number): number {
  if ((text[at] | SPACE) !== 0x65) return at
  const digits = text[at + 1] === PLUS || text[at + 1] === MINUS ? at + 2 : at + 1
  return CLASS[text[digits]] === DIGIT ? endOfDigits(text, digits) : at
}

/** How many bytes of digits of a base (by its letter: x, o, b) stand at `start`, underscores included. */
function basedDigits(text: Uint8Array, start: number, base: number): number {
  let at = start
  while (isDigitOf(text[at], base) || (text[at] === UNDERSCORE && isDigitOf(text[at + 1], base)))
    at++
  return at - start
}

function isDigitOf(byte: number, base: number): boolean {
  if (base === 0x62) return byte === ZERO || byte === ZERO + 1
  if (base === 0x6f) return byte >= ZERO && byte < ZERO + 8
  const letter = byte | SPACE
  return CLASS[byte] === DIGIT || (letter >= 0x61 && letter <= 0x66)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
