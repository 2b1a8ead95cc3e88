import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { RedisConnection } from './redis-connection.ts'
import { RedisServer } from './testing/index.ts'

let server: RedisServer
before(async () => {
  server = await RedisServer.start()
})
after(() => server.stop())

const patienceMs = 1500
function connect(): RedisConnection {
  const { host, port } = server
  const address = { host, port, database: 0, user: '', password: '', trust: null, check: null }
  return new RedisConnection(address, patienceMs)
}
const unavailable = () => ({
  code: 'redis-unavailable',
  message: `redis://127.0.0.1:${server.port}/0 cannot be reached: the connection was closed, or nothing was answered in time`,
})

test('a Redis that stands still is given up, by a connection that is open and by a new one', async () => {
  const old = connect()
  assert.equal(await old.send('SET', 'name', 'value'), 'OK')
  server.freeze()
  try {
    await assert.rejects(old.send('GET', 'name'), unavailable())
    await assert.rejects(old.send('GET', 'name'), unavailable())
    await assert.rejects(connect().send('GET', 'name'), unavailable())
    const many = Array.from({ length: 10 }, () => old.send('GET', 'name'))
    for (const outcome of await Promise.allSettled(many)) assert.equal(outcome.status, 'rejected')
  } finally {
    server.thaw()
  }
  assert.equal(await old.send('GET', 'name'), 'value')
})

test('what Redis refuses is told by its kind, without what was asked', async () => {
  await assert.rejects(connect().send('EVAL', 'return redis.call("NOTHING")', '0'), {
    code: 'redis-refused',
  })
  const error = await connect()
    .send('LPUSH', 'name', 'a-secret')
    .catch((refused) => refused)
  assert.equal(error.code, 'redis-refused')
  assert.match(error.message, /refuses: WRONGTYPE$/)
  assert.equal(await connect().send('GET', 'name'), 'value')
})
