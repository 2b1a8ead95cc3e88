import { bytesOf, type Data, fromBase64, toBase64 } from './bytes.ts'
import { parseExactly } from './exact-json.ts'
import {
  isTokenValue,
  type TokenType,
  type TokenValue,
  type TokenValues,
  tokenMembers,
  tokenValueIn,
} from './token-values.ts'
import {
  type BulkItem,
  type BulkResult,
  type CallOptions,
  invalidAnswer,
  invalidValue,
  type TokenOperation,
  type Translator,
  TranslatorError,
  type TranslatorOperation,
} from './translator.ts'

export interface HttpTranslatorOptions {
  /** Where the HTTP interface is: `https://acra.internal:9595`, or the address of AcraConnector. */
  readonly url: string
  /** For one attempt; 30 seconds where it is absent. */
  readonly timeoutMs?: number
  /** Further attempts where the translator cannot be reached; 2 where it is absent. An answer is never asked for twice. */
  readonly retries?: number
  /** The platform's own where it is absent; in Node `fetchWith` of `@acra-ts/sdk/node` makes one with client certificates. */
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

  tokenize = this.#tokenOperation('tokenize')
  detokenize = this.#tokenOperation('detokenize')

  /** Many operations in one request; results stand in the order of the items. Throws TranslatorError where there is no answer at all. */
  async bulk(items: readonly BulkItem[], options: CallOptions = {}): Promise<BulkResult[]> {
    const requests = items.map(
      (item, id) =>
        `{"request_id":${id},"operation":"${item.operation}","request_data":${requestOf(item)}}`,
    )
    const body = `{"requests":[${requests.join(',')}]}`
    const answers = await this.#call('bulkProcessing', body, options)
    if (!Array.isArray(answers)) throw invalidAnswer()
    const byId = new Map(answers.map((answer) => [Number(answer?.request_id?.source), answer]))
    return items.map((item, id) => resultOf(item, byId.get(id)))
  }

  #operation(operation: TranslatorOperation) {
    return async (data: Data, options: CallOptions = {}): Promise<Uint8Array> => {
      const body = requestOf({ operation, data, ...zoneOf(options) })
      return dataIn(await this.#call(operation, body, options))
    }
  }

  #tokenOperation(operation: TokenOperation) {
    return async <T extends TokenType>(
      type: T,
      value: TokenValues[T],
      options: CallOptions = {},
    ): Promise<TokenValues[T]> => {
      const item = { operation, type, value, ...zoneOf(options) } as BulkItem
      const answer = await this.#call(operation, requestOf(item), options)
      return valueIn(type, answer) as TokenValues[T]
    }
  }

  async #call(name: string, body: string, options: CallOptions): Promise<unknown> {
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

  async #attempt(name: string, body: string, options: CallOptions): Promise<unknown> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS)
    const signal =
      options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    const request = this.#options.fetch ?? fetch
    let answer: Response
    try {
      answer = await request(new URL(`/v2/${name}`, this.#options.url).href, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
        signal,
      })
    } catch (cause) {
      options.signal?.throwIfAborted()
      throw timeout.aborted
        ? new TranslatorError('TRANSLATOR_TIMEOUT', 'no answer in time', null, { cause })
        : new TranslatorError('TRANSLATOR_UNREACHABLE', 'cannot reach it', null, { cause })
    }
    const content = await answer
      .text()
      .then(parseExactly)
      .catch(() => null)
    if (answer.ok) return content
    throw refused(answer.status, content)
  }
}

function zoneOf({ zoneId }: CallOptions): { zoneId?: string } {
  return zoneId === undefined ? {} : { zoneId }
}

/** A request in JSON. Throws TranslatorError for a value that is none of its type. */
function requestOf(item: BulkItem): string {
  const zone = item.zoneId === undefined ? '' : `,"zone_id":${JSON.stringify(item.zoneId)}`
  if ('data' in item) return `{"data":"${toBase64(bytesOf(item.data))}"${zone}}`
  if (!isTokenValue(item.type, item.value)) throw invalidValue()
  return `{${tokenMembers(item.type, item.value)}${zone}}`
}

/** What an answer in bulk says of its item. */
function resultOf(item: BulkItem, answer: Answer | undefined): BulkResult {
  try {
    if (answer === undefined) throw invalidAnswer()
    if (answer.error !== undefined) throw refused(Number(answer.error.code?.source), answer.error)
    return 'data' in item
      ? { data: dataIn(answer.response_data), value: null, error: null }
      : { data: null, value: valueIn(item.type, answer.response_data), error: null }
  } catch (error) {
    if (!(error instanceof TranslatorError)) throw error
    return { data: null, value: null, error }
  }
}

interface Answer {
  readonly response_data?: unknown
  readonly error?: { readonly code?: { readonly source?: string } }
}

function dataIn(answer: unknown): Uint8Array {
  const { data } = (answer ?? {}) as { data?: unknown }
  const bytes = typeof data === 'string' ? fromBase64(data) : null
  if (bytes === null) throw invalidAnswer()
  return bytes
}

function valueIn(type: TokenType, answer: unknown): TokenValue {
  const value = tokenValueIn(type, ((answer ?? {}) as { data?: unknown }).data)
  if (value === null) throw invalidAnswer()
  return value
}

function refused(status: number, content: unknown): TranslatorError {
  const { message } = (content ?? {}) as { message?: unknown }
  const text = typeof message === 'string' ? message : 'the translator has refused'
  return new TranslatorError('TRANSLATOR_REFUSED', text, status)
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
