import { AcraError } from '@acra-ts/crypto'
import type { Data } from './bytes.ts'
import type { TokenType, TokenValue, TokenValues } from './token-values.ts'

/** What AcraTranslator does with values, over any interface. */
export interface Translator extends ByteOperations {
  /** A token for a value, of the same type. Equal values of one client, or one zone, have one token. */
  tokenize<T extends TokenType>(
    type: T,
    value: TokenValues[T],
    options?: CallOptions,
  ): Promise<TokenValues[T]>
  /** What a token stands for. An unknown one is refused over HTTP, and comes back as it is over gRPC. */
  detokenize<T extends TokenType>(
    type: T,
    token: TokenValues[T],
    options?: CallOptions,
  ): Promise<TokenValues[T]>
}

/** What AcraTranslator does with bytes. */
interface ByteOperations {
  encrypt(data: Data, options?: CallOptions): Promise<Uint8Array>
  decrypt(data: Uint8Array, options?: CallOptions): Promise<Uint8Array>
  encryptSym(data: Data, options?: CallOptions): Promise<Uint8Array>
  decryptSym(data: Uint8Array, options?: CallOptions): Promise<Uint8Array>
  /** The search hash, and the envelope behind it. */
  encryptSearchable(data: Data, options?: CallOptions): Promise<Uint8Array>
  decryptSearchable(data: Uint8Array, options?: CallOptions): Promise<Uint8Array>
  encryptSymSearchable(data: Data, options?: CallOptions): Promise<Uint8Array>
  decryptSymSearchable(data: Uint8Array, options?: CallOptions): Promise<Uint8Array>
  generateQueryHash(data: Data, options?: CallOptions): Promise<Uint8Array>
}

export type TranslatorOperation = keyof ByteOperations
export type TokenOperation = 'tokenize' | 'detokenize'

export interface CallOptions {
  /** Whose keys to use in the place of those of the client. */
  readonly zoneId?: string
  /** Ends the call. */
  readonly signal?: AbortSignal
  /** For one attempt. */
  readonly timeoutMs?: number
}

export type TranslatorErrorCode =
  | 'TRANSLATOR_REFUSED'
  | 'TRANSLATOR_UNREACHABLE'
  | 'TRANSLATOR_TIMEOUT'
  | 'TRANSLATOR_ANSWER_INVALID'
  | 'TRANSLATOR_VALUE_INVALID'

/** A call to AcraTranslator that has no result. */
export class TranslatorError extends AcraError<TranslatorErrorCode> {
  /** The status of HTTP or gRPC; null where there was no answer. */
  readonly status: number | null

  constructor(
    code: TranslatorErrorCode,
    message: string,
    status: number | null = null,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
    this.status = status
  }
}

/** One of many operations. */
export type BulkItem = ByteItem | { [T in TokenType]: TokenItem<T> }[TokenType]

interface ByteItem {
  readonly operation: TranslatorOperation
  readonly data: Data
  readonly zoneId?: string
}

interface TokenItem<T extends TokenType> {
  readonly operation: TokenOperation
  readonly type: T
  readonly value: TokenValues[T]
  readonly zoneId?: string
}

/** Its result, in `data` or for tokens in `value`; or why there is none. */
export type BulkResult =
  | { readonly data: Uint8Array; readonly value: null; readonly error: null }
  | { readonly data: null; readonly value: TokenValue; readonly error: null }
  | { readonly data: null; readonly value: null; readonly error: TranslatorError }

/** A value that is none of the type that is said. */
export function invalidValue(): TranslatorError {
  return new TranslatorError('TRANSLATOR_VALUE_INVALID', 'a value is none of its type')
}

/** Something answers, and it is not AcraTranslator. */
export function invalidAnswer(): TranslatorError {
  return new TranslatorError('TRANSLATOR_ANSWER_INVALID', 'not an answer of AcraTranslator', 0)
}
