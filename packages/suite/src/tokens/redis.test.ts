import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { RedisConnection } from '../net/redis/index.ts'
import { openRedisTokenStore } from './redis.ts'
import { describeTokenStore } from './token-store.contract.ts'
import type { TokenStore } from './token-store.ts'

const PASSWORD = 'redis-password'
const bucket = Buffer.alloc(32, 7)
const folder = mkdtempSync(join(tmpdir(), 'tokens-redis-'))
let server: ChildProcess
let port: number
let database = 0

before(async () => {
  port = await freePort()
  server = await startRedis(port)
})
after(async () => {
  await stopRedis(server)
  rmSync(folder, { recursive: true })
})

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address() as { port: number }
  listener.close()
  await once(listener, 'close')
  return address.port
}

async function startRedis(on: number): Promise<ChildProcess> {
  const words = ['--port', String(on), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const child = spawn('redis-server', [...words, '--requirepass', PASSWORD, '--databases', '64'])
  for await (const chunk of child.stdout!) {
    if (String(chunk).includes('Ready to accept connections')) break
  }
  return child
}

async function stopRedis(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function open(on = port, password = PASSWORD): Promise<TokenStore> {
  const address = { host: '127.0.0.1', port: on, password, database: database++ }
  return openRedisTokenStore(
    new RedisConnection({ ...address, user: '', trust: null, check: null }),
  )
}

describeTokenStore('Redis', () => open())

test('Redis: no server, and a wrong password, are errors at the start', async () => {
  const nobody = await freePort()
  await assert.rejects(open(nobody), {
    code: 'token-store-unavailable',
    message: /^redis:\/\/127\.0\.0\.1:\d+\/\d+ cannot be reached/,
  })
  await assert.rejects(open(port, 'wrong'), { code: 'token-store-unavailable' })
})

test('Redis: while it is down every call fails, and when it is back it is used again', async () => {
  const own = await freePort()
  let child = await startRedis(own)
  const store = await open(own)
  try {
    await store.add(bucket, Buffer.from('k'), Buffer.from('v'))
    await stopRedis(child)
    const unavailable = { code: 'token-store-unavailable' }
    await assert.rejects(async () => store.get(bucket, Buffer.from('k')), unavailable)
    await assert.rejects(
      async () => store.add(bucket, Buffer.from('l'), Buffer.from('v')),
      unavailable,
    )
    child = await startRedis(own)
    for (;;) {
      try {
        if (await store.add(bucket, Buffer.from('m'), Buffer.from('v'))) break
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'token-store-unavailable')
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  } finally {
    await store.close()
    await stopRedis(child)
  }
})
