import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { checkUser, endPoints, findOwner } from './user-check.ts'

const own = process.geteuid?.() ?? 0

test('ends are written as the kernel does', () => {
  assert.deepEqual(endPoints('127.0.0.1', 8080), [
    '0100007F:1F90',
    '0000000000000000FFFF00000100007F:1F90',
  ])
  assert.deepEqual(endPoints('::ffff:10.1.2.3', 5), endPoints('10.1.2.3', 5))
  assert.deepEqual(endPoints('::1', 65_535), ['00000000000000000000000001000000:FFFF'])
  assert.deepEqual(endPoints('fe80::1:2%eth0', 1), ['000080FE000000000000000002000100:0001'])
  assert.deepEqual(endPoints('2001:db8::ff', 1), ['B80D01200000000000000000FF000000:0001'])
})

test('the owner is that of the row with both ends, and of no other', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1',
    '   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1001        0 2 1',
    '   2: 0100007F:9999 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 3 1',
    '',
  ].join('\n')
  const [client, server] = [endPoints('127.0.0.1', 0x9999), endPoints('127.0.0.1', 8080)]
  assert.equal(findOwner(table, client, server), 1002)
  assert.equal(findOwner(table, server, client), 1001)
  assert.equal(findOwner(table, endPoints('127.0.0.1', 1), server), null)
  assert.equal(findOwner('', client, server), null)
})

for (const [listens, connects] of [
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['::', '127.0.0.1'],
  ['::', '::ffff:127.0.0.1'],
] as const) {
  test(`an application of our own user is refused at ${listens}, coming from ${connects}`, async () => {
    const server = createServer()
    server.listen(0, listens)
    await once(server, 'listening')
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const client = connect((server.address() as AddressInfo).port, connects)
    const [socket] = await accepted
    await assert.rejects(checkUser(socket, own), /need to be start from different users/)
    await checkUser(socket, own + 1)
    client.destroy()
    socket.destroy()
    server.close()
  })
}

test('an application of another user is served', {
  skip: own === 0 ? false : 'only root can start a process as another user',
}, async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const { port } = server.address() as AddressInfo
  const script = `require('node:net').connect(${port}, '127.0.0.1')`
  const child = spawn(process.execPath, ['-e', script], { uid: 65_534, gid: 65_534, cwd: '/' })
  const [socket] = await accepted
  await checkUser(socket, own)
  await assert.rejects(checkUser(socket, 65_534), /different users/)
  child.kill()
  socket.destroy()
  server.close()
})

test('an application that is gone is not served', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = await accepted
  client.destroy()
  socket.destroy()
  await assert.rejects(checkUser(socket, own + 1), /Can't/)
  server.close()
})
