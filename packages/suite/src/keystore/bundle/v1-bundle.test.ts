import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { after, test } from 'node:test'
import { sealCell } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { KeystoreError } from '../errors.ts'
import { keyId } from '../key-id.ts'
import { Memory } from '../storage/memory.ts'
import { everyRef, hex, openV1, secretsOf, TestFolders } from '../testing/stores.ts'
import { encodeFiles } from './gob.ts'
import { collectKeys, importKeys } from './index.ts'
import { openBundleV1, sealBundleV1 } from './v1-bundle.ts'

const vectors = JSON.parse(
  fs.readFileSync(new URL('../../../test/vectors/keystore-v1.json', import.meta.url), 'utf8'),
)
const folders = new TestFolders()
after(() => folders.remove())

const fromHex = (text: string) => Buffer.from(text, 'hex')
const codeOf = (code: string) => (error: unknown) =>
  error instanceof KeystoreError && error.code === code

/** A store with every key, rotated twice. */
async function fullStore() {
  const store = openV1(new Memory())
  for (const ref of everyRef) for (let i = 0; i < 3; i++) await store.keystore.generate(ref)
  return store
}

function sealFiles(files: readonly { name: string; content: Buffer }[], secret: Buffer): Buffer {
  return Buffer.from(sealCell(nodePrimitives, secret, encodeFiles(files)))
}

test('a backup of Acra 0.90 opens', () => {
  const { data, master_key } = vectors.backup_0_90
  const keys = openBundleV1({ bundle: fromHex(data), secret: fromHex(master_key) })
  const [hmac, storage] = vectors.backup_0_90_files
  assert.deepEqual([hmac, storage], ['client_one_hmac', 'client_one_storage'])
  assert.deepEqual(keys.map(({ ref }) => keyId(ref)).sort(), [
    'client/client_one/searchable',
    'client/client_one/storage',
  ])
})

test('an export of Acra 0.96 opens, and its stream is the one that is written here', () => {
  const { data, master_key, gob, keys: lines } = vectors.backup_0_96_all
  const keys = openBundleV1({ bundle: fromHex(data), secret: fromHex(master_key) })
  const files = lines.map((line: string) => {
    const [name = '', content = ''] = line.split(' ')
    return { name, content: fromHex(content) }
  })
  assert.equal(hex(encodeFiles(files)), gob)
  const [first] = keys.filter(({ ref }) => ref.purpose === 'hmac')
  assert.equal(hex(first!.versions[0]!.secret!), lines[0].split(' ')[1])
})

test('an export of Acra 0.96 that holds zeros is refused', () => {
  const { data, master_key } = vectors.backup_0_96_explicit_ids_zero_bug
  assert.throws(
    () => openBundleV1({ bundle: fromHex(data), secret: fromHex(master_key) }),
    (error: Error) => /zeros in the place of/.test(error.message),
  )
})

test('every key and its history come through a bundle unchanged, and again into the same store', async () => {
  const { keystore } = await fullStore()
  const keys = await collectKeys(keystore, everyRef, true)
  const opened = openBundleV1(sealBundleV1(keys))
  const target = openV1(new Memory(), 7)
  await importKeys(target.keystore, opened, false)
  await importKeys(target.keystore, opened, false)
  for (const ref of everyRef) {
    const before = await secretsOf(keystore, ref)
    assert.equal(before.length, 3)
    assert.deepEqual(await secretsOf(target.keystore, ref), before, keyId(ref))
  }
})

test('a bundle of public halves has no secret, and comes into a store without them', async () => {
  const { keystore } = await fullStore()
  const keys = await collectKeys(keystore, everyRef, false)
  assert.ok(keys.every(({ versions }) => versions.every(({ secret }) => secret === null)))
  assert.equal(keys.length, 6)
  const target = openV1(new Memory(), 7)
  await importKeys(target.keystore, openBundleV1(sealBundleV1(keys)), false)
  for (const { ref } of keys)
    assert.deepEqual(
      (await target.keystore.publicKeys(ref)).map(hex),
      (await keystore.publicKeys(ref)).map(hex),
    )
})

test('a store that has another key of that name keeps it, and every other one', async () => {
  const { keystore } = await fullStore()
  const opened = openBundleV1(sealBundleV1(await collectKeys(keystore, everyRef, true)))
  const target = openV1(new Memory(), 7)
  const last = everyRef.at(-1)!
  await target.keystore.generate(last)
  const before = await secretsOf(target.keystore, last)
  await assert.rejects(importKeys(target.keystore, opened, false), codeOf('bundle-conflict'))
  assert.deepEqual(await secretsOf(target.keystore, last), before)
  assert.equal((await target.keystore.list()).length, 1)
  await importKeys(target.keystore, opened, true)
  assert.deepEqual(await secretsOf(target.keystore, last), await secretsOf(keystore, last))
})

test('a bundle that is cut off, changed, or of another secret is refused', async () => {
  const { keystore } = await fullStore()
  const { bundle, secret } = sealBundleV1(await collectKeys(keystore, everyRef, true))
  const other = Buffer.alloc(32, 1)
  assert.throws(() => openBundleV1({ bundle, secret: other }), codeOf('bundle-not-opened'))
  assert.throws(
    () => openBundleV1({ bundle, secret: secret.subarray(1) }),
    codeOf('bundle-not-opened'),
  )
  for (let size = 0; size < bundle.length; size += 97)
    assert.throws(() => openBundleV1({ bundle: bundle.subarray(0, size), secret }), KeystoreError)
  for (let at = 0; at < bundle.length; at += 89) {
    const changed = Buffer.from(bundle)
    changed[at]! ^= 1
    assert.throws(() => openBundleV1({ bundle: changed, secret }), KeystoreError, `byte ${at}`)
  }
})

test('a stream that ends anywhere is refused', () => {
  const secret = Buffer.alloc(32, 3)
  const stream = encodeFiles([{ name: 'alice_hmac', content: Buffer.alloc(32, 9) }])
  for (let size = 1; size < stream.length; size++) {
    const bundle = Buffer.from(sealCell(nodePrimitives, secret, stream.subarray(0, size)))
    assert.throws(() => openBundleV1({ bundle, secret }), codeOf('bundle-malformed'), `at ${size}`)
  }
  const longer = Buffer.from(
    sealCell(nodePrimitives, secret, Buffer.concat([stream, Buffer.of(0)])),
  )
  assert.throws(() => openBundleV1({ bundle: longer, secret }), codeOf('bundle-malformed'))
})

test('a bundle with a foreign member is refused whole', () => {
  const secret = Buffer.alloc(32, 3)
  const good = { name: 'alice_hmac', content: Buffer.alloc(32, 9) }
  const content = Buffer.alloc(32, 8)
  for (const name of [
    '../../etc/cron.d/x',
    '/etc/passwd',
    'a',
    '',
    'alice_hmac.old/../x',
    'alice_hmac.old/now',
    'README.md',
    'x\0y_hmac',
  ]) {
    const bundle = sealFiles([good, { name, content }], secret)
    assert.throws(() => openBundleV1({ bundle, secret }), codeOf('bundle-member-unknown'), name)
  }
  const short = sealFiles([good, { name: 'bobby_hmac', content: Buffer.alloc(31, 1) }], secret)
  assert.throws(() => openBundleV1({ bundle: short, secret }), codeOf('bundle-malformed'))
  const twice = sealFiles([good, good], secret)
  assert.throws(() => openBundleV1({ bundle: twice, secret }), codeOf('bundle-malformed'))
})
