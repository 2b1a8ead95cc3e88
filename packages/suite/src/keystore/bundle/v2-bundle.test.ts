import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { test } from 'node:test'
import { KeystoreError } from '../errors.ts'
import { keyId } from '../key-id.ts'
import { purposes } from '../key-ref.ts'
import { Memory } from '../storage/memory.ts'
import { everyRef, hex, openV1, openV2, secretsOf } from '../testing/stores.ts'
import { collectKeys, importKeys, openBundle, sealBundle } from './index.ts'

const vectors = JSON.parse(
  fs.readFileSync(new URL('../../../test/vectors/keystore-v2.json', import.meta.url), 'utf8'),
)
const fromHex = (text: string) => Buffer.from(text, 'hex')
const codeOf = (code: string) => (error: unknown) =>
  error instanceof KeystoreError && error.code === code

/** A store with every key, rotated twice. */
async function fullStore() {
  const store = openV2(new Memory())
  for (const ref of everyRef) for (let i = 0; i < 3; i++) await store.keystore.generate(ref)
  return store
}

test('an export of Acra 0.90 with private keys opens', async () => {
  const { bundle, secret_json } = vectors.export_private_0_90
  const keys = await openBundle({ bundle: fromHex(bundle), secret: Buffer.from(secret_json) })
  assert.ok(keys.length > 0)
  for (const { ref, versions } of keys) {
    assert.ok(
      versions.every(({ secret }) => secret !== null),
      keyId(ref),
    )
    if (ref.purpose !== 'storage') continue
    assert.deepEqual(
      versions.map(({ secret }) => hex(secret!)),
      vectors.plaintext_keys.storage_private_newest_first,
    )
  }
})

test('an export of Acra 0.90 of public keys opens, and holds no private one', async () => {
  const secret = Buffer.from(vectors.export_private_0_90.secret_json)
  const keys = await openBundle({ bundle: fromHex(vectors.export_public_0_90), secret })
  assert.ok(keys.length > 0)
  for (const { versions } of keys) assert.ok(versions.every(({ secret }) => secret === null))
})

for (const name of ['export_by_id_0_96', 'export_all_0_96']) {
  test(`the ${name} of Acra opens and comes into a store`, async () => {
    const { data, secret } = vectors[name]
    const keys = await openBundle({ bundle: fromHex(data), secret: Buffer.from(secret) })
    assert.ok(keys.length > 0)
    const { keystore } = openV2(new Memory(), 9)
    await importKeys(keystore, keys, false)
    assert.ok((await keystore.list()).length >= keys.length)
  })
}

test('every key and its history come through a bundle unchanged, into either layout', async () => {
  const { keystore } = await fullStore()
  for (const open of [openV1, openV2]) {
    const sealed = await sealBundle('v2', await collectKeys(keystore, everyRef, true))
    const target = open(new Memory(), 7)
    await importKeys(target.keystore, await openBundle(sealed), false)
    for (const ref of everyRef)
      assert.deepEqual(
        await secretsOf(target.keystore, ref),
        await secretsOf(keystore, ref),
        keyId(ref),
      )
  }
})

test('a destroyed version is left out, and stands in nobody’s way', async () => {
  const { keystore } = await fullStore()
  const [ref] = everyRef
  await keystore.destroy(ref!, 2)
  const sealed = await sealBundle('v2', await collectKeys(keystore, [ref!], true))
  const target = openV2(new Memory(), 7)
  await importKeys(target.keystore, await openBundle(sealed), false)
  assert.equal((await target.keystore.keys(ref!)).length, 2)
})

test('public halves alone come through a bundle', async () => {
  const { keystore } = await fullStore()
  const sealed = await sealBundle('v2', await collectKeys(keystore, everyRef, false))
  const keys = await openBundle(sealed)
  assert.deepEqual(
    keys.map(({ ref }) => keyId(ref)).sort(),
    everyRef
      .filter(({ purpose }) => purposes[purpose].kind === 'pair')
      .map(keyId)
      .sort(),
  )
  const target = openV2(new Memory(), 7)
  await importKeys(target.keystore, keys, false)
  for (const { ref } of keys)
    assert.deepEqual(
      (await target.keystore.publicKeys(ref)).map(hex),
      (await keystore.publicKeys(ref)).map(hex),
    )
})

test('a bundle that is cut off, changed, or of another secret is refused', async () => {
  const { keystore } = await fullStore()
  const keys = await collectKeys(keystore, everyRef.slice(0, 3), true)
  const { bundle, secret } = await sealBundle('v2', keys)
  const other = await sealBundle('v2', keys)
  await assert.rejects(openBundle({ bundle, secret: other.secret }), codeOf('bundle-not-opened'))
  await assert.rejects(
    openBundle({ bundle, secret: Buffer.alloc(32, 1) }),
    codeOf('bundle-not-opened'),
  )
  for (let size = 0; size < bundle.length; size += 31)
    await assert.rejects(openBundle({ bundle: bundle.subarray(0, size), secret }), KeystoreError)
  for (let at = 0; at < bundle.length; at += 13) {
    const changed = Buffer.from(bundle)
    changed[at]! ^= 1
    await assert.rejects(openBundle({ bundle: changed, secret }), KeystoreError, `byte ${at}`)
  }
})
