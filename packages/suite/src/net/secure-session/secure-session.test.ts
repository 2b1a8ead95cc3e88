import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { after, test } from 'node:test'
import { generateKeyPair } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { FrameReader, frameOf } from './frames.ts'
import {
  acceptSession,
  type ConnectSettings,
  connectSession,
  SessionFailure,
  startsSession,
  startsTrace,
  TRACE_FRAME_SIZE,
  traceFrame,
} from './index.ts'

const TIMEOUT_MS = 5000
const clientPair = generateKeyPair(nodePrimitives)
const serverPair = generateKeyPair(nodePrimitives)
const servers = new Set<Server>()
after(() => {
  for (const server of servers) server.close()
})

const clientSettings: ConnectSettings = {
  clientId: 'someid',
  serverId: 'acra_server',
  keys: () => keysOf(clientPair.privateKey),
  timeoutMs: TIMEOUT_MS,
}

const serverSettings = {
  serverId: 'acra_server',
  keysOf: (id: string) => {
    if (id !== 'someid') throw new SessionFailure('key_not_found')
    return { privateKey: serverPair.privateKey.slice(), clientKey: clientPair.publicKey }
  },
  timeoutMs: TIMEOUT_MS,
}

test('what one side writes the other reads, whatever its size, and both ends are passed on', async () => {
  const { client, server } = await streams()
  const up = randomBytes(3_000_000)
  const down = randomBytes(2_000_000)
  client.end(up)
  server.end(down)
  const [atServer, atClient] = await Promise.all([readAll(server), readAll(client)])
  assert.ok(atServer.equals(up) && atClient.equals(down))
})

test('a slow reader holds its peer back', async () => {
  const { client, server } = await streams()
  const chunk = Buffer.alloc(65_536)
  let written = 0
  for (let turns = 0; turns < 1000; turns++) {
    for (; !client.writableNeedDrain; turns = 0, written += chunk.length) client.write(chunk)
    assert.ok(written < 2 ** 28, 'the peer reads nothing, and all is taken')
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(server.readableLength <= 256 * 1024, `${server.readableLength} bytes are held`)
  client.end()
  assert.ok((await readAll(server)).length >= written)
})

test('a connection that is cut in the midst of a message is a failure', async () => {
  const { client, server, raw } = await streams()
  client.write('whole')
  assert.equal(String((await once(server, 'data'))[0]), 'whole')
  raw.write(Buffer.from([100, 0, 0, 0, 1]))
  raw.end()
  const [error] = (await once(server, 'error')) as [SessionFailure]
  assert.equal(error.reason, 'peer_closed')
})

test('bytes that are no message of the session break it off, and nothing of them is passed on', async () => {
  const crafted = [
    frameOf(randomBytes(60)),
    frameOf(Buffer.alloc(0)),
    Buffer.from('ffffffff', 'hex'),
    Buffer.concat([Buffer.from('ffffff7f', 'hex'), Buffer.alloc(100)]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ]
  for (const bytes of crafted) {
    const { server, raw } = await streams()
    server.on('data', () => assert.fail('something was passed on'))
    raw.write(bytes)
    const [error] = (await once(server, 'error')) as [SessionFailure]
    assert.equal(error.reason, 'malformed')
  }
})

test('a handshake that cannot succeed tells both sides why', async () => {
  const other = generateKeyPair(nodePrimitives)
  const cases: [Partial<ConnectSettings>, string, string][] = [
    [{ clientId: 'nobody' }, 'peer_closed', 'key_not_found'],
    [{ keys: () => keysOf(other.privateKey) }, 'peer_closed', 'not_verified'],
    [{ keys: () => keysOf(clientPair.privateKey, other.publicKey) }, 'not_verified', 'peer_closed'],
    [{ serverId: 'acra_translator' }, 'unexpected_id', 'peer_closed'],
    [{ clientId: 'x'.repeat(1025) }, 'peer_closed', 'id_too_long'],
  ]
  for (const [settings, atClient, atServer] of cases) {
    const { clientEnd, serverEnd } = await sockets()
    const outcomes = await Promise.allSettled([
      connectSession(clientEnd, { ...clientSettings, ...settings }),
      acceptSession(serverEnd, serverSettings),
    ])
    assert.deepEqual(outcomes.map(reasonOf), [atClient, atServer], JSON.stringify(settings))
    assert.ok(clientEnd.destroyed && serverEnd.destroyed)
  }
})

test('a peer that says nothing, or half of a frame, is given up', async () => {
  for (const said of ['', '\x06\0\0', '\x06\0\0\0someid']) {
    const { clientEnd, serverEnd } = await sockets()
    clientEnd.on('error', () => {}).write(said)
    const settings = { ...serverSettings, timeoutMs: 20 }
    const [outcome] = await Promise.allSettled([acceptSession(serverEnd, settings)])
    assert.equal(reasonOf(outcome), 'timeout')
    assert.ok(serverEnd.destroyed)
  }
  const { clientEnd } = await sockets()
  const outcome = connectSession(clientEnd, { ...clientSettings, timeoutMs: 20 })
  await assert.rejects(outcome, { code: 'session-failed', reason: 'timeout' })
})

test('lengths that a handshake does not need are refused before they come', async () => {
  for (const length of [1025, 0x7fff_ffff, 0xffff_ffff]) {
    const { clientEnd, serverEnd } = await sockets()
    const head = Buffer.alloc(4)
    head.writeUInt32LE(length)
    clientEnd.on('error', () => {}).write(head)
    const [outcome] = await Promise.allSettled([acceptSession(serverEnd, serverSettings)])
    assert.equal(reasonOf(outcome), 'id_too_long')
  }
})

test('the handshake does not mind where its bytes are cut, nor zero bytes behind its messages', async () => {
  const { clientEnd, serverEnd } = await sockets()
  const [cut, own] = await pair()
  clientEnd.on('data', (chunk: Buffer) => {
    for (const byte of chunk) own.write(Buffer.of(byte))
  })
  own.on('data', (chunk: Buffer) => {
    for (const byte of chunk) clientEnd.write(Buffer.of(byte))
  })
  const [client, { stream }] = await Promise.all([
    connectSession(cut, clientSettings),
    acceptSession(serverEnd, serverSettings),
  ])
  client.write('hello')
  assert.equal(String((await once(stream, 'data'))[0]), 'hello')
  client.destroy()
  stream.destroy()
})

test('the first bytes tell who speaks', () => {
  const id = frameOf(Buffer.from('someid'))
  const longest = frameOf(Buffer.from('x'.repeat(256)))
  const trace = traceFrame()
  const postgres = Buffer.from('0000000804d2162f', 'hex')
  const hello = Buffer.from('16030100ba01', 'hex')
  for (const bytes of [id, longest]) {
    assert.equal(startsSession(bytes), true)
    assert.equal(startsTrace(bytes), false)
  }
  for (const bytes of [postgres, hello, Buffer.from('GET / HTTP/1.1')]) {
    assert.equal(startsSession(bytes), false)
    assert.equal(startsTrace(bytes), false)
  }
  assert.equal(startsTrace(trace), true)
  assert.equal(startsSession(trace), false)
  assert.equal(trace.length, TRACE_FRAME_SIZE)
  for (const bytes of [id, trace, Buffer.alloc(0)])
    assert.equal(startsSession(bytes.subarray(0, 4)), null)
  // An id of 29 characters begins as a trace does.
  const like = frameOf(Buffer.from('x'.repeat(29)))
  assert.equal(startsTrace(like.subarray(0, 4)), null)
  assert.deepEqual([startsTrace(like), startsSession(like)], [false, true])
})

function keysOf(privateKey: Uint8Array, serverKey = serverPair.publicKey) {
  return { privateKey: privateKey.slice(), serverKey }
}

async function streams() {
  const { clientEnd, serverEnd } = await sockets()
  const [client, { stream: server, clientId }] = await Promise.all([
    connectSession(clientEnd, clientSettings),
    acceptSession(serverEnd, serverSettings),
  ])
  assert.equal(clientId, 'someid')
  client.on('error', () => {})
  return { client, server, raw: clientEnd }
}

async function sockets(): Promise<{ clientEnd: Socket; serverEnd: Socket }> {
  const [clientEnd, serverEnd] = await pair()
  return { clientEnd, serverEnd }
}

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true })
  servers.add(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const one = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true })
  const [other] = await accepted
  server.close()
  return [one, other]
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function reasonOf(outcome: PromiseSettledResult<unknown>): string {
  if (outcome.status === 'fulfilled') return 'established'
  assert.ok(outcome.reason instanceof SessionFailure, String(outcome.reason))
  return outcome.reason.reason
}

test('frames come out whole wherever a stream is cut, and empty ones too', () => {
  const contents = [Buffer.from('one'), Buffer.alloc(0), randomBytes(300), Buffer.from('last')]
  const stream = Buffer.concat(contents.map((content) => frameOf(content)))
  for (const step of [1, 2, 3, 5, 64, stream.length]) {
    const reader = new FrameReader({ size: 300, reason: 'malformed' })
    const frames: Buffer[] = []
    for (let at = 0; at < stream.length; at += step) {
      reader.push(stream.subarray(at, at + step))
      for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame)
    }
    assert.deepEqual(frames, contents, `steps of ${step}`)
    assert.equal(reader.isInside, false)
  }
})
