/**
 * Whether bytes are a value of JSON (RFC 8259). `JSON.parse` would make objects of them, which for brackets in brackets by the megabyte takes seconds;
 * this takes one pass and a byte for each open bracket.
 */
export function isJson(text: Uint8Array): boolean {
  const open = new OpenBrackets()
  let at = skipSpace(text, 0)
  for (;;) {
    const byte = text[at]
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      open.push(byte)
      at = skipSpace(text, at + 1)
      const isEmpty = text[at] === closing(byte)
      if (!isEmpty) {
        if (byte === OPEN_OBJECT) at = endOfName(text, at)
        if (at === -1) return false
        continue
      }
    } else {
      const end = endOfScalar(text, at)
      if (end === -1) return false
      at = skipSpace(text, end)
    }
    // Behind a value: what ends, or the next of what goes on.
    while (open.last !== 0 && text[at] === closing(open.last)) {
      open.pop()
      at = skipSpace(text, at + 1)
    }
    if (open.last === 0) return at === text.length
    if (text[at] !== COMMA) return false
    at = skipSpace(text, at + 1)
    if (open.last === OPEN_OBJECT) at = endOfName(text, at)
    if (at === -1) return false
  }
}

/** The brackets that are open, a byte for each. */
class OpenBrackets {
  #bytes = new Uint8Array(64)
  #count = 0

  /** The innermost; 0 where none is open. */
  get last(): number {
    return this.#count === 0 ? 0 : this.#bytes[this.#count - 1]
  }

  push(bracket: number): void {
    if (this.#count === this.#bytes.length) {
      const more = new Uint8Array(2 * this.#count)
      more.set(this.#bytes)
      this.#bytes = more
    }
    this.#bytes[this.#count++] = bracket
  }

  pop(): void {
    this.#count--
  }
}

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word))
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'))

/** `]` and `}` stand two places behind what they close. */
function closing(open: number): number {
  return open + 2
}

function skipSpace(text: Uint8Array, start: number): number {
  let at = start
  while (text[at] === 0x20 || text[at] === 0x0a || text[at] === 0x0d || text[at] === 0x09) at++
  return at
}

/** Past the name of a member, its colon and the space behind it; -1 where none stands there. */
function endOfName(text: Uint8Array, start: number): number {
  if (text[start] !== QUOTE) return -1
  const end = endOfString(text, start)
  const colon = end === -1 ? -1 : skipSpace(text, end)
  return colon === -1 || text[colon] !== COLON ? -1 : skipSpace(text, colon + 1)
}

/** Past a string, a number, true, false or null; -1 where none stands there. */
function endOfScalar(text: Uint8Array, start: number): number {
  const byte = text[start]
  if (byte === QUOTE) return endOfString(text, start)
  if (byte === MINUS || isDigit(byte)) return endOfNumber(text, start)
  const word = WORDS.find((one) => one.every((letter, index) => text[start + index] === letter))
  return word === undefined ? -1 : start + word.length
}

function endOfString(text: Uint8Array, quote: number): number {
  let at = quote + 1
  for (;;) {
    const byte = text[at]
    if (byte === QUOTE) return at + 1
    // The end of the text is no byte at all.
    if (byte === undefined || byte < 0x20) return -1
    if (byte !== BACKSLASH) at++
    else if (ESCAPED.has(text[at + 1])) at += 2
    else if (text[at + 1] === 0x75 && areHex(text, at + 2)) at += 6
    else return -1
  }
}

function areHex(text: Uint8Array, start: number): boolean {
  for (let at = start; at < start + 4; at++) {
    const letter = text[at] | 0x20
    if (!isDigit(text[at]) && !(letter >= 0x61 && letter <= 0x66)) return false
  }
  return true
}

function endOfNumber(text: Uint8Array, start: number): number {
  const whole = text[start] === MINUS ? start + 1 : start
  if (!isDigit(text[whole])) return -1
  let at = text[whole] === ZERO ? whole + 1 : endOfDigits(text, whole)
  if (text[at] === DOT) {
    if (!isDigit(text[at + 1])) return -1
    at = endOfDigits(text, at + 1)
  }
  if ((text[at] | 0x20) !== 0x65) return at
  const digits = text[at + 1] === PLUS || text[at + 1] === MINUS ? at + 2 : at + 1
  return isDigit(text[digits]) ? endOfDigits(text, digits) : -1
}

function endOfDigits(text: Uint8Array, start: number): number {
  let at = start
  while (isDigit(text[at])) at++
  return at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39
}
