import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import type { Translator as Operations } from '@acra-ts/sdk/node'
import { createAuthority } from '../../net/tls/testing/index.ts'
import { operations } from './operations.ts'
import {
  base64,
  type CallOptions,
  startTestTranslator,
  type TestTranslator,
} from './testing/index.ts'
import { tokenOperations } from './token-requests.ts'

let translator: TestTranslator
let json: TestTranslator['json']
let call: TestTranslator['call']

before(async () => {
  translator = await startTestTranslator()
  ;({ json, call } = translator)
})
after(() => translator.stop())

const pairs = [
  ['encrypt', 'decrypt'],
  ['encryptSym', 'decryptSym'],
  ['encryptSearchable', 'decryptSearchable'],
  ['encryptSymSearchable', 'decryptSymSearchable'],
] as const

for (const method of ['POST', 'GET'] as const) {
  test(`${method}: what one call encrypts the other decrypts, for the client of the certificate and the zone alone`, async () => {
    for (const [encrypt, decrypt] of pairs) {
      for (const extra of [{}, { zone_id: translator.zone }]) {
        const sealed = await json(encrypt, { data: base64('a value'), ...extra }, { method })
        assert.equal(sealed.status, 200, `${encrypt} ${JSON.stringify(sealed.body)}`)
        const opened = await json(decrypt, { ...sealed.body, ...extra }, { method })
        assert.deepEqual([opened.status, opened.body], [200, { data: base64('a value') }])
        const other = await json(decrypt, { ...sealed.body, ...extra }, { client: translator.bob })
        const isZonedWithoutHash = 'zone_id' in extra && !decrypt.includes('Searchable')
        assert.equal(other.status, isZonedWithoutHash ? 200 : 422, decrypt)
        const elsewhere = 'zone_id' in extra ? {} : { zone_id: translator.zone }
        const misplaced = await json(decrypt, { ...sealed.body, ...elsewhere })
        assert.deepEqual(misplaced.body, { code: 422, message: "Can't decrypt data" })
        assert.equal(misplaced.status, 422)
      }
    }
  })
}

test('the hash of a query is the one before the stored value', async () => {
  const stored = await json('encryptSymSearchable', { data: base64('a value') })
  const hash = await json('generateQueryHash', { data: base64('a value') })
  const bytes = Buffer.from(String(stored.body.data), 'base64')
  assert.equal(base64(bytes.subarray(0, 33)), hash.body.data)
  const moved = Buffer.concat([
    Buffer.from(
      String((await json('generateQueryHash', { data: base64('other') })).body.data),
      'base64',
    ),
    bytes.subarray(33),
  ])
  assert.equal((await json('decryptSymSearchable', { data: base64(moved) })).status, 422)
})

test('what is encrypted already comes back as it is', async () => {
  for (const name of ['encrypt', 'encryptSym']) {
    const { body } = await json(name, { data: base64('a value') })
    assert.deepEqual((await json(name, body)).body, body)
  }
})

test('empty values and bad requests are refused as documented', async () => {
  const empty = { code: 400, message: 'Invalid request data, empty data' }
  const invalid = { code: 400, message: 'Invalid request data' }
  for (const { name, failure } of operations) {
    const answer = (await json(name, { data: '' })).body
    const isHashed = name.startsWith('decrypt') && name.includes('Searchable')
    const expected = /^(encrypt|decrypt|decryptSym)$/.test(name)
      ? { code: 422, message: failure }
      : isHashed
        ? invalid
        : empty
    assert.deepEqual(answer, expected, name)
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '{"data":1}',
      '{"data":null}',
      '{}',
      '{"data":"a"}',
      '{"data":"YQ==="}',
      '{"data":"*"}',
    ]) {
      assert.deepEqual(
        (await call(`/v2/${name}`, { body, type: 'application/json' })).json(),
        invalid,
        body,
      )
    }
  }
})

test('names may be written in any case, and unknown fields are passed over', async () => {
  const { body } = await json('encrypt', { DATA: base64('a value'), more: [1] })
  const answer = await json('decrypt', { Data: body.data, Zone_ID: '' })
  assert.deepEqual(answer.body, { data: base64('a value') })
})

test('paths, methods and types that are not there are refused in plain text', async () => {
  const text = async (path: string, options: CallOptions = {}) => {
    const { status, body, headers } = await call(path, options)
    return [status, body.toString(), headers['content-type']]
  }
  assert.deepEqual(await text('/encrypt'), [404, '404 page not found', 'text/plain'])
  assert.deepEqual(await text('/v2/encrypt', { method: 'PUT' }), [
    405,
    '405 method not allowed',
    'text/plain',
  ])
  assert.deepEqual(await text('/v1/encrypt', { method: 'GET' }), [
    405,
    '405 method not allowed',
    'text/plain',
  ])
  const wrongType = { body: '{}', type: 'application/xml' }
  assert.deepEqual(await text('/v2/encrypt', wrongType), [
    400,
    'Invalid request data',
    'text/plain',
  ])
  assert.equal((await call('/v2/encrypt/')).status, 307)
  assert.equal((await call('/v2/encrypt/', { method: 'GET' })).status, 301)
})

test('v1 takes and gives bytes', async () => {
  for (const query of ['', `?zone_id=${translator.zone}`]) {
    const sealed = await call(`/v1/encrypt${query}`, { body: Buffer.from('a value') })
    assert.equal(sealed.headers['content-type'], 'application/octet-stream')
    const opened = await call(`/v1/decrypt${query}`, { body: sealed.body })
    assert.equal(String(opened.body), 'a value')
    const failed = await call(`/v1/decrypt${query}`, { body: Buffer.from('nothing') })
    assert.deepEqual([failed.status, String(failed.body)], [422, "Can't decrypt AcraStruct"])
  }
  assert.equal((await call('/v1/encrypt', { body: Buffer.alloc(0) })).status, 422)
})

test('many operations in one request have answers and errors of their own', async () => {
  const item = (request_id: number, operation: string, data: string) => ({
    request_id,
    operation,
    request_data: { data },
  })
  const items = [
    item(1, 'encryptSym', base64('one')),
    item(2, 'decryptSym', base64('nothing')),
    item(3, 'generateQueryHash', base64('x')),
    item(4, 'detokenize', base64('x')),
    item(5, 'drop', base64('x')),
  ]
  const { status, body } = await json('bulkProcessing', { requests: items })
  assert.equal(status, 200)
  const answers = body as unknown as {
    request_id: number
    response_data?: object
    error?: { code: number }
  }[]
  assert.deepEqual(
    answers.map(({ request_id, error }) => [request_id, error?.code ?? 200]),
    [
      [1, 200],
      [2, 422],
      [3, 200],
      [4, 400],
      [5, 400],
    ],
  )
  assert.equal((await json('bulkProcessing', { requests: 'x' })).status, 400)
})

test('a request that is too large is refused, announced or not', async () => {
  const body = Buffer.alloc(200_000, 'x')
  const options = { body, type: 'application/json' }
  for (const chunked of [false, true]) {
    const { status } = await call('/v2/encrypt', { ...options, chunked })
    assert.equal(status, 413)
  }
})

test('the interface is described in OpenAPI 3.1, every path of it, and shown by a page without anything from elsewhere', async () => {
  const document = (await call('/v2/swagger/doc.json', { method: 'GET' })).json() as {
    openapi: string
    paths: Record<string, object>
  }
  assert.equal(document.openapi, '3.1.0')
  const expected = [
    ...[...operations, ...tokenOperations].map(({ name }) => `/v2/${name}`),
    '/v2/bulkProcessing',
    '/v1/encrypt',
    '/v1/decrypt',
  ]
  assert.deepEqual(Object.keys(document.paths).sort(), expected.sort())
  const page = await call('/v2/swagger/index.html', { method: 'GET' })
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
  assert.doesNotMatch(String(page.body), /https?:/)
})

test('gRPC does the same, and the client of the connection wins over the one that is named', async () => {
  const { zone } = translator
  const [own, other] = [translator.ann, translator.bob].map((one) =>
    translator.grpcClient(one, { clientId: 'somebody else' }),
  ) as [ReturnType<TestTranslator['grpcClient']>, ReturnType<TestTranslator['grpcClient']>]
  try {
    for (const [encrypt, decrypt] of pairs) {
      const sealed = await own[encrypt]('a value')
      assert.equal(String(Buffer.from(await own[decrypt](sealed))), 'a value')
      await assert.rejects(other[decrypt](sealed), { message: "can't decrypt data", status: 2 })
      const zoned = await own[encrypt]('a value', { zoneId: zone })
      assert.equal(String(Buffer.from(await own[decrypt](zoned, { zoneId: zone }))), 'a value')
    }
    const hash = await own.generateQueryHash('a value')
    const stored = await own.encryptSearchable('a value')
    assert.deepEqual(stored.subarray(0, 33), hash)
  } finally {
    own.close()
    other.close()
  }
})

test('values go from one interface to the other', async () => {
  const own: Operations & { close(): void } = translator.grpcClient(translator.ann)
  const sealed = await own.encryptSym('a value')
  own.close()
  const opened = await json('decryptSym', { data: base64(Buffer.from(sealed)) })
  assert.deepEqual(opened.body, { data: base64('a value') })
})

test('clients without a certificate, or with one of another authority, get nowhere', async () => {
  const stranger = createAuthority(translator.folder, 'stranger').client('ann-too')
  await assert.rejects(json('encrypt', { data: 'YQ==' }, { client: null }))
  await assert.rejects(json('encrypt', { data: 'YQ==' }, { client: stranger }))
  const plain = httpRequest({
    host: translator.http.host,
    port: translator.http.port,
    path: '/v2/encrypt',
    method: 'POST',
  })
  await assert.rejects(
    new Promise((resolve, reject) => plain.on('response', resolve).on('error', reject).end('{}')),
  )
  assert.match(translator.lines.join(''), /msg="Can't wrap client's connection" code=711 /)
})

test('half a request, and anything that is no request, keeps nobody waiting', async () => {
  const strangers = ['', 'x', '\x16\x03\x01\xff\xff', 'POST /v2/encrypt HTTP/1.1\r\n'].flatMap(
    (bytes) =>
      Array.from({ length: 20 }, () => {
        const socket = connect(translator.http.port, translator.http.host).on('error', () => {})
        socket.write(Buffer.from(bytes, 'latin1'))
        return socket
      }),
  )
  assert.equal((await json('encrypt', { data: 'YQ==' })).status, 200)
  for (const socket of strangers) socket.destroy()
})

test('no value stands in the log', () => {
  assert.doesNotMatch(translator.lines.join(''), /a value|YSB2YWx1ZQ/)
})
