/**
 * What the database answers where acra-server refuses: to a text that it cannot read, a name or a function that it does not know, more values
 * than a statement has parameters.
 */
const REFUSED_STATES = new Set(['42601', '26000', '42883', '25P02', '08P01'])

const SYNTAX_ERROR = 'syntax error at '

/**
 * What differs between what a client got through acra-server and what it would have got from the database directly; null where
 * nothing does. A refusal may stand in the place of an error of the database. A client that was cut off has got less.
 */
export function difference(
  got: Buffer,
  direct: Buffer,
  refusals: ReadonlySet<string>,
  isCut: boolean,
): string | null {
  let at = 0
  let directAt = 0
  for (let count = 0; ; count++) {
    const one = messageAt(got, at)
    const other = messageAt(direct, directAt)
    if (one === null || other === null) {
      if (isCut && one === null) return null
      if (one === null && other === null) return null
      return `message ${count} is ${describe(one)} and not ${describe(other)}`
    }
    if (!one.equals(other) && !isRefusal(one, other, refusals)) {
      return `message ${count} is ${describe(one)} and not ${describe(other)}`
    }
    at += one.length
    directAt += other.length
  }
}

function messageAt(stream: Buffer, at: number): Buffer | null {
  if (stream.length - at < 5) return null
  const end = at + 1 + stream.readInt32BE(at + 1)
  return end > stream.length ? null : stream.subarray(at, end)
}

function isRefusal(one: Buffer, other: Buffer, refusals: ReadonlySet<string>): boolean {
  if (!isError(one) || !isError(other)) return false
  const [{ sqlState, message }, direct] = [errorOf(one), errorOf(other)]
  // Told in the words of PostgreSQL's own parser, with its place.
  if (sqlState === '42601' && message.startsWith(SYNTAX_ERROR)) return direct.sqlState === sqlState
  return refusals.has(message) && REFUSED_STATES.has(direct.sqlState)
}

function isError(message: Buffer): boolean {
  return message[0] === 0x45
}

function errorOf(message: Buffer): { readonly sqlState: string; readonly message: string } {
  const fields = message.toString('utf8', 5).split('\0')
  const field = (letter: string) => fields.find((text) => text[0] === letter)?.slice(1) ?? ''
  return { sqlState: field('C'), message: field('M') }
}

function describe(message: Buffer | null): string {
  if (message === null) return 'nothing'
  const type = String.fromCharCode(message[0]!)
  return `${type} ${JSON.stringify(message.toString('latin1', 5, 400))}`
}
