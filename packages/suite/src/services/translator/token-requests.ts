/** Tokens in HTTP v2: numbers are numbers of JSON, to the last digit, and texts are strings. spec: acra-translator §4.3 */

import { isUtf8 } from 'node:buffer'
import { isBase64 } from '@acra-ts/crypto'
import { JsonNumber } from '@acra-ts/sdk/exact-json'
import type { Soon } from '../../foundation/index.ts'
import type { TokenType } from '../../transform/index.ts'
import type { Caller } from './caller.ts'
import type { Values } from './values.ts'

/** An operation on tokens. */
export interface TokenOperation {
  /** The last part of its path in HTTP v2. */
  readonly name: string
  /** What a client is told where it fails. */
  readonly failure: string
  /** What it does, for the documentation. */
  readonly summary: string
  /** Null where there is no such token. */
  run(values: Values, caller: Caller, type: TokenType, value: Buffer): Soon<Buffer | null>
}

export const tokenOperations: readonly TokenOperation[] = [
  {
    name: 'tokenize',
    failure: "Can't tokenize data",
    summary: 'A token of the same type for a value; equal values have one token',
    run: ({ tokens }, caller, type, value) => tokens.tokenize(caller, type, value),
  },
  {
    name: 'detokenize',
    failure: "Can't detokenize data",
    summary: 'The value that a token stands for',
    run: ({ tokens }, caller, type, token) => tokens.detokenize(caller, type, token),
  },
]

/** The types by their number in requests. */
const types = new Map<string, TokenType>([
  ['1', 'int32'],
  ['2', 'int64'],
  ['3', 'str'],
  ['4', 'bytes'],
  ['5', 'email'],
])

/** The type of a request; null where there is none of this number. */
export function typeIn(number: JsonNumber): TokenType | null {
  return types.get(number.source) ?? null
}

const decimal = /^-?\d{1,19}$/

/** A value of this type in its plain form: decimal text, or bytes. Null where it is none. */
export function plainOf(type: TokenType, data: JsonNumber | string): Buffer | null {
  if (type === 'int32' || type === 'int64') {
    if (!(data instanceof JsonNumber) || !decimal.test(data.source)) return null
    const value = BigInt(data.source)
    return BigInt.asIntN(type === 'int32' ? 32 : 64, value) === value
      ? Buffer.from(data.source)
      : null
  }
  if (typeof data !== 'string') return null
  if (type === 'bytes') return isBase64(data) ? Buffer.from(data, 'base64') : null
  return loneSurrogate.test(data) ? null : Buffer.from(data)
}

/** Half a character: it has no form in UTF-8. */
const loneSurrogate = /\p{Surrogate}/u

/** The same in JSON; null where a text is none. */
export function jsonOf(type: TokenType, plain: Buffer): string | null {
  switch (type) {
    case 'int32':
    case 'int64':
      return plain.toString('latin1')
    case 'bytes':
      return JSON.stringify(plain.toString('base64'))
    default:
      return isUtf8(plain) ? JSON.stringify(plain.toString()) : null
  }
}
