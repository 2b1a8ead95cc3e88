/** Values of which AcraTranslator makes tokens, and their form in JSON. */
import { fromBase64, toBase64 } from './bytes.ts'
import { JsonNumber } from './exact-json.ts'

/** What a value of each type is in JavaScript; its token is the same. */
export interface TokenValues {
  /** An integer of 32 bits. */
  readonly int32: number
  /** An integer of 64 bits, with a sign. */
  readonly int64: bigint
  readonly str: string
  readonly email: string
  readonly bytes: Uint8Array
}

/** The kinds of values that have tokens. */
export type TokenType = keyof TokenValues
/** A value of any of these kinds, or its token. */
export type TokenValue = TokenValues[TokenType]

const numbers: Readonly<Record<TokenType, number>> = {
  int32: 1,
  int64: 2,
  str: 3,
  bytes: 4,
  email: 5,
}

/** Whether a value has the type and the size of its kind. */
export function isTokenValue(type: TokenType, value: unknown): value is TokenValue {
  switch (type) {
    case 'int32':
      return typeof value === 'number' && (value | 0) === value
    case 'int64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
    case 'bytes':
      return value instanceof Uint8Array
    default:
      return typeof value === 'string'
  }
}

/** The members `type` and `data` of a request, in JSON: numbers with all of their digits. The value is one of its type. */
export function tokenMembers(type: TokenType, value: TokenValue): string {
  const data =
    typeof value === 'bigint'
      ? String(value)
      : JSON.stringify(value instanceof Uint8Array ? toBase64(value) : value)
  return `"type":${numbers[type]},"data":${data}`
}

const decimal = /^-?\d{1,19}$/

/** The value in an answer whose numbers are exact; null where it is none of the type. */
export function tokenValueIn(type: TokenType, data: unknown): TokenValue | null {
  const value = plainValue(type, data)
  return isTokenValue(type, value) ? value : null
}

function plainValue(type: TokenType, data: unknown): unknown {
  if (data instanceof JsonNumber) {
    if (!decimal.test(data.source)) return null
    return type === 'int64' ? BigInt(data.source) : type === 'int32' ? Number(data.source) : null
  }
  return type === 'bytes' && typeof data === 'string' ? fromBase64(data) : data
}
