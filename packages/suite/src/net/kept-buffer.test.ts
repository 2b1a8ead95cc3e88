import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { readingInto } from './kept-buffer.ts'
import { listen } from './listen.ts'

/** A connection to a listener: both ends, and how many the listener counts. */
async function pair(): Promise<{ accepted: Socket; client: Socket; count: () => number }> {
  let accept!: (socket: Socket) => void
  const arrived = new Promise<Socket>((resolve) => {
    accept = resolve
  })
  const listener = await listen(
    { kind: 'tcp', host: '127.0.0.1', port: 0 },
    { onConnection: accept, onError: assert.fail, pauseOnConnect: true },
  )
  assert.equal(listener.address.kind, 'tcp')
  const client = connect((listener.address as { port: number }).port, '127.0.0.1')
  const accepted = await arrived
  void listener.close()
  return { accepted, client, count: () => listener.connectionCount }
}

test('every read lands in the same memory, and what is written goes out', async () => {
  const { accepted, client, count } = await pair()
  const memory = Buffer.alloc(1024)
  const heard: string[] = []
  const socket = readingInto(accepted, {
    buffer: memory,
    callback: (length) => {
      heard.push(memory.subarray(0, length).toString())
      socket?.write(memory.subarray(0, length))
      return true
    },
  })
  assert.ok(socket, 'this version of Node has the interface')
  assert.ok(socket.allowHalfOpen)
  socket.resume()
  for (const word of ['one', 'two', 'three']) {
    client.write(word)
    assert.equal(String((await once(client, 'data'))[0]), word)
  }
  assert.deepEqual(heard, ['one', 'two', 'three'])
  assert.equal(socket.bytesRead, 11)
  assert.equal(count(), 1)
  client.end()
  await once(socket, 'end')
  socket.end()
  await once(accepted, 'close')
  assert.equal(count(), 0)
})

test('where Node has no such interface the socket is left as it is', async () => {
  const { accepted, client } = await pair()
  const handle = (accepted as unknown as { _handle: { useUserBuffer?: unknown } })._handle
  handle.useUserBuffer = undefined
  assert.equal(readingInto(accepted, { buffer: Buffer.alloc(8), callback: () => true }), null)
  client.end('hello')
  accepted.resume()
  assert.equal(String((await once(accepted, 'data'))[0]), 'hello')
  accepted.end()
})
