/** What Node alone can do: envelopes on node:crypto, and AcraTranslator over gRPC. The one file of this package that knows Node. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { fileURLToPath } from 'node:url'
import { nodePrimitives } from '@acra-ts/crypto/node'
import {
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  credentials as channelCredentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Data } from './bytes.ts'
import { envelopesOn } from './envelopes.ts'
import {
  answerOf,
  bulkRequestOf,
  bulkResultOf,
  idIn,
  type Message,
  methodOf,
  requestOf,
} from './grpc-messages.ts'
import type { TokenType, TokenValue, TokenValues } from './token-values.ts'
import {
  type BulkItem,
  type BulkResult,
  type CallOptions,
  invalidAnswer,
  type TokenOperation,
  type Translator,
  TranslatorError,
  type TranslatorOperation,
} from './translator.ts'

/** All functions on envelopes, on node:crypto. */
export const acra = envelopesOn(nodePrimitives)

export interface GrpcTranslatorOptions {
  /** `host:port` of the gRPC interface or of AcraConnector, or `unix:/path`. */
  readonly address: string
  /** Certificates in PEM; without them the connection is not encrypted, as to AcraConnector on the same machine. */
  readonly tls?: { readonly ca?: Buffer; readonly key?: Buffer; readonly cert?: Buffer }
  /** For servers that take the client id from requests. */
  readonly clientId?: string
  /** For one call; 30 seconds where it is absent. */
  readonly timeoutMs?: number
}

const PROTO = fileURLToPath(new URL('../proto/acra.proto', import.meta.url))
const TIMEOUT_MS = 30_000

/** AcraTranslator over gRPC. `close` it at the end. */
export class GrpcTranslator implements Translator {
  readonly #options: GrpcTranslatorOptions
  readonly #clients = new Map<string, Client>()
  readonly #services: GrpcObject

  constructor(options: GrpcTranslatorOptions) {
    this.#options = options
    const loaded = loadSync(PROTO, { keepCase: true, longs: String, defaults: true, oneofs: true })
    this.#services = loadPackageDefinition(loaded).grpc_api as GrpcObject
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
    const requests = items.map((item, id) => bulkRequestOf(item, this.#clientId, id))
    const answer = await this.#call('BulkProcessing', 'ProcessBulk', { requests }, options)
    const responses = answer.responses as readonly Message[]
    const byId = new Map(responses.map((response) => [idIn(response), response]))
    return items.map((item, id) => bulkResultOf(item, byId.get(id), status.UNKNOWN))
  }

  /**
   * A result for each item, in their order, while further items are sent: for more than fits into one request. It ends by itself after
   * `timeoutMs` only where that is given. Throws TranslatorError where the translator goes away, and what `items` throws.
   */
  async *stream(
    items: Iterable<BulkItem> | AsyncIterable<BulkItem>,
    options: CallOptions = {},
  ): AsyncGenerator<BulkResult, void, void> {
    options.signal?.throwIfAborted()
    const client = this.#client('BulkProcessing')
    const { timeoutMs: limit } = options
    const open = (client as unknown as Record<string, OpenStream>).ProcessStream!
    const call = open.call(client, limit === undefined ? {} : { deadline: Date.now() + limit })
    const abort = () => call.cancel()
    options.signal?.addEventListener('abort', abort, { once: true })
    const sent: BulkItem[] = []
    let failure: { readonly error: unknown } | null = null
    this.#send(items, call, sent).catch((error: unknown) => {
      failure = { error }
      call.cancel()
    })
    try {
      for await (const response of call as AsyncIterable<Message>) {
        const item = sent.shift()
        if (item === undefined) throw invalidAnswer()
        yield bulkResultOf(item, response, status.UNKNOWN)
      }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (failure !== null) throw (failure as { readonly error: unknown }).error
      throw error instanceof TranslatorError ? error : errorOf(error as ServiceError)
    } finally {
      options.signal?.removeEventListener('abort', abort)
      call.cancel()
    }
  }

  /** Closes the connection; calls at work end as they may. */
  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  get #clientId(): string {
    return this.#options.clientId ?? ''
  }

  #operation(operation: TranslatorOperation) {
    return (data: Data, options: CallOptions = {}): Promise<Uint8Array> =>
      this.#single({ operation, data, ...zoneOf(options) }, options) as Promise<Uint8Array>
  }

  #tokenOperation(operation: TokenOperation) {
    return <T extends TokenType>(
      type: T,
      value: TokenValues[T],
      options: CallOptions = {},
    ): Promise<TokenValues[T]> => {
      const item = { operation, type, value, ...zoneOf(options) } as BulkItem
      return this.#single(item, options) as Promise<TokenValues[T]>
    }
  }

  async #single(item: BulkItem, options: CallOptions): Promise<Uint8Array | TokenValue> {
    const { service, name } = methodOf(item)
    const request = requestOf(item, this.#clientId)
    return answerOf(item, await this.#call(service, name, request, options))
  }

  #call(service: string, method: string, request: Message, options: CallOptions): Promise<Message> {
    const client = this.#client(service)
    const deadline = Date.now() + (options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS)
    return new Promise((resolve, reject) => {
      options.signal?.throwIfAborted()
      // The loader gives the client a method for each of the service.
      const send = (client as unknown as Record<string, Send>)[method]!
      const call = send.call(client, request, { deadline }, (error, answer) => {
        options.signal?.removeEventListener('abort', abort)
        if (options.signal?.aborted === true) reject(options.signal.reason)
        else if (error !== null) reject(errorOf(error))
        else resolve(answer ?? {})
      })
      const abort = () => call.cancel()
      options.signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Sends items as fast as they are taken; they stand in `sent` until they are answered. */
  async #send(
    items: Iterable<BulkItem> | AsyncIterable<BulkItem>,
    call: ClientDuplexStream<Message, Message>,
    sent: BulkItem[],
  ): Promise<void> {
    let id = 0
    for await (const item of items) {
      if (call.destroyed) return
      const request = bulkRequestOf(item, this.#clientId, id++ >>> 0)
      sent.push(item)
      if (!call.write(request)) await drained(call)
    }
    call.end()
  }

  #client(service: string): Client {
    const known = this.#clients.get(service)
    if (known !== undefined) return known
    const ServiceClient = this.#services[service] as ServiceClientConstructor
    const client = new ServiceClient(this.#options.address, credentialsOf(this.#options), {
      'grpc.max_receive_message_length': -1,
    })
    this.#clients.set(service, client)
    return client
  }
}

type Send = (
  request: Message,
  options: { readonly deadline: number },
  done: (error: ServiceError | null, answer?: Message) => void,
) => { cancel(): void }

type OpenStream = (options: { readonly deadline?: number }) => ClientDuplexStream<Message, Message>

function credentialsOf({ tls }: GrpcTranslatorOptions): ChannelCredentials {
  if (tls === undefined) return channelCredentials.createInsecure()
  return channelCredentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null)
}

/** How `fetchWith` connects. Certificates are in PEM. */
export interface ConnectionOptions {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** The name in the server's certificate, where it is another one than that of the URL. */
  readonly servername?: string
  /** A unix socket in the place of the URL's host and port. */
  readonly socketPath?: string
}

/**
 * A `fetch` for HttpTranslator with a certificate of the client's own, or over a unix socket. Connections stay open between calls.
 *
 * @example
 * ```ts
 * import { fetchWith, HttpTranslator, TranslatorError } from '@acra-ts/sdk/node'
 *
 * const connection = { socketPath: '/nowhere/translator.sock' } // or { ca, cert, key } in PEM
 * const translator = new HttpTranslator({ url: 'http://translator', retries: 0, fetch: fetchWith(connection) })
 * const error = await translator.tokenize('int64', 5n).catch((error: unknown) => error)
 * console.log(error instanceof TranslatorError && error.code) // TRANSLATOR_UNREACHABLE
 * ```
 */
export function fetchWith({ socketPath, ...tls }: ConnectionOptions): typeof fetch {
  const https = new HttpsAgent({ keepAlive: true, ...tls })
  const http = new HttpAgent({ keepAlive: true })
  return async (input, init = {}) => {
    const url = new URL(String(input))
    const isTls = url.protocol === 'https:'
    const settings = {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      agent: isTls ? https : http,
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(init.signal == null ? {} : { signal: init.signal }),
    }
    const call = isTls ? httpsRequest(url, settings) : httpRequest(url, settings)
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      call
        .on('error', reject)
        .on('response', resolve)
        .end(init.body ?? '')
    })
    const chunks: Buffer[] = []
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    return new Response(body, { status: answer.statusCode ?? 500 })
  }
}

function zoneOf({ zoneId }: CallOptions): { zoneId?: string } {
  return zoneId === undefined ? {} : { zoneId }
}

function drained(call: ClientDuplexStream<Message, Message>): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      call.off('drain', go).off('close', go).off('error', go)
      resolve()
    }
    call.on('drain', go).on('close', go).on('error', go)
  })
}

function errorOf(error: ServiceError): TranslatorError {
  const { code, details } = error
  if (code === status.DEADLINE_EXCEEDED) {
    return new TranslatorError('TRANSLATOR_TIMEOUT', 'no answer in time', code, { cause: error })
  }
  const kind = code === status.UNAVAILABLE ? 'TRANSLATOR_UNREACHABLE' : 'TRANSLATOR_REFUSED'
  return new TranslatorError(kind, details, code, { cause: error })
}

export * from './index.ts'
