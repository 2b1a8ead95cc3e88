import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type BulkItem,
  fetchWith,
  type GrpcTranslator,
  HttpTranslator,
  type TokenType,
  type TokenValue,
} from '@acra-ts/sdk/node'
import { startTestTranslator, type TestTranslator } from './testing/index.ts'

let translator: TestTranslator
let http: HttpTranslator
let grpc: GrpcTranslator
let bobs: GrpcTranslator

before(async () => {
  translator = await startTestTranslator()
  const { authority, ann, bob } = translator
  const url = `https://localhost:${translator.http.port}`
  const { cert, key } = ann
  http = new HttpTranslator({
    url,
    retries: 0,
    fetch: fetchWith({ ca: authority.cert, cert, key }),
  })
  grpc = translator.grpcClient(ann)
  bobs = translator.grpcClient(bob)
})
after(async () => {
  grpc.close()
  bobs.close()
  await translator.stop()
})

const samples: readonly (readonly [TokenType, TokenValue])[] = [
  ['int32', 0],
  ['int32', 2147483647],
  ['int32', -2147483648],
  ['int64', 9007199254740993n],
  ['int64', 9223372036854775807n],
  ['int64', -9223372036854775808n],
  ['str', 'ünïcode and "signs" \\'],
  ['email', 'ann@example.com'],
  ['bytes', Uint8Array.of(0, 255, 1, 2, 3, 4)],
]

test('tokens of one interface are resolved by the other, to the last digit', async () => {
  for (const [type, value] of samples) {
    const token = await http.tokenize(type, value)
    assert.equal(typeof token, typeof value)
    assert.deepEqual(await grpc.tokenize(type, value), token)
    assert.deepEqual(await grpc.detokenize(type, token), value)
    assert.deepEqual(await http.detokenize(type, token), value)
  }
})

test('an unknown token is refused over HTTP, and comes back over gRPC', async () => {
  const unknown = { message: "Can't detokenize data", status: 422 }
  for (const [type, value] of samples) {
    await assert.rejects(http.detokenize(type, value), unknown)
    assert.deepEqual(await grpc.detokenize(type, value), value)
  }
  const token = await grpc.tokenize('int64', 5n)
  assert.equal(await bobs.detokenize('int64', token), token)
})

test('zones have tokens of their own over gRPC', async () => {
  const options = { zoneId: translator.zone }
  const token = await grpc.tokenize('str', 'a value', options)
  assert.equal(await bobs.detokenize('str', token, options), 'a value')
  assert.equal(await grpc.detokenize('str', token), token)
})

test('values that are none of their type are not sent', async () => {
  const wrong: readonly (readonly [TokenType, TokenValue])[] = [
    ['int32', 1.5],
    ['int32', Number.NaN],
    ['int32', 2147483648],
    ['int32', 1n],
    ['int64', 5],
    ['int64', 9223372036854775808n],
    ['str', 5],
    ['bytes', 'text'],
  ]
  for (const [type, value] of wrong) {
    for (const one of [http, grpc]) {
      await assert.rejects(one.tokenize(type, value), { code: 'TRANSLATOR_VALUE_INVALID' })
    }
  }
})

test('an empty value has no token over gRPC either', async () => {
  await assert.rejects(grpc.tokenize('str', ''), { message: "can't tokenize", status: 2 })
})

test('many operations in one call have their results in order, over both interfaces', async () => {
  const envelope = await grpc.encryptSym('a value')
  const items: BulkItem[] = [
    { operation: 'decryptSym', data: envelope },
    { operation: 'decryptSym', data: Buffer.from('nothing') },
    { operation: 'tokenize', type: 'int64', value: 9007199254740993n },
    { operation: 'generateQueryHash', data: 'a value' },
    { operation: 'encrypt', data: 'a value', zoneId: translator.zone },
    { operation: 'encryptSymSearchable', data: 'a value' },
  ]
  for (const one of [http, grpc]) {
    const results = await one.bulk(items)
    const [opened, failed, token, hash, zoned, searchable] = results
    assert.equal(results.length, items.length)
    assert.deepEqual(opened, { data: bytes('a value'), value: null, error: null })
    assert.equal(failed?.error?.code, 'TRANSLATOR_REFUSED')
    assert.match(failed.error.message, /^can't decrypt data$/i)
    assert.equal(await grpc.detokenize('int64', token?.value as bigint), 9007199254740993n)
    assert.deepEqual(hash?.data, await grpc.generateQueryHash('a value'))
    const plain = await grpc.decrypt(zoned?.data ?? bytes(''), { zoneId: translator.zone })
    assert.deepEqual(plain, bytes('a value'))
    assert.deepEqual(searchable?.data?.subarray(0, 33), hash?.data)
  }
})

test('a stream answers each item while others are sent, also what fails', async () => {
  const count = 500
  let sent = 0
  async function* items(): AsyncGenerator<BulkItem> {
    for (; sent < count; sent++) {
      const data = Buffer.from(sent % 10 === 0 ? '' : `value ${sent} ${'x'.repeat(2000)}`)
      yield { operation: 'encryptSym', data }
    }
  }
  let i = 0
  for await (const { data, error } of grpc.stream(items())) {
    assert.equal(error === null, i % 10 !== 0, `item ${i}`)
    if (data !== null && i % 100 === 1) {
      assert.match(Buffer.from(await grpc.decryptSym(data)).toString(), new RegExp(`^value ${i} `))
    }
    i++
  }
  assert.equal(i, count)
})

test('a stream waits for its items, and answers what is there', async () => {
  const next: (() => void)[] = []
  async function* items(): AsyncGenerator<BulkItem> {
    for (let i = 0; i < 3; i++) {
      yield { operation: 'tokenize', type: 'int32', value: i }
      await new Promise<void>((resolve) => next.push(resolve))
    }
  }
  let answers = 0
  for await (const { value } of grpc.stream(items())) {
    assert.equal(typeof value, 'number')
    answers++
    next.shift()?.()
  }
  assert.equal(answers, 3)
})

test('a stream ends with what its items throw, by its signal, and when nobody reads on', async () => {
  async function* broken(): AsyncGenerator<BulkItem> {
    yield { operation: 'encryptSym', data: 'a value' }
    throw new Error('no more items')
  }
  await assert.rejects(drain(grpc.stream(broken())), { message: 'no more items' })
  const controller = new AbortController()
  async function* endless(): AsyncGenerator<BulkItem> {
    for (;;) yield { operation: 'encryptSym', data: 'a value' }
  }
  const reading = drain(grpc.stream(endless(), { signal: controller.signal }), () =>
    controller.abort(),
  )
  await assert.rejects(reading, { name: 'AbortError' })
  let read = 0
  for await (const { error } of grpc.stream(endless())) {
    assert.equal(error, null)
    if (++read === 3) break
  }
  assert.equal(read, 3)
})

async function drain(results: AsyncIterable<unknown>, onEach = () => {}): Promise<void> {
  for await (const _ of results) onEach()
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
