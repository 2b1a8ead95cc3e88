import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CachedKeystore } from './cache.ts'
import type { Key, KeyRef } from './key-ref.ts'
import { type Keystore, wipeKeys } from './keystore.ts'
import { Memory } from './storage/memory.ts'
import { everyRef, hex, openV1, secretsOf } from './testing/stores.ts'

const clientIds = ['alice', 'bobby', 'carol', 'david', 'emily']
const hmac = (owner: string): KeyRef => ({ purpose: 'hmac', owner })

/** A keystore whose asked keys are counted. */
async function newSource(refs: readonly KeyRef[]) {
  const { keystore } = openV1(new Memory())
  for (const ref of refs) await keystore.generate(ref)
  const asked: string[] = []
  const source: Keystore = {
    keys: (ref) => {
      asked.push(`keys ${ref.owner}`)
      return keystore.keys(ref)
    },
    publicKeys: (ref) => {
      asked.push(`public ${ref.owner}`)
      return keystore.publicKeys(ref)
    },
    put: (ref, versions) => keystore.put(ref, versions),
    recoverPublic: (refs) => keystore.recoverPublic(refs),
    putPublic: (ref, versions) => keystore.putPublic(ref, versions),
    generate: (ref) => keystore.generate(ref),
    generateMissing: (ref) => keystore.generateMissing(ref),
    destroy: (ref, index) => keystore.destroy(ref, index),
    list: () => keystore.list(),
    refs: () => keystore.refs(),
    diagnose: (ref) => keystore.diagnose(ref),
    reset: () => asked.push('reset'),
  }
  return { source, asked, keystore }
}

test('every key comes back from memory as it came from the source, at once', async () => {
  const { source, keystore } = await newSource(everyRef)
  const cached = new CachedKeystore(source, 0)
  for (const ref of everyRef) {
    const expected = (await keystore.keys(ref)).map(inHex)
    const first = cached.keys(ref)
    assert.ok(first instanceof Promise)
    assert.deepEqual((await first).map(inHex), expected)
    const second = cached.keys(ref)
    assert.ok(!(second instanceof Promise))
    assert.deepEqual(second.map(inHex), expected)
  }
  assert.equal(cached.size, everyRef.length)
})

test('public halves come back from memory too', async () => {
  const ref: KeyRef = { purpose: 'storage', owner: 'someid' }
  const { source, asked, keystore } = await newSource([ref])
  const cached = new CachedKeystore(source, 0)
  await cached.publicKeys(ref)
  assert.deepEqual(cached.publicKeys(ref), await keystore.publicKeys(ref))
  assert.deepEqual(asked, ['public someid'])
})

test('a pair that is in memory whole gives its public halves at once', async () => {
  const ref: KeyRef = { purpose: 'storage', owner: 'someid' }
  const { source, asked, keystore } = await newSource([ref, ref])
  const cached = new CachedKeystore(source, 0)
  wipeKeys(await cached.keys(ref))
  const publicKeys = cached.publicKeys(ref)
  assert.ok(!(publicKeys instanceof Promise))
  assert.deepEqual(publicKeys.map(hex), (await keystore.publicKeys(ref)).map(hex))
  assert.deepEqual(asked, ['keys someid'])
})

test('what is answered is a copy for the caller to overwrite', async () => {
  const { source } = await newSource([hmac('alice')])
  const cached = new CachedKeystore(source, 0)
  const secrets = await secretsOf(asPromises(cached), hmac('alice'))
  wipeKeys(await cached.keys(hmac('alice')))
  wipeKeys(await cached.keys(hmac('alice')))
  assert.deepEqual(await secretsOf(asPromises(cached), hmac('alice')), secrets)
})

test('the least recently used name goes first', async () => {
  const { source, asked } = await newSource(clientIds.map(hmac))
  const cached = new CachedKeystore(source, 2)
  for (const owner of ['alice', 'bobby', 'alice', 'carol', 'alice', 'bobby'])
    await cached.keys(hmac(owner))
  assert.deepEqual(asked, ['keys alice', 'keys bobby', 'keys carol', 'keys bobby'])
  assert.equal(cached.size, 2)
})

test('size 0 sets no bound', async () => {
  const { source, asked } = await newSource(clientIds.map(hmac))
  const cached = new CachedKeystore(source, 0)
  for (let round = 0; round < 2; round++)
    for (const owner of clientIds) await cached.keys(hmac(owner))
  assert.equal(asked.length, clientIds.length)
})

test('many who ask at once share one reading, each with a copy of its own', async () => {
  const { source, asked } = await newSource([hmac('alice')])
  const cached = new CachedKeystore(source, 0)
  const answers = await Promise.all(Array.from({ length: 10 }, () => cached.keys(hmac('alice'))))
  assert.deepEqual(asked, ['keys alice'])
  const [first, ...others] = answers
  const secret = hex(first![0]!.secret)
  wipeKeys(first!)
  for (const keys of others) assert.equal(hex(keys[0]!.secret), secret)
})

test('a key that is not there is not remembered', async () => {
  const { source, keystore } = await newSource([])
  const cached = new CachedKeystore(source, 0)
  assert.deepEqual(await cached.keys(hmac('alice')), [])
  await keystore.generate(hmac('alice'))
  assert.equal((await cached.keys(hmac('alice'))).length, 1)
})

test('a change through the cache is seen at once, one behind its back after a reset', async () => {
  const ref: KeyRef = { purpose: 'storage', owner: 'someid' }
  const { source, keystore } = await newSource([ref])
  const cached = new CachedKeystore(source, 0)
  const ask = async () => [(await cached.keys(ref)).length, (await cached.publicKeys(ref)).length]
  assert.deepEqual(await ask(), [1, 1])
  await cached.generate(ref)
  assert.deepEqual(await ask(), [2, 2])
  await cached.destroy(ref, 2)
  assert.deepEqual(await ask(), [1, 1])
  const { keystore: other } = openV1(new Memory(), 2)
  for (let round = 0; round < 3; round++) await other.generate(ref)
  await cached.put(ref, await other.keys(ref))
  assert.deepEqual(await ask(), [3, 3])
  await keystore.generate(ref)
  assert.deepEqual(await ask(), [3, 3])
  cached.reset()
  assert.deepEqual(await ask(), [4, 4])
})

test('a reset overwrites the key that seals what is cached, and takes another', async () => {
  const { source } = await newSource([hmac('alice')])
  const sealingKeys: Buffer[] = []
  const newSealingKey = () => {
    sealingKeys.push(Buffer.alloc(32, sealingKeys.length + 1))
    return sealingKeys.at(-1)!
  }
  const cached = new CachedKeystore(source, 0, newSealingKey)
  const secrets = await secretsOf(asPromises(cached), hmac('alice'))
  cached.reset()
  assert.deepEqual(sealingKeys, [Buffer.alloc(32), Buffer.alloc(32, 2)])
  assert.deepEqual(await secretsOf(asPromises(cached), hmac('alice')), secrets)
})

test('what is evicted or forgotten is overwritten', async (t) => {
  const { source } = await newSource(['alice', 'bobby'].map(hmac))
  const cached = new CachedKeystore(source, 1)
  await cached.keys(hmac('alice'))
  const fill = t.mock.method(Uint8Array.prototype, 'fill')
  const overwrittenCells = () => {
    const filled = fill.mock.calls.map((call) => call.this as Uint8Array) // The type of `this` is lost.
    fill.mock.resetCalls()
    return filled.filter((bytes) => bytes.length === 76 && bytes.every((byte) => byte === 0)).length
  }
  await cached.keys(hmac('bobby'))
  assert.equal(overwrittenCells(), 1)
  cached.reset()
  assert.equal(overwrittenCells(), 1)
})

test('a reset overtakes a reading under way: who asked gets the key, the cache does not', async () => {
  const { source } = await newSource([hmac('alice')])
  const cached = new CachedKeystore(source, 0)
  const asked = cached.keys(hmac('alice'))
  cached.reset()
  assert.equal((await asked).length, 1)
  assert.equal(cached.size, 0)
})

test('an error is told to all who asked, and not remembered', async () => {
  const { source } = await newSource([hmac('alice')])
  let fails = true
  const failing: Keystore = {
    ...source,
    keys: async (ref) => {
      if (fails) throw new Error('the disk is broken')
      return source.keys(ref)
    },
  }
  const cached = new CachedKeystore(failing, 0)
  const answers = await Promise.allSettled([1, 2, 3].map(() => cached.keys(hmac('alice'))))
  assert.ok(answers.every(({ status }) => status === 'rejected'))
  fails = false
  assert.equal((await cached.keys(hmac('alice'))).length, 1)
})

test('preloading stops at the size', async () => {
  const { source, asked } = await newSource(clientIds.map(hmac))
  const cached = new CachedKeystore(source, 3)
  await cached.preload(assert.fail)
  assert.equal(cached.size, 3)
  assert.equal(asked.length, 3)
})

test('preloading reads every key once, whatever its versions, and public keys of peers', async () => {
  const { keystore, storage } = openV1(new Memory())
  for (const ref of everyRef) for (let round = 0; round < 2; round++) await keystore.generate(ref)
  await storage.exclusively((writer) => writer.remove('someid', 'private'))
  const cached = new CachedKeystore(keystore, 0)
  await cached.preload(assert.fail)
  assert.equal(cached.size, everyRef.length)
  for (const ref of everyRef) {
    const asked = ref.purpose === 'transport-connector' ? cached.publicKeys(ref) : cached.keys(ref)
    assert.ok(!(asked instanceof Promise), ref.purpose)
  }
})

test('preloading tells of a key that does not open and goes on', async () => {
  const { keystore, storage } = openV1(new Memory())
  for (const owner of clientIds) await keystore.generate(hmac(owner))
  await storage.exclusively(async (writer) =>
    (await writer.stage('bobby_hmac', Buffer.alloc(76), 'private')).commit(),
  )
  const cached = new CachedKeystore(keystore, 0)
  const warnings: string[] = []
  await cached.preload((sentence) => warnings.push(sentence))
  assert.equal(cached.size, clientIds.length - 1)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /^failed to unprotect data: memory:bobby_hmac /)
})

function inHex({ secret, publicKey }: Key) {
  return { secret: hex(secret), publicKey: publicKey && hex(publicKey) }
}

/** `secretsOf` takes keystores that answer late. */
function asPromises(keystore: Keystore) {
  return { keys: async (ref: KeyRef): Promise<readonly Key[]> => keystore.keys(ref) }
}
