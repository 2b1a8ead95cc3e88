/** What each method of the gRPC interface does with its request: the fields are those of `acra.proto`. spec: acra-translator §6 */
import { isUtf8 } from 'node:buffer'
import { SEARCH_HASH_SIZE } from '@acra-ts/crypto'
import type { Soon } from '../../foundation/index.ts'
import { soon } from '../../foundation/index.ts'
import type { TokenType } from '../../transform/index.ts'
import type { Caller } from './caller.ts'
import { failed, OperationError } from './operation-error.ts'
import { CANNOT_DETOKENIZE, CANNOT_TOKENIZE } from './tokens.ts'
import type { Values } from './values.ts'

/** A message as the loader makes it: bytes are Buffers, an absent field is empty. */
export type Message = Readonly<Record<string, unknown>>

/** One method: `field` is its place in a bulk request, `failure` what a client is told. */
export interface GrpcMethod {
  readonly service: string
  readonly name: string
  readonly field: string
  readonly failure: string
  run(values: Values, caller: Caller, request: Message): Soon<Message>
}

const CANNOT_ENCRYPT = "can't encrypt data"
const CANNOT_DECRYPT = "can't decrypt data"
const searchable = 'SearchableEncryption'

export const grpcMethods: readonly GrpcMethod[] = [
  {
    service: 'Writer',
    name: 'Encrypt',
    field: 'encrypt',
    failure: CANNOT_ENCRYPT,
    run: (values, caller, request) =>
      soon(values.encrypt('acrastruct', caller, bytes(request, 'data')), (acrastruct) => ({
        acrastruct,
      })),
  },
  {
    service: 'Reader',
    name: 'Decrypt',
    field: 'decrypt',
    failure: CANNOT_DECRYPT,
    run: (values, caller, request) =>
      soon(values.decrypt('acrastruct', caller, bytes(request, 'acrastruct')), asData),
  },
  {
    service: 'WriterSym',
    name: 'EncryptSym',
    field: 'encrypt_sym',
    failure: CANNOT_ENCRYPT,
    run: (values, caller, request) =>
      soon(values.encrypt('acrablock', caller, bytes(request, 'data')), (acrablock) => ({
        acrablock,
      })),
  },
  {
    service: 'ReaderSym',
    name: 'DecryptSym',
    field: 'decrypt_sym',
    failure: CANNOT_DECRYPT,
    run: (values, caller, request) =>
      soon(values.decrypt('acrablock', caller, bytes(request, 'acrablock')), asData),
  },
  {
    service: searchable,
    name: 'EncryptSearchable',
    field: 'searchable_encrypt',
    failure: CANNOT_ENCRYPT,
    run: (values, caller, request) =>
      soon(
        values.encryptSearchable('acrastruct', caller, bytes(request, 'data')),
        ({ hash, envelope }) => ({ hash, acrastruct: envelope }),
      ),
  },
  {
    service: searchable,
    name: 'DecryptSearchable',
    field: 'searchable_decrypt',
    failure: CANNOT_DECRYPT,
    run: (values, caller, request) =>
      soon(values.decryptSearchable('acrastruct', caller, withHash(request)), asData),
  },
  {
    service: searchable,
    name: 'EncryptSymSearchable',
    field: 'searchable_encrypt_sym',
    failure: CANNOT_ENCRYPT,
    run: (values, caller, request) =>
      soon(
        values.encryptSearchable('acrablock', caller, bytes(request, 'data')),
        ({ hash, envelope }) => ({ hash, acrablock: envelope }),
      ),
  },
  {
    service: searchable,
    name: 'DecryptSymSearchable',
    field: 'searchable_decrypt_sym',
    failure: CANNOT_DECRYPT,
    run: (values, caller, request) =>
      soon(values.decryptSearchable('acrablock', caller, withHash(request)), asData),
  },
  {
    service: searchable,
    name: 'GenerateQueryHash',
    field: 'query_hash',
    failure: "can't calculate hash",
    run: (values, caller, request) =>
      soon(values.hash(caller, bytes(request, 'data')), (hash) => ({ hash })),
  },
  tokens('Tokenize', 'tokenize', CANNOT_TOKENIZE, ({ tokens }, caller, type, value) =>
    tokens.tokenize(caller, type, value),
  ),
  tokens('Detokenize', 'detokenize', CANNOT_DETOKENIZE, ({ tokens }, caller, type, token) =>
    tokens.detokenize(caller, type, token),
  ),
]

/** The bytes of a field. */
export function bytes(message: Message, field: string): Buffer {
  const value = message[field]
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

/** A hash of its own stands before the data, where it was sent. */
function withHash(request: Message): Buffer {
  const [hash, data] = [bytes(request, 'hash'), bytes(request, 'data')]
  if (hash.length === 0) return data
  if (hash.length === SEARCH_HASH_SIZE) return Buffer.concat([hash, data])
  throw new OperationError('request-invalid', CANNOT_DECRYPT)
}

function asData(data: Buffer): Message {
  return { data }
}

/** Fields for values, by type; a token stands in the one of the same name. */
const valueFields = {
  str_value: { type: 'str', token: 'str_token' },
  email_value: { type: 'email', token: 'email_token' },
  int32_value: { type: 'int32', token: 'int32_token' },
  int64_value: { type: 'int64', token: 'int64_token' },
  bytes_value: { type: 'bytes', token: 'bytes_token' },
} as const

/** Numbers of 64 bits are decimal text in messages. */
function tokens(
  name: string,
  field: string,
  failure: string,
  run: (values: Values, caller: Caller, type: TokenType, value: Buffer) => Soon<Buffer | null>,
): GrpcMethod {
  return {
    service: 'Tokenizator',
    name,
    field,
    failure,
    run(values, caller, request) {
      const chosen = request.value as keyof typeof valueFields | undefined
      if (chosen === undefined) {
        throw new OperationError('request-invalid', 'unsupported value type')
      }
      const { type, token } = valueFields[chosen]
      const given = request[chosen] as Buffer | string | number
      const value = Buffer.isBuffer(given) ? given : Buffer.from(String(given))
      return soon(run(values, caller, type, value), (answer) => {
        // An unknown token is answered as it is, as in the original.
        if (answer === null) return { [token]: given }
        if (type === 'bytes') return { [token]: answer }
        if (type === 'int32') return { [token]: Number(answer) }
        if (!isUtf8(answer)) throw failed(failure)
        return { [token]: answer.toString() }
      })
    },
  }
}
