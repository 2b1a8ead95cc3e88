import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { RedisConnection } from '../../net/redis/index.ts'
import { RedisServer } from '../../net/redis/testing/index.ts'
import { createAuthority } from '../../net/tls/testing/index.ts'
import { settle } from '../../options/index.ts'
import { diagnosisContract } from '../diagnosis.contract.ts'
import { keystoreContract } from '../keystore.contract.ts'
import { masterKeyWrapper } from '../master-key/software.ts'
import { openKeystore } from '../open.ts'
import { redisKeysOptions } from '../options.ts'
import { redisForKeys, storageOf } from '../place.ts'
import { everyRef, hex, layouts, openV1, openV2, secretsOf } from '../testing/stores.ts'
import { RedisStorage } from './redis.ts'
import { storageContract } from './storage.contract.ts'
import { fileSizeMax } from './storage.ts'

let server: RedisServer
let connection: RedisConnection
let count = 0

before(async () => {
  server = await RedisServer.start()
  connection = connectionTo(server.port)
})
after(() => server.stop())

function connectionTo(port: number, more: object = {}): RedisConnection {
  const address = {
    host: '127.0.0.1',
    port,
    database: 0,
    user: '',
    password: '',
    trust: null,
    check: null,
  }
  return new RedisConnection({ ...address, ...more })
}

const newFolder = () => `keys-${count++}`
const place = (folder: string) => ({ folder, redis: connection })

storageContract('Redis', async () => {
  const folder = newFolder()
  return { storage: await storageOf(place(folder), 'v1'), reopen: () => reopened(folder) }
})

/** Another view of the same names, by a connection of its own. */
function reopened(folder: string): RedisStorage {
  return new RedisStorage({ connection: connectionTo(server.port), folder, bare: '' })
}

for (const layout of Object.values(layouts)) {
  const create = () => storageOf(place(newFolder()), layout.name)
  keystoreContract(layout, 'Redis', create, { damages: false })
  diagnosisContract(layout, 'Redis', create)
}

describe('names in Redis are those of the original', () => {
  test('v1: a string per file under its path, in base64; the history under .old; nothing else stays but the mark of the last writer', async () => {
    const folder = newFolder()
    const { keystore } = openV1(await storageOf(place(folder), 'v1'))
    const ref = { purpose: 'storage', owner: 'someid' } as const
    await keystore.generate(ref)
    await keystore.generate(ref)
    await keystore.generate({ purpose: 'poison-symmetric', owner: null })
    const keys = (await connection.send('KEYS', `${folder}*`)) as string[]
    const shown = keys.map((key) => key.replace(/\d{4}-[^/]*$/, 'TIME')).sort()
    assert.deepEqual(
      shown,
      [
        '.revision',
        '/.poison_key/poison_key_sym',
        '/someid_storage',
        '/someid_storage.old/TIME',
        '/someid_storage.pub',
        '/someid_storage.pub.old/TIME',
      ].map((name) => folder + name),
    )
    const value = await connection.send('GET', `${folder}/someid_storage.pub`)
    const [publicKey] = await keystore.publicKeys(ref)
    assert.equal(value, Buffer.from(publicKey!).toString('base64'))
  })

  test('v2: the marker bare, rings in base64, nothing else stays but the mark of the last writer', async () => {
    const folder = newFolder()
    const { keystore } = openV2(await storageOf(place(folder), 'v2'))
    await keystore.generate({ purpose: 'hmac', owner: 'someid' })
    const keys = (await connection.send('KEYS', `${folder}*`)) as string[]
    assert.deepEqual(
      keys.sort(),
      ['.revision', '/client/someid/hmac-sym.keyring', '/version'].map((name) => folder + name),
    )
    assert.equal(await connection.send('GET', `${folder}/version`), 'Acra Keystore v2')
  })

  test('a folder is found whatever its name means in a pattern, and is cleaned', async () => {
    const folder = `./a[b]*?\\c-${newFolder()}//d/`
    const { keystore } = openV1(await storageOf(place(folder), 'v1'))
    await keystore.generate({ purpose: 'hmac', owner: 'someid' })
    assert.equal((await keystore.list()).length, 1)
    const { keystore: same } = openV1(await storageOf(place(folder.slice(2, -1)), 'v1'))
    assert.equal((await same.list()).length, 1)
  })
})

test('a value that is too large, no base64, or no string is refused with its name', async () => {
  const folder = newFolder()
  const storage = await storageOf(place(folder), 'v1')
  const name = `${folder}/someid_hmac`
  await connection.send('SET', name, 'A'.repeat(fileSizeMax * 2))
  await assert.rejects(storage.read('someid_hmac', 'private'), { code: 'keystore-file-too-large' })
  for (const text of ['%%%%', 'AAA', 'AAAA AAAA', 'AAAAA'])
    await connection.send('SET', name, text).then(() =>
      assert.rejects(storage.read('someid_hmac', 'private'), {
        code: 'keystore-key-malformed',
        message: new RegExp(`${name} is not base64$`),
      }),
    )
  await connection.send('DEL', name)
  await connection.send('LPUSH', name, 'x')
  await assert.rejects(storage.read('someid_hmac', 'private'), {
    code: 'keystore-io',
    message: new RegExp(`^cannot read ${name}: redis://.* refuses: WRONGTYPE$`),
  })
})

test('who lost the lock changes nothing more', async () => {
  const folder = newFolder()
  const storage = await storageOf(place(folder), 'v1')
  await assert.rejects(
    storage.exclusively(async (writer) => {
      const staged = await writer.stage('key', Buffer.of(1), 'private')
      await connection.send('SET', `${folder}.lock`, 'somebody else')
      await staged.commit()
    }),
    { code: 'keystore-locked' },
  )
  assert.equal(await storage.read('key', 'private'), null)
  assert.equal(await connection.send('GET', `${folder}.lock`), 'somebody else')
})

test('a lock that another one keeps is waited for, and then told', async () => {
  const folder = newFolder()
  await connection.send('SET', `${folder}.lock`, 'locked')
  const storage = new RedisStorage({ connection, folder, bare: '', waitSeconds: 0.1 })
  await assert.rejects(
    storage.exclusively(async () => {}),
    { code: 'keystore-locked' },
  )
})

test('names that another one adds or removes are seen at once, with its mark or without', async () => {
  const folder = newFolder()
  const storage = await storageOf(place(folder), 'v1')
  const other = reopened(folder)
  const write = (name: string) =>
    other.exclusively(async (writer) =>
      (await writer.stage(name, Buffer.from(name), 'private')).commit(),
    )
  const list = () => storage.list('key.old', 'private')
  await write('key.old/1')
  assert.deepEqual(await list(), ['1'])
  // One name for another: their number stays.
  await other.exclusively(async (writer) => {
    await (await writer.stage('key.old/2', Buffer.from('x'), 'private')).commit()
    await writer.remove('key.old/1', 'private')
  })
  assert.deepEqual(await list(), ['2'])
  assert.deepEqual(await list(), ['2'])
  await connection.send('SET', `${folder}/key.old/3`, 'eA==')
  assert.deepEqual(await list(), ['2', '3'])
  await connection.send('DEL', `${folder}/key.old/2`)
  assert.deepEqual(await list(), ['3'])
  await other.exclusively(async (writer) => {
    await (await writer.stage('key.old/4', Buffer.from('x'), 'private')).commit()
    assert.deepEqual(await list(), ['3', '4'])
    await writer.remove('key.old/3', 'private')
    assert.deepEqual(await list(), ['4'])
  })
  assert.deepEqual(await list(), ['4'])
})

test('two stores on one Redis that rotate the same keys at once lose no version', async () => {
  for (const layout of Object.values(layouts)) {
    const folder = newFolder()
    const stores = await Promise.all(
      [1, 2, 3].map(async () => {
        const redis = connectionTo(server.port)
        return layout.open(await storageOf({ folder, redis }, layout.name)).keystore
      }),
    )
    const ref = { purpose: 'storage', owner: 'someid' } as const
    await Promise.all(
      stores.map(async (keystore) => {
        for (let round = 0; round < 5; round++) await keystore.generate(ref)
      }),
    )
    const secrets = await Promise.all(stores.map((keystore) => secretsOf(keystore, ref)))
    assert.equal(new Set(secrets[0]).size, 15)
    assert.deepEqual(secrets[1], secrets[0])
  }
})

/** Lets so many bytes through to Redis, and then cuts the connection and every later one. */
async function cutting(bytes: number): Promise<{ port: number; close(): void }> {
  let left = bytes
  const sockets = new Set<Socket>()
  const front = createServer((client) => {
    if (left <= 0) return void client.destroy()
    const redis = connect(server.port, '127.0.0.1')
    sockets.add(client).add(redis)
    const end = () => {
      client.destroy()
      redis.destroy()
    }
    client.on('data', (chunk) => {
      redis.write(chunk.subarray(0, left))
      left -= chunk.length
      // What was let through is answered by Redis, and nobody hears it.
      if (left <= 0) redis.end(() => client.destroy())
    })
    redis.pipe(client)
    for (const socket of [client, redis]) socket.on('error', end).on('close', end)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as { port: number } // It listens by TCP.
  return {
    port,
    close() {
      front.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

for (const layout of Object.values(layouts))
  test(`${layout.name}: a connection cut behind every 127th byte of a rotation leaves the old keys or the new ones`, async () => {
    const ref = { purpose: 'storage', owner: 'someid' } as const
    let points = 0
    let isDone = false
    for (let bytes = 0; !isDone; bytes += 127, points++) {
      const folder = newFolder()
      const { keystore } = layout.open(await storageOf(place(folder), layout.name))
      await keystore.generate(ref)
      const before = await secretsOf(keystore, ref)
      const front = await cutting(bytes)
      const redis = connectionTo(front.port)
      const { keystore: cut } = layout.open(await storageOf({ folder, redis }, layout.name))
      isDone = await cut.generate(ref).then(
        () => true,
        (error) => {
          assert.equal(error.code, 'keystore-io', error.stack)
          return false
        },
      )
      front.close()
      const found = await secretsOf(keystore, ref)
      assert.ok([1, 2].includes(found.length), `${found.length} versions behind byte ${bytes}`)
      assert.equal(found.at(-1), before[0])
      // The lock of who was cut off ends by itself; here nobody waits for that.
      await connection.send('DEL', `${folder}.lock`, `${folder}/.lock`)
      await keystore.generate(ref)
      assert.deepEqual((await secretsOf(keystore, ref)).slice(1), found)
      const publics = (await keystore.publicKeys(ref)).map(hex)
      assert.equal(publics.length, found.length + 1)
      const leftovers = (await connection.send('EXISTS', `${folder}.changes`)) as number
      assert.equal(leftovers, 0)
    }
    console.log(`${points} points tried, all recovered`)
    assert.ok(points > 10)
  })

test('a Redis that is killed and comes back is found again, with all keys', async () => {
  // Without it Redis may answer up to two seconds before it has written.
  const own = await RedisServer.start({ words: ['--appendfsync', 'always'] })
  try {
    const redis = connectionTo(own.port)
    const { keystore } = openV1(await storageOf({ folder: 'keys', redis }, 'v1'))
    for (const ref of everyRef) await keystore.generate(ref)
    await own.kill()
    await assert.rejects(keystore.list(), {
      code: 'keystore-io',
      message: /^cannot list keys\/: redis:\/\/127\.0\.0\.1:\d+\/0 cannot be reached: /,
    })
    await own.resume()
    for (const ref of everyRef) assert.equal((await keystore.keys(ref)).length, 1)
  } finally {
    await own.stop()
  }
})

describe('by TLS, as a user with rights for the keys alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'acra-redis-tls-'))
  after(() => rmSync(folder, { recursive: true }))
  const authority = createAuthority(folder, 'authority')
  const own = authority.server('redis')
  const client = authority.client('client')
  const password = 'a password with spaces'
  let tls: RedisServer

  before(async () => {
    const files = ['cert', own.certFile, 'key', own.keyFile, 'ca-cert', authority.certFile]
    const words = files.flatMap((word, at) => (at % 2 ? [word] : [`--tls-${word}-file`]))
    const commands =
      '+get +getrange +set +scan +eval +hlen +hkeys +hset +hget +hdel +del +setnx +pexpire +exists +dbsize +select +hello +client'
    tls = await RedisServer.start({
      tls: true,
      words: [
        ...words,
        '--user',
        ...`keys on #${sha256(password)} resetkeys ~keys* ${commands}`.split(' '),
        ...'--user default off'.split(' '),
      ],
    })
  })
  after(() => tls.stop())

  /** A keystore as a program opens it. */
  const open = async (more: object) => {
    const { values } = settle(redisKeysOptions, new Map(), new Map())
    const options = {
      ...values,
      redis_host_port: `localhost:${tls.port}`,
      redis_db_keys: 0,
      redis_user: 'keys',
      redis_password: password,
      redis_tls_enable: true,
      redis_tls_client_ca: authority.certFile,
      redis_tls_client_cert: client.certFile,
      redis_tls_client_key: client.keyFile,
      ...more,
    }
    const redis = redisForKeys(options, {}, () => {})
    const wrapper = masterKeyWrapper(new Uint8Array(32).fill(1))
    return openKeystore({ folder: 'keys', redis, wrapper, warn: assert.fail })
  }

  test('a keystore is made, read and changed', async () => {
    const keystore = await open({})
    for (const ref of everyRef) await keystore.generate(ref)
    const again = await open({})
    for (const ref of everyRef)
      assert.deepEqual(await secretsOf(again, ref), await secretsOf(keystore, ref))
    await again.destroy(everyRef[0]!, 1)
    assert.deepEqual(await keystore.keys(everyRef[0]!), [])
  })

  for (const [what, more, reason] of [
    ['a wrong password', { redis_password: 'wrong' }, /refuses: WRONGPASS$/],
    ['no password', { redis_user: '', redis_password: '' }, /refuses: NOAUTH$/],
    ['no client certificate', { redis_tls_client_cert: '' }, /cannot be reached: /],
    ['an authority that is not known', { redis_tls_client_ca: '' }, /cannot be reached: /],
    ['another name', { redis_tls_client_sni: 'example.com' }, /ERR_TLS_CERT_ALTNAME_INVALID$/],
    ['no TLS', { redis_tls_enable: false }, /cannot be reached: /],
  ] as const)
    test(`${what} is refused with the address and the reason`, () =>
      assert.rejects(open(more), (error: Error) => {
        assert.match(error.message, /rediss?:\/\/localhost:\d+\/0/)
        assert.match(error.message, reason)
        assert.ok(!error.message.includes(password))
        return true
      }))
})

test('settings of Redis that contradict each other are refused', () => {
  const { values } = settle(redisKeysOptions, new Map(), new Map())
  const refused = (more: object) =>
    assert.throws(() => redisForKeys({ ...values, ...more }, {}, () => {}), {
      code: 'keystore-redis-settings',
    })
  assert.equal(
    redisForKeys(values, {}, () => {}),
    null,
  )
  assert.equal(
    redisForKeys(
      { ...values, redis_host_port: 'a:1', redis_db_keys: -1, redis_db_tokens: 1 },
      {},
      () => {},
    ),
    null,
  )
  assert.equal(
    redisForKeys({ ...values, redis_host_port: 'a:1', redis_db_keys: -1 }, {}, () => {}),
    null,
  )
  assert.ok(redisForKeys({ ...values, redis_host_port: 'localhost:6379' }, {}, () => {}))
  refused({ redis_db_keys: 1 })
  refused({ redis_db_keys: 0, redis_db_tokens: -1 })
  const said: string[] = []
  const none = { redis_host_port: 'a:1', redis_db_keys: -1, redis_db_tokens: -1 }
  assert.equal(
    redisForKeys({ ...values, ...none }, {}, (sentence) => said.push(sentence)),
    null,
  )
  assert.match(said.join('\n'), /^redis_host_port has no effect: set redis_db_keys/)
  refused({ redis_host_port: 'a:1', redis_db_keys: 1, redis_db_tokens: 1 })
  for (const address of ['a:0', 'a:65536', 'a:x', 'redis://a:1', 'a b', ':1', 'u@a:1', 'a:1:2'])
    refused({ redis_host_port: address, redis_db_keys: 0 })
  for (const address of ['localhost', 'localhost:1', '[::1]:6379', '[::1]', '127.0.0.1:6379'])
    assert.ok(redisForKeys({ ...values, redis_host_port: address, redis_db_keys: 0 }, {}, () => {}))
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
