/** The gRPC interface asked by another implementation of gRPC, whose messages come from the same `.proto`. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  create,
  createFileRegistry,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
} from '@bufbuild/protobuf'
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'
import { type Client, Code, ConnectError, createClient, type Transport } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { loadSync } from '@grpc/proto-loader'
import { startTestTranslator, type TestTranslator } from './testing/index.ts'

type Fields = Readonly<Record<string, unknown>>
type Unary = (request: Fields) => Promise<Fields>
type Stream = (requests: AsyncIterable<Fields>) => AsyncIterable<Fields>

let translator: TestTranslator
let transport: Transport
const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: descriptors().map((bytes) => qualified(fromBinary(FileDescriptorProtoSchema, bytes))),
  }),
)

before(async () => {
  translator = await startTestTranslator()
  const { authority, ann } = translator
  transport = createGrpcTransport({
    baseUrl: `https://localhost:${translator.grpc.port}`,
    nodeOptions: { ca: authority.cert, cert: ann.cert, key: ann.key },
  })
})
after(() => translator.stop())

/** What `acra.proto` declares, in the form that generators of code are given. */
function descriptors(): readonly Uint8Array[] {
  const path = fileURLToPath(import.meta.resolve('@acra-ts/sdk/proto/acra.proto'))
  const declared = Object.values(loadSync(path, { keepCase: true }))
  const files = declared.flatMap((one) =>
    'fileDescriptorProtos' in one && Array.isArray(one.fileDescriptorProtos)
      ? (one.fileDescriptorProtos as Buffer[])
      : [],
  )
  return [...new Map(files.map((bytes) => [bytes.toString('base64'), bytes])).values()]
}

/** protobufjs names the types of fields as they are written; descriptors want their full names. */
function qualified(file: FileDescriptorProto): FileDescriptorProto {
  const full = (name: string) => (name === '' ? '' : `.${file.package}.${name}`)
  for (const field of file.messageType.flatMap((message) => message.field)) {
    field.typeName = full(field.typeName)
  }
  return file
}

function serviceOf(name: string): DescService {
  const service = registry.getService(`grpc_api.${name}`)
  assert.ok(service !== undefined, name)
  return service
}

/** Calls a method by its name in the `.proto`. */
function unary(service: string, method: string): Unary {
  const described = serviceOf(service)
  const found: DescMethod | undefined = described.methods.find(({ name }) => name === method)
  assert.ok(found !== undefined, method)
  const client = createClient(described, transport) as unknown as Record<string, Unary>
  return (request) => client[found.localName]!(request)
}

const value = Buffer.from('a value')

test('every service of the interface is declared, with what is asked and answered', () => {
  const services = [...registry].filter(({ kind }) => kind === 'service') as DescService[]
  assert.deepEqual(
    services.map(({ typeName, methods }) => [typeName, methods.length]),
    [
      ['grpc_api.Reader', 1],
      ['grpc_api.Writer', 1],
      ['grpc_api.ReaderSym', 1],
      ['grpc_api.WriterSym', 1],
      ['grpc_api.Tokenizator', 2],
      ['grpc_api.SearchableEncryption', 5],
      ['grpc_api.BulkProcessing', 2],
    ],
  )
})

test('what one call encrypts the other decrypts', async () => {
  const { acrastruct } = await unary('Writer', 'Encrypt')({ data: value })
  assert.deepEqual(plain(await unary('Reader', 'Decrypt')({ acrastruct })), value)
  const { acrablock } = await unary('WriterSym', 'EncryptSym')({ data: value })
  assert.deepEqual(plain(await unary('ReaderSym', 'DecryptSym')({ acrablock })), value)
  const zoneId = Buffer.from(translator.zone)
  const zoned = await unary('WriterSym', 'EncryptSym')({ data: value, zoneId })
  const opened = await unary('ReaderSym', 'DecryptSym')({ acrablock: zoned.acrablock, zoneId })
  assert.deepEqual(plain(opened), value)
})

test('values are stored searchable and found', async () => {
  const service = 'SearchableEncryption'
  const { hash } = await unary(service, 'GenerateQueryHash')({ data: value })
  const struct = await unary(service, 'EncryptSearchable')({ data: value })
  const block = await unary(service, 'EncryptSymSearchable')({ data: value })
  assert.deepEqual([struct.hash, block.hash], [hash, hash])
  const ofStruct = { hash, data: struct.acrastruct }
  assert.deepEqual(plain(await unary(service, 'DecryptSearchable')(ofStruct)), value)
  const ofBlock = { hash, data: block.acrablock }
  assert.deepEqual(plain(await unary(service, 'DecryptSymSearchable')(ofBlock)), value)
})

test('tokens have the type of their value, integers to the last digit', async () => {
  for (const [given, made, content] of [
    ['strValue', 'strToken', 'some text'],
    ['emailValue', 'emailToken', 'ann@example.com'],
    ['int32Value', 'int32Token', -2147483648],
    ['int64Value', 'int64Token', 9007199254740993n],
    ['int64Value', 'int64Token', -9223372036854775808n],
    ['bytesValue', 'bytesToken', new Uint8Array([0, 255])],
  ] as const) {
    const request = { value: { case: given, value: content } }
    const { response } = await unary('Tokenizator', 'Tokenize')(request)
    const token = response as { case: string; value: unknown }
    assert.equal(token.case, made)
    const back = await unary(
      'Tokenizator',
      'Detokenize',
    )({
      value: { case: given, value: token.value },
    })
    assert.deepEqual(back.response, { case: made, value: content })
  }
})

test('failures have the status and the words of the original', async () => {
  const failure = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => null,
      (error: unknown) => error,
    )
    assert.ok(error instanceof ConnectError)
    return [error.code, error.rawMessage]
  }
  const acrablock = Buffer.from('nothing')
  assert.deepEqual(await failure(unary('ReaderSym', 'DecryptSym')({ acrablock })), [
    Code.Unknown,
    "can't decrypt data",
  ])
  assert.deepEqual(await failure(unary('Tokenizator', 'Tokenize')({})), [
    Code.Unknown,
    'unsupported value type',
  ])
})

test('many requests go in one call, and in a stream', async () => {
  const requests = [
    { requestId: Buffer.of(1), request: { case: 'encryptSym', value: { data: value } } },
    { requestId: Buffer.of(2), request: { case: 'decryptSym', value: { acrablock: value } } },
    { requestId: Buffer.of(3) },
  ]
  const { responses } = await unary('BulkProcessing', 'ProcessBulk')({ requests })
  const client: Client<DescService> = createClient(serviceOf('BulkProcessing'), transport)
  const { processStream } = client as unknown as { processStream: Stream }
  async function* sent() {
    yield* requests
  }
  const streamed: Fields[] = []
  for await (const response of processStream(sent())) streamed.push(response)
  for (const answers of [responses as Fields[], streamed]) {
    const told = answers.map(({ requestId, response, error }) => [
      Buffer.from(requestId as Uint8Array)[0],
      (response as { case?: string }).case,
      error,
    ])
    assert.deepEqual(told, [
      [1, 'encryptSym', ''],
      [2, undefined, "can't decrypt data"],
      [3, undefined, 'unsupported operation'],
    ])
  }
})

function plain(message: Fields | Message): Buffer {
  return Buffer.from((message as { data: Uint8Array }).data)
}
