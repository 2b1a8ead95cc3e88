/** What Node alone can do: envelopes on node:crypto, and AcraTranslator over gRPC. The one file of this package that knows Node. */
import { fileURLToPath } from 'node:url'
import { nodePrimitives } from '@acra-ts/crypto/node'
import {
  type ChannelCredentials,
  type Client,
  credentials as channelCredentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { bytesOf, type Data } from './bytes.ts'
import { envelopesOn } from './envelopes.ts'
import {
  type CallOptions,
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

interface Method {
  readonly service: string
  readonly name: string
  /** The field that the value is given in. */
  readonly request: string
  /** The fields that make up the answer. */
  readonly response: readonly string[]
}

const searchable = 'SearchableEncryption'
const methods: Readonly<Record<TranslatorOperation, Method>> = {
  encrypt: { service: 'Writer', name: 'Encrypt', request: 'data', response: ['acrastruct'] },
  decrypt: { service: 'Reader', name: 'Decrypt', request: 'acrastruct', response: ['data'] },
  encryptSym: {
    service: 'WriterSym',
    name: 'EncryptSym',
    request: 'data',
    response: ['acrablock'],
  },
  decryptSym: {
    service: 'ReaderSym',
    name: 'DecryptSym',
    request: 'acrablock',
    response: ['data'],
  },
  encryptSearchable: {
    service: searchable,
    name: 'EncryptSearchable',
    request: 'data',
    response: ['hash', 'acrastruct'],
  },
  decryptSearchable: {
    service: searchable,
    name: 'DecryptSearchable',
    request: 'data',
    response: ['data'],
  },
  encryptSymSearchable: {
    service: searchable,
    name: 'EncryptSymSearchable',
    request: 'data',
    response: ['hash', 'acrablock'],
  },
  decryptSymSearchable: {
    service: searchable,
    name: 'DecryptSymSearchable',
    request: 'data',
    response: ['data'],
  },
  generateQueryHash: {
    service: searchable,
    name: 'GenerateQueryHash',
    request: 'data',
    response: ['hash'],
  },
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

  /** Closes the connection; calls at work end as they may. */
  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  #operation(name: TranslatorOperation) {
    const method = methods[name]
    return (data: Data, options: CallOptions = {}): Promise<Uint8Array> =>
      this.#call(method, bytesOf(data), options)
  }

  #call(method: Method, data: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const request = {
      client_id: Buffer.from(this.#options.clientId ?? ''),
      zone_id: Buffer.from(options.zoneId ?? ''),
      [method.request]: data,
    }
    const client = this.#client(method.service)
    const deadline = Date.now() + (options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS)
    return new Promise((resolve, reject) => {
      options.signal?.throwIfAborted()
      // The loader gives the client a method for each of the service.
      const send = (client as unknown as Record<string, Send>)[method.name]
      const call = send.call(client, request, { deadline }, (error, answer) => {
        options.signal?.removeEventListener('abort', abort)
        if (options.signal?.aborted === true) reject(options.signal.reason)
        else if (error !== null) reject(errorOf(error))
        else resolve(concat(method.response.map((field) => answer?.[field] ?? Buffer.alloc(0))))
      })
      const abort = () => call.cancel()
      options.signal?.addEventListener('abort', abort, { once: true })
    })
  }

  #client(service: string): Client {
    const known = this.#clients.get(service)
    if (known !== undefined) return known
    const ServiceClient = this.#services[service] as ServiceClientConstructor
    const client = new ServiceClient(this.#options.address, credentialsOf(this.#options))
    this.#clients.set(service, client)
    return client
  }
}

type Send = (
  request: object,
  options: { readonly deadline: number },
  done: (error: ServiceError | null, answer?: Record<string, Buffer>) => void,
) => { cancel(): void }

function credentialsOf({ tls }: GrpcTranslatorOptions): ChannelCredentials {
  if (tls === undefined) return channelCredentials.createInsecure()
  return channelCredentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
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
