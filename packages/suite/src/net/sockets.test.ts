import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Address, dial, type Listener, listen } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-net-'))
after(() => rmSync(folder, { recursive: true }))

const unix = (name: string): Address => ({ kind: 'unix', path: join(folder, name) })
const anyPort: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }

function listening(address: Address, onConnection: (socket: Socket) => void): Promise<Listener> {
  return listen(address, { onConnection, onError: (error) => assert.fail(error) })
}

const echo = (socket: Socket) => void socket.pipe(socket)

for (const address of [anyPort, unix('echo')]) {
  test(`a connection over ${address.kind} carries bytes both ways`, async () => {
    const listener = await listening(address, echo)
    const socket = await dial(listener.address, { timeoutMs: 5000 })
    socket.end('hello')
    assert.equal(String((await once(socket, 'data'))[0]), 'hello')
    await once(socket, 'close')
    await listener.close()
  })
}

test('the port that the system chose is told', async () => {
  const listener = await listening(anyPort, echo)
  assert.ok(listener.address.kind === 'tcp' && listener.address.port > 0)
  await listener.close()
})

test('a listener counts its connections and closes when the last has gone', async () => {
  const sockets: Socket[] = []
  const listener = await listening(anyPort, (socket) => {
    sockets.push(socket)
    echo(socket)
  })
  const client = await dial(listener.address, { timeoutMs: 5000 })
  client.write('x')
  await once(client, 'data')
  assert.equal(listener.connectionCount, 1)
  let hasClosed = false
  const closed = listener.close().then(() => {
    hasClosed = true
  })
  await assert.rejects(dial(listener.address, { timeoutMs: 5000 }), { code: 'connect-failed' })
  assert.equal(hasClosed, false)
  client.end()
  client.resume()
  await closed
  assert.equal(listener.connectionCount, 0)
})

test('the file of a unix socket goes when its listener closes', async () => {
  const address = unix('gone')
  const listener = await listening(address, echo)
  assert.ok(existsSync(join(folder, 'gone')))
  const closed = listener.close()
  await closed
  assert.equal(existsSync(join(folder, 'gone')), false)
})

test('an address in use is an error that says what to do, and its owner goes on', async () => {
  for (const address of [anyPort, unix('used')]) {
    const listener = await listening(address, echo)
    await assert.rejects(listening(listener.address, echo), {
      code: 'listen-failed',
      message: /another program listens there; stop it|remove the file if none does/,
    })
    const socket = await dial(listener.address, { timeoutMs: 5000 })
    socket.destroy()
    await listener.close()
  }
})

test('a socket in a folder that does not exist is an error that says so', async () => {
  await assert.rejects(listening(unix('no/such'), echo), {
    code: 'listen-failed',
    message: /its folder does not exist/,
  })
})

test('where nobody answers, the error names the address', async () => {
  const listener = await listening(anyPort, echo)
  const { address } = listener
  await listener.close()
  await assert.rejects(dial(address, { timeoutMs: 5000 }), {
    code: 'connect-failed',
    message: /^cannot connect to tcp:\/\/127\.0\.0\.1:\d+\/: ECONNREFUSED$/,
  })
  await assert.rejects(dial(unix('nobody'), { timeoutMs: 5000 }), { code: 'connect-failed' })
})

test('connecting has a time limit', async () => {
  // A backlog that is full answers nothing: the kernel drops what comes then.
  const server = createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 })
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const address: Address = { kind: 'tcp', host: '127.0.0.1', port }
  // The process that listens accepts only when its event loop turns, so the limit of 0 ms comes first.
  await assert.rejects(dial(address, { timeoutMs: 0 }), { message: /no answer within 0 ms/ })
  server.close()
})

test('a dialled socket reads into the memory it was given', async () => {
  const listener = await listening(anyPort, echo)
  const memory = Buffer.alloc(100)
  const length = await new Promise<number>((resolve, reject) => {
    const callback = (size: number) => {
      resolve(size)
      return true
    }
    dial({ ...listener.address, host: 'localhost' } as Address, {
      timeoutMs: 5000,
      onread: { buffer: memory, callback },
    }).then((socket) => socket.end('hello'), reject)
  })
  assert.equal(memory.toString('latin1', 0, length), 'hello')
  await listener.close()
})
