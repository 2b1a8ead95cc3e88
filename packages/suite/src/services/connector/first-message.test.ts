import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { beginningOf, type IsWhole, isDatabaseMessage, isHttpMessage } from './first-message.ts'

const startup = Buffer.from('0000001400030000757365720061640000000000', 'hex')
const sslRequest = Buffer.from('0000000804d2162f', 'hex')
const hello = Buffer.concat([Buffer.of(0x16, 3, 1, 0, 6), Buffer.alloc(6)])
const head = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')

test('a message is whole with its last byte, and not before', () => {
  for (const [isWhole, message] of [
    [isDatabaseMessage, startup],
    [isDatabaseMessage, sslRequest],
    [isDatabaseMessage, hello],
    [isHttpMessage, head],
  ] as const) {
    for (let cut = 0; cut < message.length; cut++) {
      assert.equal(isWhole(message.subarray(0, cut)), false, `${message} cut at ${cut}`)
    }
    assert.equal(isWhole(message), true)
  }
})

test('what nobody knows here is for the server to judge, at once', () => {
  for (const bytes of ['GET / HTTP/1.1', '\xff', '\0\0\0\x01', '\x7f\xff\xff\xff']) {
    assert.equal(isDatabaseMessage(Buffer.from(bytes, 'latin1')), true)
  }
  assert.equal(isHttpMessage(Buffer.from('get')), true)
  assert.equal(isHttpMessage(Buffer.alloc(70_000, 'GET')), true)
})

test('who begins is heard from the first byte on; who is silent is told apart from who has left or does not go on', async () => {
  const begins = async (isWhole: IsWhole, act: (client: Socket) => void, timeoutMs = 60_000) => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [socket] = (await once(server, 'connection')) as [Socket]
    act(client)
    const beginning = await beginningOf(socket, isWhole, timeoutMs)
    const first = beginning === 'message' ? (socket.read() as Buffer) : null
    client.destroy()
    socket.destroy()
    server.close()
    return [beginning, first?.length ?? 0]
  }
  const { length } = startup
  const whole = (client: Socket) => {
    client.write(startup.subarray(0, 5))
    setImmediate(() => client.write(startup.subarray(5)))
  }
  assert.deepEqual(await begins(isDatabaseMessage, whole), ['message', length])
  assert.deepEqual(await begins(isDatabaseMessage, () => {}), ['silence', 0])
  assert.deepEqual(await begins(isDatabaseMessage, (client) => client.end()), ['nothing', 0])
  const half = (client: Socket) => client.write(startup.subarray(0, 5))
  assert.deepEqual(await begins(isDatabaseMessage, half, 1), ['nothing', 0])
})
