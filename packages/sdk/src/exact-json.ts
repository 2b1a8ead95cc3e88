/**
 * A number of JSON as it is written: JSON.parse would round what has more than 53 bits.
 *
 * @example
 * ```ts
 * import { JsonNumber, parseExactly } from '@acra-ts/sdk/exact-json'
 *
 * const { id } = parseExactly('{"id":9007199254740993}') as { id: JsonNumber }
 * console.log(id instanceof JsonNumber, BigInt(id.source)) // true 9007199254740993n
 * ```
 */
export class JsonNumber {
  /** The number's text. */
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * As JSON.parse, but every number is a JsonNumber. Throws SyntaxError.
 *
 * @example
 * ```ts
 * import { type JsonNumber, parseExactly } from '@acra-ts/sdk/exact-json'
 *
 * const numbers = parseExactly('[1.0, 1e3]') as JsonNumber[]
 * console.log(numbers.map(({ source }) => source)) // [ '1.0', '1e3' ]
 * ```
 */
export function parseExactly(text: string): unknown {
  const sources: string[] = []
  // In the place of every number its index in the list is written, which is a number that is not rounded.
  let indexed = ''
  let from = 0
  for (let at = 0; at < text.length; ) {
    if (text[at] === '"') {
      at = endOfString(text, at)
      continue
    }
    const end = endOfNumber(text, at)
    if (end > at) {
      const found = text.slice(at, end)
      if (!number.test(found)) throw new SyntaxError('a number is not written as in JSON')
      indexed += text.slice(from, at) + (sources.push(found) - 1)
      from = end
    }
    at = Math.max(end, at + 1)
  }
  return JSON.parse(indexed + text.slice(from), (_, value: unknown) =>
    typeof value === 'number' ? new JsonNumber(sources[value]!) : value,
  )
}

/** Past the string that begins at `quote`; the end of the text where nothing ends it. */
function endOfString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return end + 1
  }
  return text.length
}

/** Past what may be a number at `start`; `start` where none is. */
function endOfNumber(text: string, start: number): number {
  const first = text[start] === '-' ? start + 1 : start
  if (!isDigit(text[first])) return start
  let end = first + 1
  while (end < text.length && (isDigit(text[end]) || '.eE+-'.includes(text[end]!))) end++
  return end
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9'
}
