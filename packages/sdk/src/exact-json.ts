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

const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g
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
  const indexed = text.replace(stringOrNumber, (found) => {
    if (found.startsWith('"')) return found
    if (!number.test(found)) throw new SyntaxError('a number is not written as in JSON')
    return String(sources.push(found) - 1)
  })
  return JSON.parse(indexed, (_, value: unknown) =>
    typeof value === 'number' ? new JsonNumber(sources[value]!) : value,
  )
}
