/** The tokens of a text, as far as its brackets and key words tell where its queries begin and end. */

export interface Token {
  readonly start: number
  readonly end: number
  /** A key word or a name without quotes, in lower case; a single character; empty for literals and names in quotes. */
  readonly word: string
  /** The token of the bracket that belongs to this one; -1 for everything else. */
  match: number
}

/** A text whose literals and words are known. */
interface Readable {
  readonly text: Buffer
  readonly literals: readonly { readonly start: number; readonly end: number }[]
  endOfWord(start: number): number
  skipBlank(start: number): number
}

/** All tokens of a text, in order. Operators are taken apart into their characters. */
export function tokensOf(source: Readable): Token[] {
  const { text, literals } = source
  const tokens: Token[] = []
  const open: number[] = []
  let literal = 0
  for (let at = source.skipBlank(0); at < text.length; ) {
    while (literal < literals.length && literals[literal].start < at) literal++
    const isLiteral = literals[literal]?.start === at
    const end = isLiteral ? literals[literal].end : Math.max(source.endOfWord(at), at + 1)
    const isQuoted = text[at] === 0x22
    const word = isLiteral || isQuoted ? '' : text.toString('latin1', at, end).toLowerCase()
    const token: Token = { start: at, end, word, match: -1 }
    if (word === '(') open.push(tokens.length)
    const opening = word === ')' ? open.pop() : undefined
    if (opening !== undefined) {
      token.match = opening
      tokens[opening].match = tokens.length
    }
    tokens.push(token)
    at = source.skipBlank(end)
  }
  return tokens
}

/** The index of the first token that begins at or behind a byte. */
export function tokenAt(tokens: readonly Token[], position: number): number {
  let low = 0
  let high = tokens.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (tokens[middle].start < position) low = middle + 1
    else high = middle
  }
  return low
}
