/** The text of a statement beside its tree: where parts of it end, which the tree does not say. */
import type { Anchor, AnchoredSpan } from '../analysis.ts'
import type { Literal } from '../shape.ts'
import { Brackets } from './brackets.ts'
import { skipBlank } from './lex.ts'
import { type Token, tokenAt, tokensOf } from './tokens.ts'

/** Bytes of a text from `start` to before `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

const DOUBLE_QUOTE = 0x22
const DOLLAR = 0x24
const OPEN = 0x28
const CLOSE = 0x29
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

export class SourceText {
  readonly text: Buffer
  readonly literals: readonly Literal[]
  /** Index of the literal that begins at a byte. */
  readonly #starts = new Map<number, number>()
  readonly #known = new Map<string, Map<unknown, unknown>>()
  #tokens: readonly Token[] | null = null
  #allBrackets: Brackets | null = null

  constructor(text: Uint8Array, literals: readonly Literal[]) {
    this.text = Buffer.isBuffer(text)
      ? text
      : Buffer.from(text.buffer, text.byteOffset, text.byteLength)
    this.literals = literals
    literals.forEach((literal, index) => {
      this.#starts.set(literal.start, index)
    })
  }

  /** What has been found out about `key`; undefined where nothing has. `kind` tells one thing to find out from another. */
  remembered<T>(kind: string, key: unknown): T | undefined {
    // Who remembers a kind of thing gives it one type.
    return this.#known.get(kind)?.get(key) as T | undefined
  }

  remember<T>(kind: string, key: unknown, found: T): T {
    const known = this.#known.get(kind)
    if (known === undefined) this.#known.set(kind, new Map([[key, found]]))
    else known.set(key, found)
    return found
  }

  get tokens(): readonly Token[] {
    this.#tokens ??= tokensOf(this)
    return this.#tokens
  }

  /** The bracket that opens at a byte, and all up to the one that closes it; null where none does. */
  brackets(start: number): Span | null {
    const token = this.tokens[tokenAt(this.tokens, start)]
    if (token?.start !== start || token.word !== '(' || token.match === -1) return null
    return { start, end: this.tokens[token.match].end }
  }

  /** The brackets behind the first of some words, which stands at a byte or behind it. */
  bracketsAfter(start: number, words: readonly string[]): Span | null {
    let at = tokenAt(this.tokens, start)
    while (at < this.tokens.length && !words.includes(this.tokens[at].word)) at++
    const next = this.tokens[at + 1]
    return next === undefined ? null : this.brackets(next.start)
  }

  /** The literal of a constant, by its index. A negative number is a constant that begins at its sign, the literal behind it. */
  literalAt(location: number): number | undefined {
    const index = this.#starts.get(location)
    if (index !== undefined || this.text[location] !== MINUS) return index
    const next = this.firstAfter(location)
    return next < this.literals.length ? next : undefined
  }

  /** The number of literals that end at or before a byte. */
  #countBefore(position: number): number {
    let low = 0
    let high = this.literals.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.literals[middle].end <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first literal that begins at a byte or behind it. */
  firstAfter(position: number): number {
    let index = this.#countBefore(position)
    while (index < this.literals.length && this.literals[index].start < position) index++
    return index
  }

  /** A byte that lies in no literal, so that it can be found in every text of the shape. */
  anchor(position: number): Anchor {
    const literal = this.#countBefore(position) - 1
    return { literal, offset: position - (literal === -1 ? 0 : this.literals[literal].end) }
  }

  anchored({ start, end }: Span): AnchoredSpan {
    return { start: this.anchor(start), end: this.anchor(end) }
  }

  /** The numbers of all parameters, and of what looks like one in comments and names. */
  parameterNumbers(): number[] {
    const numbers: number[] = []
    let at = 0
    for (const { start, end } of [...this.literals, { start: this.text.length, end: 0 }]) {
      const between = this.text.toString('latin1', at, start)
      for (const [, digits] of between.matchAll(/\$(\d+)/g)) numbers.push(Number(digits))
      at = end
    }
    return numbers
  }

  /** Past `$12`. */
  endOfParameter(location: number): number {
    let at = location + 1
    if (this.text[location] !== DOLLAR) return location
    while (this.text[at] >= ZERO && this.text[at] <= NINE) at++
    return at
  }

  /** Past a name of `count` parts that begins at `location`; null where it is not read as one. */
  endOfName(location: number, count: number): number | null {
    let at = location
    for (let part = 0; part < count; part++) {
      if (part > 0) {
        at = skipBlank(this.text, at)
        if (this.text[at] !== DOT) return null
        at = skipBlank(this.text, at + 1)
      }
      const end = this.endOfWord(at)
      if (end === at) return null
      at = end
    }
    return at
  }

  /** Past an identifier or key word at `start`; `start` where there is none. A name as `U&"..."` is not read. */
  endOfWord(start: number): number {
    const { text } = this
    let at = start
    if (text[at] === DOUBLE_QUOTE) {
      for (at++; at < text.length; at++) {
        if (text[at] !== DOUBLE_QUOTE) continue
        if (text[at + 1] !== DOUBLE_QUOTE) return at + 1
        at++
      }
      return start
    }
    if (!isWordStart(text[at])) return start
    while (isWordStart(text[at]) || (text[at] >= ZERO && text[at] <= NINE) || text[at] === DOLLAR)
      at++
    const isEscaped = text[at] === 0x26 && text[at + 1] === DOUBLE_QUOTE
    return isEscaped ? start : at
  }

  wordAt(start: number): string {
    return this.text.toString('latin1', start, this.endOfWord(start)).toLowerCase()
  }

  /** The identifier at `start` as PostgreSQL folds it. */
  nameAt(start: number): string {
    const word = this.text.toString('utf8', start, this.endOfWord(start))
    if (word.startsWith('"')) return word.slice(1, -1).replaceAll('""', '"')
    return word.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  }

  skipBlank(start: number): number {
    return skipBlank(this.text, start)
  }

  /** Past an operator at `location`: `=`, `<>`, or `OPERATOR(schema.=)`. */
  endOfOperator(location: number, symbol: string): number | null {
    if (this.wordAt(location) === 'operator') {
      const close = this.text.indexOf(CLOSE, location)
      return close === -1 ? null : close + 1
    }
    const written = this.text.toString('latin1', location, location + symbol.length)
    return written === symbol || written === '!=' ? location + symbol.length : null
  }

  /**
   * Past the brackets that close behind `end` what opens between `from` and `start`, blanks and the parts of `left` aside; null where anything
   * else stands there.
   */
  closing(from: number, start: number, end: number, left: readonly Span[]): number | null {
    let open = 0
    for (let at = this.#skip(from, left); at < start; at = this.#skip(at + 1, left)) {
      if (this.text[at] !== OPEN) return null
      open++
    }
    let at = end
    for (; open > 0; open--) {
      at = this.#skip(at, left)
      if (this.text[at] !== CLOSE) return null
      at++
    }
    return at
  }

  /** Past the bracket that closes the one at `open`; null where there is none. */
  endOfBrackets(open: number): number | null {
    return this.#brackets.endOf(open)
  }

  /** A span with the brackets beside it that are partners of those in it; null where others stand there. */
  balanced({ start, end }: Span): Span | null {
    let { closing, opening } = this.#brackets.unmatched(start, end)
    let from = start
    for (; closing > 0; closing--) {
      while (isSpace(this.text[from - 1])) from--
      if (this.text[--from] !== OPEN) return null
    }
    let to = end
    for (; opening > 0; opening--) {
      to = skipBlank(this.text, to)
      if (this.text[to++] !== CLOSE) return null
    }
    return { start: from, end: to }
  }

  /** The brackets of the text, those in literals, names and comments aside. */
  get #brackets(): Brackets {
    this.#allBrackets ??= new Brackets(this.#findBrackets())
    return this.#allBrackets
  }

  *#findBrackets(): Generator<{ isOpen: boolean; at: number }> {
    for (let at = this.skipBlank(0); at < this.text.length; at = this.skipBlank(at)) {
      const literal = this.#starts.get(at)
      const past = literal === undefined ? this.endOfWord(at) : this.literals[literal].end
      const byte = this.text[at]
      if (past > at) at = past
      else {
        if (byte === OPEN || byte === CLOSE) yield { isOpen: byte === OPEN, at }
        at++
      }
    }
  }

  #skip(start: number, left: readonly Span[]): number {
    let at = skipBlank(this.text, start)
    for (;;) {
      const inside = left.find((span) => span.start <= at && at < span.end)
      if (inside === undefined) return at
      at = skipBlank(this.text, inside.end)
    }
  }

  /** Past a type name at `location`, its modifiers and array bounds; null where it is not one of the forms that are read. */
  endOfType(location: number, bounds: number): number | null {
    let at = this.endOfWord(location)
    if (at === location) return null
    const first = this.wordAt(location)
    for (;;) {
      const dot = skipBlank(this.text, at)
      if (this.text[dot] !== DOT) break
      const next = skipBlank(this.text, dot + 1)
      at = this.endOfWord(next)
      if (at === next) return null
    }
    at = this.#after(at, SECOND_WORDS[first] ?? [])
    const open = skipBlank(this.text, at)
    if (this.text[open] === OPEN) {
      const close = this.text.indexOf(CLOSE, open)
      if (close === -1 || !/^[\d\s,]*$/.test(this.text.toString('latin1', open + 1, close)))
        return null
      at = close + 1
    }
    if (first === 'time' || first === 'timestamp') at = this.#afterZone(at)
    if (first === 'interval') return null
    for (let bound = 0; bound < bounds; bound++) {
      const bracket = skipBlank(this.text, at)
      const close = skipBlank(this.text, bracket + 1)
      if (this.text[bracket] !== 0x5b || this.text[close] !== 0x5d) return null
      at = close + 1
    }
    return at
  }

  /** Past one of `words`, where it is what comes next. */
  #after(at: number, words: readonly string[]): number {
    const next = skipBlank(this.text, at)
    return words.includes(this.wordAt(next)) ? this.endOfWord(next) : at
  }

  #afterZone(at: number): number {
    const which = this.#after(at, ['with', 'without'])
    if (which === at) return at
    const time = this.#after(which, ['time'])
    const zone = this.#after(time, ['zone'])
    return time === which || zone === time ? at : zone
  }
}

const SECOND_WORDS: Readonly<Record<string, readonly string[]>> = {
  bit: ['varying'],
  char: ['varying'],
  character: ['varying'],
  double: ['precision'],
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

/** A value with its casts, which are beside it. */
export function wholeOf({ span, castSpans }: { span: Span; castSpans: readonly Span[] }): Span {
  const spans = [span, ...castSpans]
  return {
    start: Math.min(...spans.map(({ start }) => start)),
    end: Math.max(...spans.map(({ end }) => end)),
  }
}

function isWordStart(byte: number): boolean {
  const letter = byte | 0x20
  return (letter >= 0x61 && letter <= 0x7a) || byte === 0x5f || byte >= 0x80
}
