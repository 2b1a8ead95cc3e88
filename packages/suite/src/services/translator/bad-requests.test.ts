/** What is no request, too much of one, or one that does not come to its end: by HTTP/1.1, HTTP/2 and gRPC. */
import assert from 'node:assert/strict'
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { after, before, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { base64, startTestTranslator, type TestTranslator } from './testing/index.ts'

let translator: TestTranslator
before(async () => {
  translator = await startTestTranslator({ request_timeout: 1, startup_timeout: 2 })
})
after(() => translator.stop())

/** A client that behaves is served, by both versions and by gRPC. */
async function isServed(): Promise<void> {
  const { json, grpcClient, ann } = translator
  assert.equal((await json('encryptSym', { data: base64('a value') })).status, 200)
  const session = open('http')
  assert.equal((await ask(session, '/v2/encryptSym', '{"data":"YQ=="}')).status, 200)
  session.close()
  const api = grpcClient(ann)
  await api.encryptSym('a value')
  api.close()
}

type Over = 'http' | 'grpc'

function tls(over: Over, protocols: readonly string[]): TLSSocket {
  const { ann, authority } = translator
  const trusted = { ca: authority.cert, cert: ann.cert, key: ann.key, servername: 'localhost' }
  const { host, port } = translator[over]
  return connect({ host, port, ...trusted, ALPNProtocols: [...protocols] }).on('error', () => {})
}

/** Says something over HTTP/1.1, and answers all that comes until the connection ends. */
async function say(pieces: readonly (string | Buffer)[], pauseMs = 0): Promise<string> {
  const socket = tls('http', ['http/1.1'])
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const piece of pieces) {
    if (socket.destroyed) break
    socket.write(piece)
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  await closed
  return Buffer.concat(chunks).toString('latin1')
}

function statusesOf(said: string): number[] {
  return [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

function head(lines: readonly string[], path = '/v2/encryptSym', method = 'POST'): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')
}

const type = 'Content-Type: application/json'
const body = '{"data":"YQ=="}'
const whole = head([type, `Content-Length: ${body.length}`]) + body
const last = head([type, `Content-Length: ${body.length}`, 'Connection: close']) + body

/** What is said, what is answered, and what stands in the log. */
const table: readonly (readonly [
  string,
  readonly (string | Buffer)[],
  readonly number[],
  RegExp | null,
])[] = [
  ['no HTTP at all', ['this is no HTTP\r\n\r\n'], [400], /code=2070 error=HPE_\w+ status=400/],
  ['binary', [Buffer.alloc(5000, 0xfe)], [400], /code=2070 error=HPE_\w+ status=400/],
  [
    'a header of 100 KB',
    [head([`X: ${'x'.repeat(100_000)}`])],
    [431],
    /code=2070 error=HPE_HEADER_OVERFLOW status=431/,
  ],
  [
    '10,000 headers',
    [head(Array.from({ length: 10_000 }, (_, i) => `X-${i}: y`))],
    [431],
    /status=431/,
  ],
  ['a path of 100 KB', [head([], `/${'x'.repeat(100_000)}`)], [431], /status=431/],
  [
    'a length of 4 GB',
    [head([type, 'Content-Length: 4294967296'])],
    [413],
    /code=2070 error="request is too large" status=413/,
  ],
  ['a length that is none', [head([type, 'Content-Length: many'])], [400], /status=400/],
  ['two lengths', [head([type, 'Content-Length: 3', 'Content-Length: 4'])], [400], /status=400/],
  [
    'a length and chunks',
    [head([type, 'Content-Length: 3', 'Transfer-Encoding: chunked'])],
    [400],
    /status=400/,
  ],
  [
    'a chunk whose length is none',
    [head([type, 'Transfer-Encoding: chunked']), 'many\r\n'],
    [400],
    /error=HPE_INVALID_CHUNK_SIZE status=400/,
  ],
  [
    'a chunk that is longer than it says',
    [head([type, 'Transfer-Encoding: chunked']), '1\r\nabc\r\n'],
    [400],
    /status=400/,
  ],
  [
    'a chunk of 4 GB',
    [head([type, 'Transfer-Encoding: chunked']), 'ffffffff\r\n', Buffer.alloc(300_000)],
    [413],
    /status=413/,
  ],
  [
    'half a head',
    ['POST /v2/encryptSym HTTP/1.1\r\nHost'],
    [408],
    /code=2070 error=ERR_HTTP_REQUEST_TIMEOUT status=408/,
  ],
  [
    'half a body',
    [head([type, 'Content-Length: 100']), body],
    [408],
    /error=ERR_HTTP_REQUEST_TIMEOUT status=408/,
  ],
  [
    'another type',
    [head(['Content-Type: text/xml', 'Content-Length: 1', 'Connection: close']), 'x'],
    [400],
    /error="the content type is not application\/json" status=400/,
  ],
  ['no type', [head(['Content-Length: 1', 'Connection: close']), 'x'], [400], /status=400/],
  [
    'base64 that is none',
    [last.replace('YQ==', 'Y*==')],
    [400],
    /error="Invalid request data" status=400/,
  ],
  [
    'a zone that is not there',
    [last.replace('"}', '","zone_id":"DDDDDDDDunknown"}').replace('Length: 15', 'Length: 43')],
    [422],
    /code=707 .*zone_id=DDDDDDDDunknown/,
  ],
  ['a path that is not there', [head(['Connection: close'], '/v3/encrypt')], [404], null],
  [
    'a method that is not there',
    [head(['Connection: close'], '/v2/encrypt', 'DELETE')],
    [405],
    null,
  ],
  ['two requests at once', [whole + last], [200, 200], null],
  [
    'a request, and one hidden behind it',
    [head([type, 'Content-Length: 0']) + last],
    [400, 200],
    null,
  ],
  ['a request, and then none', [`${whole}\x00\x01\r\n\r\n`], [400], null],
]

for (const [what, pieces, statuses, line] of table) {
  test(`HTTP/1.1: ${what}: ${statuses.join(', ')}`, async () => {
    const from = translator.lines.length
    const said = await say(pieces)
    assert.deepEqual(statusesOf(said).slice(-statuses.length), statuses, said.slice(0, 500))
    if (line !== null) assert.match(translator.lines.slice(from).join(''), line)
    await isServed()
  })
}

test('HTTP/1.1: a body that comes byte by byte has no more time than another', async () => {
  const bytes = Array.from({ length: 100 }, () => 'x')
  const said = await say([head([type, 'Content-Length: 100']), ...bytes], 100)
  assert.deepEqual(statusesOf(said), [408])
  await isServed()
})

function open(over: Over): ClientHttp2Session {
  const session = connectHttp2('https://localhost', { createConnection: () => tls(over, ['h2']) })
  return session.on('error', () => {})
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly text: string
}

/** Asks over HTTP/2; `end` says whether the request has an end. Rejects where the stream is broken. */
function ask(
  session: ClientHttp2Session,
  path: string,
  content: string | Buffer,
  more: OutgoingHttpHeaders = {},
  end = true,
): Promise<Answer> {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/json', ...more }
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: false })
    let answer: Record<string, string | string[] | number | undefined> | null = null
    let text = ''
    stream.setEncoding('utf8')
    stream.on('response', (given) => {
      answer = given as Record<string, string>
    })
    stream.on('data', (chunk: string) => {
      text += chunk
    })
    stream.on('error', reject)
    stream.on('close', () => {
      if (answer === null) reject(new Error('no answer'))
      else resolve({ status: Number(answer[':status']), headers: answer, text })
    })
    if (end) stream.end(content)
    else stream.write(content)
  })
}

test('HTTP/2: every path answers as by HTTP/1.1, many at once, for the client of the certificate', async () => {
  const session = open('http')
  const sealed = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      ask(session, '/v2/encryptSym', JSON.stringify({ data: base64(`value ${i}`) })),
    ),
  )
  const opened = await Promise.all(sealed.map(({ text }) => ask(session, '/v2/decryptSym', text)))
  for (const [i, { status, text, headers }] of opened.entries()) {
    assert.deepEqual([status, JSON.parse(text)], [200, { data: base64(`value ${i}`) }])
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
  }
  const other = await translator.json('decryptSym', JSON.parse(sealed[0]?.text ?? ''), {
    client: translator.bob,
  })
  assert.equal(other.status, 422)
  const bytes = await ask(session, '/v1/encrypt', 'a value', { 'content-type': 'text/plain' })
  assert.equal(bytes.status, 200)
  const bulk = {
    requests: [{ request_id: 7, operation: 'encryptSym', request_data: { data: 'YQ==' } }],
  }
  assert.match(
    (await ask(session, '/v2/bulkProcessing', JSON.stringify(bulk))).text,
    /"request_id":7/,
  )
  const page = await ask(session, '/v2/swagger/doc.json', '', { ':method': 'GET' })
  assert.equal(JSON.parse(page.text).openapi, '3.1.0')
  session.close()
})

const streams: readonly (readonly [
  string,
  string,
  string | Buffer,
  OutgoingHttpHeaders,
  number,
  RegExp | null,
])[] = [
  [
    'a body that is too large',
    '/v2/encryptSym',
    Buffer.alloc(200_000, 'x'),
    {},
    413,
    /code=2070 .*status=413/,
  ],
  [
    'a length that is too large',
    '/v2/encryptSym',
    'x',
    { 'content-length': '4294967296' },
    413,
    /status=413/,
  ],
  ['another type', '/v2/encryptSym', body, { 'content-type': 'text/xml' }, 400, /status=400/],
  ['base64 that is none', '/v2/encryptSym', '{"data":"*"}', {}, 400, /status=400/],
  [
    'a zone that is not there',
    '/v2/encryptSym',
    '{"data":"YQ==","zone_id":"DDDDDDDDunknown"}',
    {},
    422,
    /code=707/,
  ],
  ['a path that is not there', '/v2/nothing', body, {}, 404, null],
  ['a method that is not there', '/v2/encryptSym', body, { ':method': 'PUT' }, 405, null],
]

for (const [what, path, content, more, status, line] of streams) {
  test(`HTTP/2: ${what}: ${status}, and the connection goes on`, async () => {
    const session = open('http')
    const from = translator.lines.length
    // A length that is not kept to breaks the stream, after the answer.
    const answer = await ask(session, path, content, more, !('content-length' in more))
    assert.equal(answer.status, status)
    if (line !== null) assert.match(translator.lines.slice(from).join(''), line)
    assert.equal((await ask(session, '/v2/encryptSym', body)).status, 200)
    session.close()
  })
}

test('HTTP/2: a request without an end ends in time, and no other one with it', async () => {
  const session = open('http')
  const slow = ask(session, '/v2/encryptSym', '{"data"', {}, false)
  assert.equal((await ask(session, '/v2/encryptSym', body)).status, 200)
  assert.equal((await slow).status, 408)
  assert.equal((await ask(session, '/v2/encryptSym', body)).status, 200)
  assert.match(
    translator.lines.join(''),
    /code=2070 error="the request did not come to its end in time" status=408/,
  )
  session.close()
})

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const settings = Buffer.from('000000040000000000', 'hex')
const frame = (
  typeOf: number,
  flags: number,
  stream: number,
  content: Buffer,
  size = content.length,
) =>
  Buffer.concat([
    Buffer.of(size >> 16, (size >> 8) & 255, size & 255, typeOf, flags, 0, 0, 0, stream),
    content,
  ])

/** Bytes behind the preface that break the protocol. */
const breaches: readonly (readonly [string, Buffer])[] = [
  ['a frame of 16 MB', frame(0, 0, 1, Buffer.alloc(100), 0xffffff)],
  ['data of no stream', frame(0, 0, 1, Buffer.from('x'))],
  ['headers that are none', frame(1, 5, 1, Buffer.alloc(200, 0xff))],
  [
    'headers without an end, and another frame',
    Buffer.concat([frame(1, 0, 1, Buffer.of(0x82)), frame(6, 0, 0, Buffer.alloc(8))]),
  ],
  ['settings of a wrong size', frame(4, 0, 0, Buffer.alloc(5))],
  ['a window of nothing', frame(8, 0, 0, Buffer.alloc(4))],
  ['a stream of an even number', frame(1, 5, 2, Buffer.of(0x82))],
]

for (const over of ['http', 'grpc'] as const) {
  for (const [what, bytes] of breaches) {
    test(`${over}, HTTP/2: ${what}: ${over === 'http' ? 'the connection ends, and no other' : 'no other connection notices'}`, async () => {
      const socket = tls(over, ['h2']).resume()
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.write(Buffer.concat([preface, settings, bytes]))
      await isServed()
      // What gRPC makes of it is Node's and the client's: it may wait for the client to leave.
      if (over === 'grpc') socket.destroy()
      await closed
    })
  }
  test(`${over}, HTTP/2: another beginning is refused, with a line of its own`, async () => {
    const socket = tls(over, ['h2']).resume()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await closed
    assert.match(translator.lines.join(''), /code=711 error="what the client says is not HTTP\/2"/)
    await isServed()
  })
}

test('gRPC: metadata by the megabyte and messages beyond the limit fail, and only they', async () => {
  const session = open('grpc')
  const call = { 'content-type': 'application/grpc', te: 'trailers' }
  const path = '/grpc_api.WriterSym/EncryptSym'
  await assert.rejects(async () => {
    const { status, headers } = await ask(session, path, 'x', {
      ...call,
      'x-much': 'x'.repeat(200_000),
    })
    throw new Error(`${status} ${headers['grpc-status']}`)
  })
  session.destroy()
  const api = translator.grpcClient(translator.ann)
  await assert.rejects(api.encryptSym(Buffer.alloc(200_000)), { status: 8 })
  assert.ok(await api.encryptSym('a value'))
  api.close()
  const next = open('grpc')
  const wrong = await ask(next, path, 'x', { 'content-type': 'text/plain' })
  assert.equal(wrong.status, 415)
  const missing = await ask(next, '/grpc_api.Nothing/Nothing', Buffer.alloc(5), call)
  assert.equal(missing.headers['grpc-status'], '12')
  const lie = await ask(next, path, Buffer.from('00ffffffff61', 'hex'), call)
  assert.notEqual(lie.headers['grpc-status'], '0')
  next.close()
  await isServed()
})

test('no value stands in the log, and nothing was met that nobody expected', () => {
  const log = translator.lines.join('')
  assert.doesNotMatch(log, /a value|YSB2YWx1ZQ|TypeError|RangeError|code=700 /)
})
