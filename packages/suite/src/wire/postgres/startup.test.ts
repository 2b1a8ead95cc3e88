import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeCancelRequest,
  encodeGssEncryptionRequest,
  encodeSslRequest,
  encodeStartupMessage,
  type StartupPacket,
  StartupReader,
} from './startup.ts'
import { int32, sync } from './testing/index.ts'

/** Reads one packet from a stream that is cut once. */
function readCut(stream: Buffer, cut: number): { packet: StartupPacket | null; left: Buffer } {
  const reader = new StartupReader()
  const first = reader.read(stream.subarray(0, cut))
  if (first !== null) return { packet: first, left: stream.subarray(reader.at) }
  assert.equal(reader.at, cut, 'an unfinished packet is consumed')
  const rest = stream.subarray(cut)
  return { packet: reader.read(rest), left: rest.subarray(reader.at) }
}

function read(stream: Buffer): StartupPacket | null {
  return new StartupReader().read(stream)
}

const parameters: [string, string][] = [
  ['user', 'ann'],
  ['database', 'höhle'],
  ['application_name', 'psql'],
  ['client_encoding', 'UTF8'],
  ['options', '-c search_path=x'],
]

test('a start-up message gives its version and parameters wherever it is cut', () => {
  const message = encodeStartupMessage(2, parameters)
  const stream = Buffer.concat([message, sync()])
  for (let cut = 0; cut <= stream.length; cut++) {
    const { packet, left } = readCut(stream, cut)
    assert.ok(packet?.kind === 'startup')
    assert.equal(packet.minor, 2)
    assert.deepEqual([...packet.parameters], parameters)
    assert.deepEqual(packet.bytes, message)
    assert.deepEqual(left, sync())
  }
})

test("the layout of a start-up message is the manual's", () => {
  const expected = Buffer.concat([int32(9 + 9), int32(196_608), Buffer.from('user\0ann\0\0')])
  assert.deepEqual(encodeStartupMessage(0, [['user', 'ann']]), expected)
  const read0 = read(expected)
  assert.ok(read0?.kind === 'startup' && read0.minor === 0)
})

test('of parameters with the same name the last counts, as for the server', () => {
  const packet = read(
    encodeStartupMessage(0, [
      ['user', 'a'],
      ['user', 'b'],
    ]),
  )
  assert.ok(packet?.kind === 'startup')
  assert.equal(packet.parameters.get('user'), 'b')
})

test('requests for encryption are recognised, several in one chunk too', () => {
  const reader = new StartupReader()
  const chunk = Buffer.concat([encodeGssEncryptionRequest(), encodeSslRequest()])
  assert.deepEqual(reader.read(chunk), { kind: 'gss-encryption-request' })
  assert.deepEqual(reader.read(chunk, reader.at), { kind: 'ssl-request' })
  assert.equal(reader.at, chunk.length)
  assert.equal(reader.read(chunk, reader.at), null)
})

test('cancel requests have keys of 4 to 256 bytes', () => {
  for (const size of [4, 5, 32, 256]) {
    const secret = Buffer.alloc(size, 7)
    const packet = read(encodeCancelRequest(4_000_000_000, secret))
    assert.ok(packet?.kind === 'cancel')
    assert.equal(packet.processId, 4_000_000_000)
    assert.deepEqual(packet.secret, secret)
  }
  for (const size of [0, 3, 257]) {
    const request = encodeCancelRequest(1, Buffer.alloc(size))
    assert.throws(() => read(request), { code: 'protocol-error' })
  }
})

test('TLS without a request is recognised by its first byte and left alone', () => {
  const reader = new StartupReader()
  assert.deepEqual(reader.read(Buffer.of(0x16, 3, 1, 2, 0)), { kind: 'tls' })
  assert.equal(reader.at, 0)
})

test('other major versions are named', () => {
  const packet = read(Buffer.concat([int32(8), int32((2 << 16) | 1)]))
  assert.deepEqual(packet, { kind: 'unknown-version', major: 2, minor: 1 })
})

test('crafted lengths and layouts are refused', () => {
  const startup = (body: string) =>
    Buffer.concat([int32(8 + body.length), int32(196_608), Buffer.from(body)])
  const bad = [
    Buffer.concat([int32(0), int32(196_608)]),
    Buffer.concat([int32(7), int32(196_608)]),
    Buffer.concat([int32(-1), int32(196_608)]),
    Buffer.concat([int32(10_001), int32(196_608)]),
    Buffer.concat([int32(2 ** 31 - 1), int32(196_608)]),
    Buffer.concat([int32(9), int32(80_877_103), Buffer.of(0)]),
    Buffer.concat([int32(12), int32(80_877_104), int32(0)]),
    startup(''),
    startup('user\0ann\0'),
    startup('user\0ann'),
    startup('user\0\0'),
    startup('user\0ann\0\0more'),
  ]
  for (const packet of bad) {
    assert.throws(() => read(packet), { code: 'protocol-error' }, packet.toString('hex', 0, 20))
  }
})

test('a length that is too long is refused before its content has come', () => {
  assert.throws(() => read(int32(10_001)), { code: 'protocol-error' })
})

test('a zero byte cannot be smuggled into a parameter', () => {
  assert.throws(() => encodeStartupMessage(0, [['user', 'a\0database']]), {
    code: 'protocol-error',
  })
})
