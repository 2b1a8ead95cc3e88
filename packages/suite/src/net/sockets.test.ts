import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { type Address, type DialOptions, dial, type Listener, listen } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-net-'))
after(() => rmSync(folder, { recursive: true }))

const unix = (name: string): Address => ({ kind: 'unix', path: join(folder, name) })
const anyPort: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }

/** What a test that fails would leave open. */
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

async function listening(
  address: Address,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const listener = await listen(address, {
    onConnection: (socket) => {
      cleanups.push(() => socket.destroy())
      onConnection(socket)
    },
    onError: (error) => assert.fail(error),
  })
  cleanups.push(() => void listener.close())
  return listener
}

async function dialling(address: Address, options?: Partial<DialOptions>): Promise<Socket> {
  const socket = await dial(address, { timeoutMs: 5000, ...options })
  cleanups.push(() => socket.destroy())
  return socket
}

const echo = (socket: Socket) => void socket.pipe(socket)

for (const address of [anyPort, unix('echo')]) {
  test(`a connection over ${address.kind} carries bytes both ways`, async () => {
    const listener = await listening(address, echo)
    const socket = await dialling(listener.address)
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
  const client = await dialling(listener.address)
  client.write('x')
  await once(client, 'data')
  assert.equal(listener.connectionCount, 1)
  let hasClosed = false
  const closed = listener.close().then(() => {
    hasClosed = true
  })
  await assert.rejects(dialling(listener.address), { code: 'connect-failed' })
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
    const socket = await dialling(listener.address)
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
  await assert.rejects(dialling(address), {
    code: 'connect-failed',
    message: /^cannot connect to tcp:\/\/127\.0\.0\.1:\d+\/: ECONNREFUSED$/,
  })
  await assert.rejects(dialling(unix('nobody')), { code: 'connect-failed' })
})

test('connecting has a time limit', async (context) => {
  const listener = await listening(anyPort, echo)
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const late = dialling(listener.address, { timeoutMs: 5000 })
  context.mock.timers.tick(5000)
  await assert.rejects(late, { code: 'connect-failed', message: /no answer within 5000 ms/ })
})

test('a dialled socket reads into the memory it was given', async () => {
  const listener = await listening(anyPort, echo)
  const memory = Buffer.alloc(100)
  const length = await new Promise<number>((resolve, reject) => {
    const callback = (size: number) => {
      resolve(size)
      return true
    }
    dialling({ ...listener.address, host: 'localhost' } as Address, {
      onread: { buffer: memory, callback },
    }).then((socket) => socket.end('hello'), reject)
  })
  assert.equal(memory.toString('latin1', 0, length), 'hello')
  await listener.close()
})
