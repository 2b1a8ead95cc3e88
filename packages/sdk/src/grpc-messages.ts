/** The messages of `acra.proto` for each operation, as the loader of grpc-js has them. */
import { bytesOf } from './bytes.ts'
import { isTokenValue, type TokenValue } from './token-values.ts'
import {
  type BulkItem,
  type BulkResult,
  invalidAnswer,
  invalidValue,
  type TokenOperation,
  TranslatorError,
  type TranslatorOperation,
} from './translator.ts'

/** Fields by name; numbers of 64 bits are decimal text. */
export type Message = Readonly<Record<string, unknown>>

export interface Method {
  readonly service: string
  readonly name: string
  /** Its place in requests and responses of many operations. */
  readonly field: string
}

interface ByteMethod extends Method {
  /** The field that the value is given in. */
  readonly request: string
  /** The fields that make up the answer. */
  readonly response: readonly string[]
}

const searchable = 'SearchableEncryption'
const byteMethods: Readonly<Record<TranslatorOperation, ByteMethod>> = {
  encrypt: {
    service: 'Writer',
    name: 'Encrypt',
    field: 'encrypt',
    request: 'data',
    response: ['acrastruct'],
  },
  decrypt: {
    service: 'Reader',
    name: 'Decrypt',
    field: 'decrypt',
    request: 'acrastruct',
    response: ['data'],
  },
  encryptSym: {
    service: 'WriterSym',
    name: 'EncryptSym',
    field: 'encrypt_sym',
    request: 'data',
    response: ['acrablock'],
  },
  decryptSym: {
    service: 'ReaderSym',
    name: 'DecryptSym',
    field: 'decrypt_sym',
    request: 'acrablock',
    response: ['data'],
  },
  encryptSearchable: {
    service: searchable,
    name: 'EncryptSearchable',
    field: 'searchable_encrypt',
    request: 'data',
    response: ['hash', 'acrastruct'],
  },
  decryptSearchable: {
    service: searchable,
    name: 'DecryptSearchable',
    field: 'searchable_decrypt',
    request: 'data',
    response: ['data'],
  },
  encryptSymSearchable: {
    service: searchable,
    name: 'EncryptSymSearchable',
    field: 'searchable_encrypt_sym',
    request: 'data',
    response: ['hash', 'acrablock'],
  },
  decryptSymSearchable: {
    service: searchable,
    name: 'DecryptSymSearchable',
    field: 'searchable_decrypt_sym',
    request: 'data',
    response: ['data'],
  },
  generateQueryHash: {
    service: searchable,
    name: 'GenerateQueryHash',
    field: 'query_hash',
    request: 'data',
    response: ['hash'],
  },
}

const tokenMethods: Readonly<Record<TokenOperation, Method>> = {
  tokenize: { service: 'Tokenizator', name: 'Tokenize', field: 'tokenize' },
  detokenize: { service: 'Tokenizator', name: 'Detokenize', field: 'detokenize' },
}

export function methodOf(item: BulkItem): Method {
  return 'data' in item ? byteMethods[item.operation] : tokenMethods[item.operation]
}

/** The request of one operation. Throws TranslatorError for a value that is none of its type. */
export function requestOf(item: BulkItem, clientId: string): Message {
  const utf8 = new TextEncoder()
  const owner = { client_id: utf8.encode(clientId), zone_id: utf8.encode(item.zoneId ?? '') }
  if ('data' in item) {
    return { ...owner, [byteMethods[item.operation].request]: bytesOf(item.data) }
  }
  const { type, value } = item
  if (!isTokenValue(type, value)) throw invalidValue()
  return { ...owner, [`${type}_value`]: typeof value === 'bigint' ? String(value) : value }
}

/** What a response holds. Throws TranslatorError where it holds nothing of the kind. */
export function answerOf(item: BulkItem, response: Message | undefined): Uint8Array | TokenValue {
  if (response === undefined) throw invalidAnswer()
  if ('data' in item) return concat(byteMethods[item.operation].response, response)
  const field = response[`${item.type}_token`]
  const value =
    field instanceof Uint8Array
      ? new Uint8Array(field)
      : item.type === 'int64' && typeof field === 'string'
        ? BigInt(field)
        : field
  if (!isTokenValue(item.type, value)) throw invalidAnswer()
  return value
}

/** One request of many, known by its number. */
export function bulkRequestOf(item: BulkItem, clientId: string, id: number): Message {
  return { request_id: encodeId(id), [methodOf(item).field]: requestOf(item, clientId) }
}

/** The number of the request that a response belongs to. */
export function idIn({ request_id }: Message): number {
  if (!(request_id instanceof Uint8Array) || request_id.length !== 4) throw invalidAnswer()
  return new DataView(request_id.buffer, request_id.byteOffset).getUint32(0)
}

/** What the response to one request of many says. `refused` is the status of an operation that was not done. */
export function bulkResultOf(
  item: BulkItem,
  response: Message | undefined,
  refused: number,
): BulkResult {
  try {
    if (response === undefined) throw invalidAnswer()
    const { error } = response
    if (typeof error === 'string' && error !== '') {
      throw new TranslatorError('TRANSLATOR_REFUSED', error, refused)
    }
    const answer = answerOf(item, response[methodOf(item).field] as Message | undefined)
    return 'data' in item
      ? { data: answer as Uint8Array, value: null, error: null }
      : { data: null, value: answer, error: null }
  } catch (error) {
    if (!(error instanceof TranslatorError)) throw error
    return { data: null, value: null, error }
  }
}

function encodeId(id: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, id)
  return bytes
}

function concat(fields: readonly string[], response: Message): Uint8Array {
  const parts = fields.map((field) => response[field] as Uint8Array | undefined)
  const bytes = new Uint8Array(parts.reduce((size, part) => size + (part?.length ?? 0), 0))
  let at = 0
  for (const part of parts) {
    if (part === undefined) continue
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
