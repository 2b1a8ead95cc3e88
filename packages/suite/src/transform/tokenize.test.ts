import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { BlockKey, openBlock } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import fc from 'fast-check'
import { BufferSink } from '../foundation/index.ts'
import { redisOptions } from '../net/redis/index.ts'
import { settle } from '../options/index.ts'
import {
  decodeRecord,
  encodeRecord,
  openTokenStore,
  type TokenStore,
  tokenOptions,
} from '../tokens/index.ts'
import type { TokenType } from './settings/index.ts'
import { accessOf, MemoryKeystore, settingOf, tokensIn } from './testing/index.ts'
import { encodeTokenText, randomToken } from './token-values.ts'
import type { Access, Column } from './transform.ts'
import { columnFor } from './transforms.ts'

const silent = {
  opened: () => {},
  notOpened: () => {},
  sealed: () => {},
  notSealed: () => {},
  notVerified: () => {},
  keysFailed: () => {},
  tokenFailed: () => {},
}
const newStore = () => placed('')
/** A store in a file, or in memory where that has no name. */
function placed(file: string): Promise<TokenStore> {
  const { values } = settle({ ...tokenOptions, ...redisOptions }, new Map(), new Map())
  return openTokenStore({ ...values, token_db: file }, {}, assert.fail)
}
const samples: Readonly<Record<TokenType, readonly string[]>> = {
  int32: ['0', '-5', '70000', '2147483647', '-2147483648'],
  int64: ['1', '1234567890123', '-9223372036854775808'],
  str: ['some string', 'ünïcode', 'x'.repeat(300)],
  bytes: ['\u0000\u0001', 'bytes of any kind'],
  email: ['user@example.com', 'a@b.de', 'x@y'],
}
const types = Object.keys(samples) as TokenType[]

async function access(clientId = 'alice', options: Partial<Access> = {}): Promise<Access> {
  const keystore = new MemoryKeystore().generate('alice').generate('bob')
  return accessOf(clientId, keystore, { tokens: tokensIn(await newStore()), ...options })
}

function tokenized(type: TokenType, consistent = false, clientId: string | null = null): Column {
  const equality = consistent ? 'whole' : 'none'
  return columnFor(settingOf({ tokenization: { type, consistent }, equality, clientId }))
}

async function protect(column: Column, plain: string | Buffer, of: Access): Promise<Buffer> {
  const out = new BufferSink()
  await column.protect(typeof plain === 'string' ? Buffer.from(plain) : plain, of, out)
  return out.take()
}

async function reveal(column: Column, stored: Buffer, of: Access): Promise<string | null> {
  const out = new BufferSink()
  return (await column.reveal(stored, of, out)) ? out.take().toString() : null
}

test('a token has the type and size of its value, and is turned into it again', async () => {
  const alice = await access()
  for (const type of types) {
    for (const plain of samples[type]) {
      const token = await protect(tokenized(type), plain, alice)
      assert.notEqual(token.toString(), plain)
      if (type === 'int32' || type === 'int64') assert.ok(encodeTokenText(type, token) !== null)
      else assert.equal(token.length, Buffer.byteLength(plain), `${type} ${plain}`)
      if (type === 'str') assert.match(token.toString(), /^[a-zA-Z0-9]+$/)
      if (type === 'email') assert.match(token.toString(), /\.[a-z]+$/)
      assert.equal(await reveal(tokenized(type), token, alice), plain)
    }
  }
})

test('addresses look like addresses: one sign in the middle, a known ending', () => {
  const size = fc.integer({ min: 5, max: 60 })
  fc.assert(
    fc.property(size, (length) => {
      const email = randomToken('email', length, nodePrimitives.random)!.toString()
      assert.equal(email.length, length)
      const ending = /\.(com|net|org|edu|info|au|br|de|jp|et|us)$/.exec(email)
      assert.ok(ending, email)
      assert.equal(email.indexOf('@'), Math.floor((length - ending[0].length) / 2), email)
    }),
  )
  assert.equal(randomToken('email', 2, nodePrimitives.random), null)
})

test('a consistent token is one and the same, and found; others are not', async () => {
  const alice = await access()
  for (const type of types) {
    const column = tokenized(type, true)
    const [plain] = samples[type]
    const token = await protect(column, plain, alice)
    assert.deepEqual(await protect(column, plain, alice), token)
    const [form] = await column.search!.forms(Buffer.from(plain), alice)
    assert.deepEqual(Buffer.from(form), token)
    assert.equal(column.search?.prefixSize, null)
    const random = tokenized(type)
    assert.equal(random.search, null)
    assert.equal(await reveal(column, token, alice), plain)
  }
})

test('one value that many write at once has one token', async () => {
  const alice = await access()
  const column = tokenized('str', true)
  const tokens = await Promise.all(
    Array.from({ length: 20 }, () => protect(column, 'some string', alice)),
  )
  assert.equal(new Set(tokens.map(String)).size, 1)
})

test('a search for what has no token makes none, and finds nothing', async () => {
  const tokens = await newStore()
  const alice = await access('alice', { tokens: tokensIn(tokens) })
  const column = tokenized('str', true)
  const token = await protect(column, 'some string', alice)
  const [form] = await column.search!.forms(Buffer.from('more string'), alice)
  assert.notDeepEqual(Buffer.from(form), token)
  let records = 0
  await tokens.scan(() => {
    records++
    return 'keep'
  })
  assert.equal(records, 2)
})

test('tokens are resolved for the client that they belong to, and for no other', async () => {
  const keystore = new MemoryKeystore().generate('alice').generate('bob')
  const tokens = await newStore()
  const alice = accessOf('alice', keystore, { tokens: tokensIn(tokens) })
  const bob = accessOf('bob', keystore, { tokens: tokensIn(tokens) })
  const token = await protect(tokenized('str', true), 'some string', alice)
  assert.equal(await reveal(tokenized('str', true), token, bob), null)
  const bobs = await protect(tokenized('str', true, 'bob'), 'some string', alice)
  assert.equal(await reveal(tokenized('str', true, 'bob'), bobs, bob), 'some string')
  assert.notDeepEqual(token, bobs)
})

test('rotated keys still resolve tokens, and find them', async () => {
  const keystore = new MemoryKeystore().generate('alice')
  const tokens = await newStore()
  const column = tokenized('email', true)
  const token = await protect(
    column,
    'user@example.com',
    accessOf('alice', keystore, { tokens: tokensIn(tokens) }),
  )
  keystore.generate('alice')
  const alice = accessOf('alice', keystore, { tokens: tokensIn(tokens) })
  assert.equal(await reveal(column, token, alice), 'user@example.com')
  assert.deepEqual(await protect(column, 'user@example.com', alice), token)
})

test('a known token stays as it is only while a dump is restored; another value gets a token then too', async () => {
  const store = await newStore()
  const keystore = new MemoryKeystore().generate('alice').generate('bob')
  const usual = accessOf('alice', keystore, { tokens: tokensIn(store) })
  const restoring = { ...usual, tokens: tokensIn(store, undefined, true) }
  const bob = accessOf('bob', keystore, { tokens: restoring.tokens })
  for (const consistent of [false, true]) {
    for (const type of types) {
      const column = tokenized(type, consistent)
      const [plain] = samples[type]
      const token = await protect(column, plain!, usual)
      assert.deepEqual(await protect(column, token, restoring), token)
      assert.equal(await reveal(column, token, usual), plain)
      assert.notDeepEqual(await protect(column, token, usual), token)
      assert.notDeepEqual(await protect(column, token, bob), token, 'of another client')
      const fresh = await protect(column, samples[type][1]!, restoring)
      assert.equal(await reveal(column, fresh, usual), samples[type][1])
    }
  }
})

test('values of another type are refused, and nothing is written', async () => {
  const alice = await access()
  for (const [type, plain] of [
    ['int32', 'text'],
    ['int32', '2147483648'],
    ['int32', '1.5'],
    ['int64', '9223372036854775808'],
    ['email', 'a@'],
  ] as const) {
    const out = new BufferSink()
    const writing = async () => tokenized(type).protect(Buffer.from(plain), alice, out)
    await assert.rejects(writing, { code: 'transform-not-tokenized' }, plain)
    assert.equal(out.length, 0)
  }
})

test('an empty value stays empty; values that are no tokens stay as they are', async () => {
  const alice = await access()
  for (const type of types) {
    assert.equal((await protect(tokenized(type), '', alice)).length, 0)
    for (const stored of ['', '12', 'unknown', 'a@b.com']) {
      assert.equal(await reveal(tokenized(type), Buffer.from(stored), alice), null)
    }
  }
})

test('a disabled token is answered as it is, and its value not given another one', async () => {
  const tokens = await newStore()
  const alice = await access('alice', { tokens: tokensIn(tokens) })
  const column = tokenized('str', true)
  const token = await protect(column, 'some string', alice)
  const change = (disabled: boolean) =>
    tokens.scan(({ value }) => encodeRecord({ ...decodeRecord(value), disabled }))
  await change(true)
  assert.equal(await reveal(column, token, alice), null)
  await assert.rejects(protect(column, 'some string', alice), {
    message: 'the token of a value for "users"."email" is disabled',
  })
  await change(false)
  assert.equal(await reveal(column, token, alice), 'some string')
})

test('a store that is down fails what is written, and answers tokens as they are, and is told', async () => {
  const down = () => {
    throw new Error('down')
  }
  const tokens: TokenStore = {
    get: down,
    add: down,
    replace: down,
    scan: async () => down(),
    close: async () => {},
  }
  const told: string[] = []
  const counted: string[] = []
  const observer = {
    tokenized: (type: string, success: boolean) => counted.push(`tokenized ${type} ${success}`),
    detokenized: (type: string, success: boolean) => counted.push(`detokenized ${type} ${success}`),
    ...silent,
    tokenFailed: (error: unknown) => told.push((error as Error).message),
  }
  const alice = await access('alice', { tokens: tokensIn(tokens), observer })
  for (const consistent of [false, true]) {
    const out = new BufferSink()
    const column = tokenized('str', consistent)
    const writing = async () => column.protect(Buffer.from('secret'), alice, out)
    await assert.rejects(writing, { code: 'transform-not-tokenized' })
    assert.equal(out.length, 0)
    assert.equal(await reveal(column, Buffer.from('aToken'), alice), null)
  }
  assert.deepEqual(told, ['down', 'down'])
  const failures = ['tokenized str false', 'detokenized str false']
  assert.deepEqual(counted, [...failures, ...failures])
})

test('what is given a token, and what becomes of tokens, is counted by type', async () => {
  const counted: string[] = []
  const observer = {
    ...silent,
    tokenized: (type: string, success: boolean) => counted.push(`tokenized ${type} ${success}`),
    detokenized: (type: string, success: boolean) => counted.push(`detokenized ${type} ${success}`),
  }
  const alice = await access('alice', { observer })
  const token = await protect(tokenized('int32'), '7', alice)
  await reveal(tokenized('int32'), token, alice)
  await reveal(tokenized('email'), Buffer.from('un@known.de'), alice)
  await assert.rejects(async () => protect(tokenized('int64'), 'seven', alice))
  assert.deepEqual(counted, [
    'tokenized int32 true',
    'detokenized int32 true',
    'detokenized email false',
    'tokenized int64 false',
  ])
})

test('the use of a token is noted once a day, by the clock that is given', async () => {
  const store = await newStore()
  let now = 1_000_000
  const alice = await access('alice', { tokens: tokensIn(store, () => now) })
  const token = await protect(tokenized('str'), 'some string', alice)
  const accessed: number[] = []
  const use = async () => {
    assert.equal(await reveal(tokenized('str'), token, alice), 'some string')
    await store.scan(({ value }) => {
      const record = decodeRecord(value)
      assert.equal(record.created, 1_000_000)
      accessed.push(record.accessed)
      return 'keep'
    })
  }
  const day = 24 * 60 * 60
  for (const step of [0, day, 1, day]) {
    now += step
    await use()
  }
  assert.deepEqual(accessed, [1_000_000, 1_000_000, 1_086_401, 1_086_401])
})

test('a token that is taken is followed by the next random one', async () => {
  const tokens = tokensIn(await newStore())
  const bytes = [1, 1, 2]
  const random = (size: number) => new Uint8Array(size).fill(bytes.shift()!)
  const alice = await access('alice', { tokens: { ...tokens, random } })
  const first = await protect(tokenized('bytes'), 'one', alice)
  const second = await protect(tokenized('bytes'), 'two', alice)
  assert.deepEqual([first.toString('hex'), second.toString('hex')], ['010101', '020202'])
})

test('values whose type has no more tokens are refused in the end', async () => {
  const alice = await access()
  const tokens: TokenStore = { ...(await newStore()), add: () => false }
  const writing = protect(tokenized('str'), 'x', { ...alice, tokens: tokensIn(tokens) })
  await assert.rejects(writing, { message: /^can't generate new random value/ })
})

interface Vector {
  readonly client_id: string
  readonly type: TokenType
  readonly token: string | number
  readonly value: string | number
  readonly zone_id?: string
  readonly records: Readonly<Record<string, string>>
  readonly context_digest: string
}
const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/tokens.json', import.meta.url), 'utf8'),
) as {
  readonly tokens: readonly Vector[]
  readonly bolt: { client_id: string; token: string; value: string; symmetric_key_newest: string }
}

test('records stand under the names of the original, with what it keeps in them', async () => {
  for (const vector of vectors.tokens) {
    if (vector.zone_id) continue
    const secret = Buffer.alloc(32, 5)
    const sealer = new BlockKey(nodePrimitives, secret, Buffer.from(vector.client_id))
    const tokens = await newStore()
    const keystore = {
      keys: ({ purpose }: { purpose: string }) =>
        purpose === 'storage-symmetric' ? [{ secret: secret.slice(), publicKey: null }] : [],
      publicKeys: () => [],
    }
    const base = accessOf(vector.client_id, new MemoryKeystore(), { tokens: tokensIn(tokens) })
    const { KeysInUse } = await import('./keys-in-use.ts')
    const keys = new KeysInUse({
      keystore,
      primitives: nodePrimitives,
      clientsMax: 9,
      now: () => 0,
    })
    const of = { ...base, keys }
    const text = (value: string | number) =>
      vector.type === 'bytes' ? Buffer.from(String(value), 'hex') : Buffer.from(String(value))
    const names = Object.keys(vector.records).sort()
    // The original's records, sealed: our column reads them.
    const { sealBlock } = await import('@acra-ts/crypto')
    for (const name of names) {
      const out = new BufferSink()
      sealBlock(sealer, Buffer.from(vector.records[name]!, 'hex'), out)
      const record = { data: out.take(), created: 1, accessed: 2_000_000_000, disabled: false }
      await tokens.add(
        Buffer.from(vector.context_digest, 'hex'),
        Buffer.from(name, 'hex'),
        encodeRecord(record),
      )
    }
    const column = tokenized(vector.type, true)
    const shown = new BufferSink()
    assert.equal(await column.reveal(text(vector.token), of, shown), true, vector.type)
    assert.deepEqual(shown.take(), text(vector.value))
    const stored = new BufferSink()
    await column.protect(text(vector.value), of, stored)
    assert.deepEqual(stored.take(), text(vector.token))
    // And what our column keeps of the same value is the same record.
    const own = await newStore()
    await column.protect(text(vector.value), { ...of, tokens: tokensIn(own) }, new BufferSink())
    await own.scan(({ bucket, key, value }) => {
      assert.equal(bucket.toString('hex'), vector.context_digest)
      if (key.subarray(0, 2).toString() !== 'h.') {
        const opened = new BufferSink()
        const { data } = decodeRecord(value)
        assert.ok(openBlock([sealer], data, 0, data.length, opened))
        const original = names.find((name) => name.startsWith('742e'))!
        assert.equal(opened.take().toString('hex'), vector.records[original])
      } else assert.ok(names.includes(key.toString('hex')))
      return 'keep'
    })
  }
})

test('a token in a file of the original is resolved with the key of its client', async () => {
  const { bolt } = vectors
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')
  const { gunzipSync } = await import('node:zlib')
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  const path = join(folder, 'token.db')
  const file = (bolt as unknown as { file_gzip_base64: string }).file_gzip_base64
  writeFileSync(path, gunzipSync(Buffer.from(file, 'base64')))
  const tokens = await placed(path)
  const secret = Buffer.from(bolt.symmetric_key_newest, 'hex')
  const { KeysInUse } = await import('./keys-in-use.ts')
  const keystore = {
    keys: ({ purpose }: { purpose: string }) =>
      purpose === 'storage-symmetric' ? [{ secret: secret.slice(), publicKey: null }] : [],
    publicKeys: () => [],
  }
  const keys = new KeysInUse({ keystore, primitives: nodePrimitives, clientsMax: 9, now: () => 0 })
  const of = {
    ...accessOf(bolt.client_id, new MemoryKeystore(), { tokens: tokensIn(tokens) }),
    keys,
  }
  assert.equal(await reveal(tokenized('str', true), Buffer.from(bolt.token), of), bolt.value)
  assert.equal((await protect(tokenized('str', true), bolt.value, of)).toString(), bolt.token)
  await tokens.close()
  rmSync(folder, { recursive: true })
})
