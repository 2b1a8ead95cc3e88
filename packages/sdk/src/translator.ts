import { AcraError } from '@acra-ts/crypto'
import { bytesOf, type Data, fromBase64, toBase64 } from './bytes.ts'

/** What AcraTranslator does with bytes, over any interface. */
export interface Translator {
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

export type TranslatorOperation = keyof Translator

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
export interface BulkItem {
  readonly operation: TranslatorOperation
  readonly data: Data
  readonly zoneId?: string
}

/** Its result, or why there is none. */
export type BulkResult =
  | { readonly data: Uint8Array; readonly error: null }
  | { readonly data: null; readonly error: TranslatorError }

export interface HttpTranslatorOptions {
  /** Where the HTTP interface is: `https://acra.internal:9595`, or the address of AcraConnector. */
  readonly url: string
  /** For one attempt; 30 seconds where it is absent. */
  readonly timeoutMs?: number
  /** Further attempts where the translator cannot be reached; 2 where it is absent. An answer is never asked for twice. */
  readonly retries?: number
  /** The platform's own where it is absent; in Node one with client certificates comes from `@acra-ts/sdk/node`. */
  readonly fetch?: typeof fetch
}

const TIMEOUT_MS = 30_000
const RETRIES = 2
const FIRST_DELAY_MS = 100

/** AcraTranslator over HTTP v2: in browsers and in Node. All operations can be tried again, since none changes anything. */
export class HttpTranslator implements Translator {
  readonly #options: HttpTranslatorOptions

  constructor(options: HttpTranslatorOptions) {
    this.#options = options
  }

  encrypt = this.#operation('encrypt')
  decrypt = this.#operation('decrypt')
  encryptSym = this.#operation('encryptSym')
  decryptSym = this.#operation('decryptSym')
  encryptSearchable = this.#operation('encryptSearchable')
  decryptSearchable = this.#operation('decryptSearchable')
  encryptSymSearchable = this.#operation('encryptSymSearchable')
  decryptSymSearchable = this.#operation('decryptSymSearchable')
  generateQueryHash = this.#operation('generateQueryHash')

  /** Many operations in one request; results stand in the order of the items. Throws TranslatorError where there is no answer at all. */
  async bulk(items: readonly BulkItem[], options: CallOptions = {}): Promise<BulkResult[]> {
    const requests = items.map(({ operation, data, zoneId }, request_id) => ({
      request_id,
      operation,
      request_data: requestOf(data, zoneId),
    }))
    const answers = await this.#call('bulkProcessing', { requests }, options)
    if (!Array.isArray(answers)) throw invalidAnswer()
    const results = new Map(answers.map((answer) => [answer.request_id, resultOf(answer)]))
    return items.map((_, id) => results.get(id) ?? { data: null, error: invalidAnswer() })
  }

  #operation(name: TranslatorOperation) {
    return async (data: Data, options: CallOptions = {}): Promise<Uint8Array> => {
      const answer = await this.#call(name, requestOf(data, options.zoneId), options)
      return dataIn(answer)
    }
  }

  async #call(name: string, body: object, options: CallOptions): Promise<unknown> {
    const { retries = RETRIES } = this.#options
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(name, body, options)
      } catch (error) {
        const mayRetry = error instanceof TranslatorError && error.status === null
        if (!mayRetry || attempt >= retries || options.signal?.aborted === true) throw error
        await delay(FIRST_DELAY_MS * 2 ** attempt, options.signal)
      }
    }
  }

  async #attempt(name: string, body: object, options: CallOptions): Promise<unknown> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS)
    const signal =
      options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    const request = this.#options.fetch ?? fetch
    let answer: Response
    try {
      answer = await request(new URL(`/v2/${name}`, this.#options.url).href, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      })
    } catch (cause) {
      options.signal?.throwIfAborted()
      throw timeout.aborted
        ? new TranslatorError('TRANSLATOR_TIMEOUT', 'no answer in time', null, { cause })
        : new TranslatorError('TRANSLATOR_UNREACHABLE', 'cannot reach it', null, { cause })
    }
    const content = await answer.json().catch(() => null)
    if (answer.ok) return content
    throw refused(answer.status, content)
  }
}

function requestOf(data: Data, zoneId: string | undefined): object {
  const encoded = { data: toBase64(bytesOf(data)) }
  return zoneId === undefined ? encoded : { ...encoded, zone_id: zoneId }
}

function resultOf(answer: { response_data?: unknown; error?: { code?: unknown } }): BulkResult {
  if (answer.error !== undefined) {
    return { data: null, error: refused(Number(answer.error.code), answer.error) }
  }
  return { data: dataIn(answer.response_data), error: null }
}

function dataIn(answer: unknown): Uint8Array {
  const { data } = (answer ?? {}) as { data?: unknown }
  const bytes = typeof data === 'string' ? fromBase64(data) : null
  if (bytes === null) throw invalidAnswer()
  return bytes
}

function refused(status: number, content: unknown): TranslatorError {
  const { message } = (content ?? {}) as { message?: unknown }
  const text = typeof message === 'string' ? message : 'the translator has refused'
  return new TranslatorError('TRANSLATOR_REFUSED', text, status)
}

function invalidAnswer(): TranslatorError {
  return new TranslatorError('TRANSLATOR_ANSWER_INVALID', 'not an answer of AcraTranslator', 0)
}

function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}
