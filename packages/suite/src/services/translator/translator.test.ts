import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GrpcTranslator, type Translator as Operations } from '@acra-ts/sdk/node'
import { masterKeyFromEnvironment, openKeystore } from '../../keystore/index.ts'
import { clientIdOfCertificate } from '../../net/identity/index.ts'
import { type Address, parseAddress } from '../../net/index.ts'
import { type Authority, createAuthority } from '../../net/tls/testing/index.ts'
import { createLogger, plaintext } from '../../observe/index.ts'
import type { OptionTable, OptionValues } from '../../options/index.ts'
import { operations } from './operations.ts'
import { type TranslatorOptions, translatorOptions } from './options.ts'
import { Translator } from './translator.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-translator-'))
const environment = { ACRA_MASTER_KEY: Buffer.alloc(32, 5).toString('base64') }
const zone = 'DDDDDDDDaaaaaaaaaaaaaaaa'
const authority: Authority = createAuthority(folder, 'authority')
const shown = authority.server('server')
const [ann, bob] = [authority.client('ann'), authority.client('bob')]
const keysFolder = join(folder, 'keys')
const lines: string[] = []
let service: Translator
let http: Address & { kind: 'tcp' }
let grpc: Address & { kind: 'tcp' }

before(async () => {
  const keystore = await openKeystore({
    folder: keysFolder,
    wrapper: masterKeyFromEnvironment(environment),
    warn: () => {},
  })
  for (const { cert } of [ann, bob]) {
    const owner = clientIdOfCertificate(new X509Certificate(cert).raw, 'distinguished_name')
    for (const purpose of ['storage', 'storage-symmetric', 'hmac'] as const) {
      await keystore.generate({ purpose, owner })
    }
  }
  for (const purpose of ['zone', 'zone-symmetric'] as const) {
    await keystore.generate({ purpose, owner: zone })
  }
  service = await start({
    incoming_connection_http_string: 'http://127.0.0.1:0/',
    incoming_connection_grpc_string: 'grpc://127.0.0.1:0/',
    tls_cert: shown.certFile,
    tls_key: shown.keyFile,
    tls_ca: authority.certFile,
    request_size_max: 100_000,
    incoming_connection_close_timeout: 0,
  })
  const [first, second] = service.addresses.map(parseAddress)
  assert.ok(first?.kind === 'tcp' && second?.kind === 'tcp')
  grpc = first
  http = second
})
after(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

const pairs = [
  ['encrypt', 'decrypt'],
  ['encryptSym', 'decryptSym'],
  ['encryptSearchable', 'decryptSearchable'],
  ['encryptSymSearchable', 'decryptSymSearchable'],
] as const

for (const method of ['POST', 'GET'] as const) {
  test(`${method}: what one call encrypts the other decrypts, for the client of the certificate and the zone alone`, async () => {
    for (const [encrypt, decrypt] of pairs) {
      for (const extra of [{}, { zone_id: zone }]) {
        const sealed = await json(encrypt, { data: base64('a value'), ...extra }, { method })
        assert.equal(sealed.status, 200, `${encrypt} ${JSON.stringify(sealed.body)}`)
        const opened = await json(decrypt, { ...sealed.body, ...extra }, { method })
        assert.deepEqual(opened, { status: 200, body: { data: base64('a value') } })
        const other = await json(decrypt, { ...sealed.body, ...extra }, { client: bob })
        const isZonedWithoutHash = 'zone_id' in extra && !decrypt.includes('Searchable')
        assert.equal(other.status, isZonedWithoutHash ? 200 : 422, decrypt)
        const elsewhere = 'zone_id' in extra ? {} : { zone_id: zone }
        const misplaced = await json(decrypt, { ...sealed.body, ...elsewhere })
        assert.deepEqual(misplaced, {
          status: 422,
          body: { code: 422, message: "Can't decrypt data" },
        })
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
    return [status, body.toString(), headers['content-type']?.split(';')[0]]
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
  assert.equal((await json('tokenize', { type: 1, data: 5 })).status, 501)
})

test('v1 takes and gives bytes', async () => {
  for (const query of ['', `?zone_id=${zone}`]) {
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
      [4, 501],
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
    ...operations.map(({ name }) => `/v2/${name}`),
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
  const clients = [ann, bob].map(({ cert, key }) => client({ cert, key }))
  const [own, other] = clients as [GrpcTranslator, GrpcTranslator]
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
    for (const one of clients) one.close()
  }
})

test('values go from one interface to the other', async () => {
  const own: Operations & { close(): void } = client({ cert: ann.cert, key: ann.key })
  const sealed = await own.encryptSym('a value')
  own.close()
  const opened = await json('decryptSym', { data: base64(Buffer.from(sealed)) })
  assert.deepEqual(opened.body, { data: base64('a value') })
})

test('clients without a certificate, or with one of another authority, get nowhere', async () => {
  const stranger = createAuthority(folder, 'stranger').client('ann-too')
  await assert.rejects(json('encrypt', { data: 'YQ==' }, { client: null }))
  await assert.rejects(json('encrypt', { data: 'YQ==' }, { client: stranger }))
  const plain = httpRequest({
    host: http.host,
    port: http.port,
    path: '/v2/encrypt',
    method: 'POST',
  })
  await assert.rejects(
    new Promise((resolve, reject) => plain.on('response', resolve).on('error', reject).end('{}')),
  )
  assert.match(lines.join(''), /msg="Can't wrap client's connection" code=711 /)
})

test('half a request, and anything that is no request, keeps nobody waiting', async () => {
  const strangers = ['', 'x', '\x16\x03\x01\xff\xff', 'POST /v2/encrypt HTTP/1.1\r\n'].flatMap(
    (bytes) =>
      Array.from({ length: 20 }, () => {
        const socket = connect(http.port, http.host).on('error', () => {})
        socket.write(Buffer.from(bytes, 'latin1'))
        return socket
      }),
  )
  assert.equal((await json('encrypt', { data: 'YQ==' })).status, 200)
  for (const socket of strangers) socket.destroy()
})

test('no value stands in the log', () => {
  assert.doesNotMatch(lines.join(''), /a value|YSB2YWx1ZQ/)
})

interface CallOptions {
  readonly method?: string
  readonly body?: string | Buffer
  readonly type?: string
  readonly client?: { readonly cert: string; readonly key: string } | null
  readonly chunked?: boolean
}

async function json(
  name: string,
  body: object,
  options: CallOptions = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await call(`/v2/${name}`, {
    ...options,
    body: JSON.stringify(body),
    type: 'application/json; charset=utf-8',
  })
  return { status: answer.status, body: answer.json() as Record<string, unknown> }
}

function call(path: string, options: CallOptions = {}) {
  const { method = 'POST', body = '', type = 'text/plain', client: shows = ann, chunked } = options
  const agent = new Agent({ ca: authority.cert, ...shows })
  return new Promise<{
    status: number
    headers: Record<string, string | undefined>
    body: Buffer
    json(): unknown
  }>((resolve, reject) => {
    const headers = {
      'Content-Type': type,
      ...(chunked === true ? {} : { 'Content-Length': Buffer.byteLength(body) }),
    }
    const request = httpsRequest({ host: http.host, port: http.port, path, method, headers, agent })
    request.on('error', reject)
    request.on('response', async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const all = Buffer.concat(chunks)
      agent.destroy()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string | undefined>,
        body: all,
        json: () => JSON.parse(all.toString()),
      })
    })
    request.end(body)
  })
}

function client({ cert, key }: { cert: string; key: string }): GrpcTranslator {
  return new GrpcTranslator({
    address: `localhost:${grpc.port}`,
    tls: { ca: Buffer.from(authority.cert), cert: Buffer.from(cert), key: Buffer.from(key) },
    clientId: 'somebody else',
    timeoutMs: 10_000,
  })
}

function base64(value: string | Buffer): string {
  return Buffer.from(value).toString('base64')
}

async function start(given: Partial<TranslatorOptions>): Promise<Translator> {
  const table: OptionTable = translatorOptions
  const rows = Object.entries(table).map(([name, row]) => [name, row.default])
  const options = {
    ...(Object.fromEntries(rows) as OptionValues<typeof translatorOptions>),
    keys_dir: keysFolder,
    ...given,
  }
  const log = createLogger({
    level: 'info',
    outputs: [{ format: plaintext, sink: { write: (line) => lines.push(line) } }],
    clock: { now: Date.now, zone: () => 0 },
  })
  const product = { name: 'acra-translator', version: '0.0.0' }
  return Translator.start(options, { environment, log, product, startScript: () => true })
}
