/** A number of JSON as it is written: JSON.parse would round what has more than 53 bits. */
export class JsonNumber {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** As JSON.parse, but every number is a JsonNumber. Throws SyntaxError. */
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
