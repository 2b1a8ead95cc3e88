import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masterKeyPairWrapper, masterKeyWrapper } from '../master-key/software.ts'
import { Memory } from '../storage/memory.ts'
import { layouts, openV2, secretsOf, writeFile } from '../testing/stores.ts'
import { DerReader, derTags, encodeElement, encodeInteger, encodeTime } from './der.ts'
import { decodeKeyRing, encodeKeyRing } from './key-ring.ts'
import { KeystoreV2 } from './keystore-v2.ts'
import { contentTypes, encodeSignedContainer } from './signed-container.ts'

const ref = { purpose: 'storage', owner: 'someid' } as const
const file = layouts.v2.file(ref)
/** That of `openV2`. */
const wrapper = masterKeyPairWrapper({
  encryption: new Uint8Array(32).fill(1),
  signature: new Uint8Array(32).fill(101),
})
const sign = wrapper.sign!

test('the ring of another purpose is refused though its signature is right for the place', async () => {
  const { keystore, storage } = openV2(new Memory())
  const ring = encodeKeyRing({ purpose: 'client/someid/other', keys: [], current: -1 })
  const content = { type: contentTypes.ring, lastModified: new Date(0), data: ring }
  const context = 'AKSv2 keystore: key ring signature: client/someid/storage'
  await writeFile(storage, file, await encodeSignedContainer(content, context, sign))
  await assert.rejects(keystore.keys(ref), {
    code: 'keystore-key-malformed',
    message: `not a key ring: memory:${file} does not hold the storage key pair of someid: there is the purpose of another key; it is damaged`,
  })
})

test('an empty ring, which the original makes by looking, holds no key and takes one', async () => {
  const { keystore, storage } = openV2(new Memory())
  const ring = encodeKeyRing({ purpose: 'client/someid/storage', keys: [], current: -1 })
  const content = { type: contentTypes.ring, lastModified: new Date(0), data: ring }
  const context = 'AKSv2 keystore: key ring signature: client/someid/storage'
  await writeFile(storage, file, await encodeSignedContainer(content, context, sign))
  assert.deepEqual(await keystore.keys(ref), [])
  assert.deepEqual(await keystore.list(), [])
  assert.equal(await keystore.generateMissing(ref), true)
  assert.equal((await keystore.keys(ref)).length, 1)
})

test('where the current key is destroyed the rotated ones still open what they sealed', async () => {
  const { keystore } = openV2(new Memory())
  for (let round = 0; round < 3; round++) await keystore.generate(ref)
  const [, second, first] = await secretsOf(keystore, ref)
  await keystore.destroy(ref, 1)
  assert.deepEqual(await secretsOf(keystore, ref), [second, first])
  assert.deepEqual(
    (await keystore.list()).map(({ index }) => index),
    [2, 3],
  )
  await keystore.generate(ref)
  assert.deepEqual((await secretsOf(keystore, ref)).slice(1), [second, first])
})

test('a ring that cannot be read is listed with a warning that names it', async () => {
  const { keystore, storage, warnings } = openV2(new Memory())
  await keystore.generate(ref)
  await writeFile(storage, file, Buffer.alloc(40))
  assert.deepEqual(
    (await keystore.list()).map(({ ref: listed }) => listed),
    [ref],
  )
  assert.equal(warnings.length, 1)
  assert.ok(warnings[0]!.includes(`memory:${file}`))
})

test('what the original left of a write that was cut off is removed with the next one', async () => {
  const { keystore, storage, warnings } = openV2(new Memory())
  await writeFile(storage, `${file}.new`, Buffer.of(1))
  await keystore.generate(ref)
  assert.equal(await storage.read(`${file}.new`, 'private'), null)
  assert.deepEqual(
    (await keystore.list()).map(({ index }) => index),
    [1],
  )
  assert.deepEqual(warnings, [])
})

test('without a master key, and with that of a keystore v1, it says what is missing', async () => {
  const storage = new Memory()
  await openV2(storage).keystore.generate(ref)
  const around = { storage, warn: assert.fail, now: () => 0n }
  const none = new KeystoreV2({ ...around, wrapper: null })
  await assert.rejects(none.keys(ref), { code: 'master-key-missing' })
  const ofV1 = new KeystoreV2({ ...around, wrapper: masterKeyWrapper(new Uint8Array(32)) })
  await assert.rejects(ofV1.keys(ref), { code: 'master-key-malformed' })
})

test('times are read with Z, with an offset as the original writes local time, and of any century', () => {
  const time = (tag: number, text: string) =>
    new DerReader(encodeElement(tag, Buffer.from(text))).time().toISOString()
  assert.equal(time(derTags.utcTime, '261124031342Z'), '2026-11-24T03:13:42.000Z')
  assert.equal(time(derTags.utcTime, '261124061342+0300'), '2026-11-24T03:13:42.000Z')
  assert.equal(time(derTags.utcTime, '2611240313Z'), '2026-11-24T03:13:00.000Z')
  assert.equal(time(derTags.utcTime, '991231235959-0130'), '2000-01-01T01:29:59.000Z')
  assert.equal(time(derTags.generalizedTime, '20520101000000Z'), '2052-01-01T00:00:00.000Z')
  for (const text of ['', '261324031342Z', '26112403134', '261124031342', '261124031342+03'])
    assert.throws(() => time(derTags.utcTime, text), text)
  for (const iso of ['2049-12-31T23:59:59.000Z', '2050-01-01T00:00:00.000Z'])
    assert.equal(new DerReader(encodeTime(new Date(iso))).time().toISOString(), iso)
})

test('integers have one form each', () => {
  for (const value of [0, 1, -1, 127, 128, -128, -129, 255, 256, 65_535, 2 ** 31 - 1, -(2 ** 31)])
    assert.equal(new DerReader(encodeInteger(value)).integer(), value)
  assert.equal(encodeInteger(-1).toString('hex'), '0201ff')
  assert.equal(new DerReader(Buffer.from('0a0106', 'hex')).integer(), 6)
  for (const bad of ['0200', '02020001', '0202ffff', '0205010203040506', '020201', '028101ff'])
    assert.throws(() => new DerReader(Buffer.from(bad, 'hex')).integer(), bad)
})

test('a ring whose keys are out of order, twice, or without the current one is refused', () => {
  const key = (seqnum: number) => ({
    seqnum,
    state: 1,
    validSince: new Date(0),
    validUntil: new Date(0),
    data: [],
  })
  const ring = (seqnums: number[], current: number) =>
    encodeKeyRing({ purpose: 'x', keys: seqnums.map(key), current })
  assert.equal(decodeKeyRing(ring([1, 3], 3)).keys.length, 2)
  for (const bad of [ring([2, 1], 1), ring([1, 1], 1), ring([0], 0), ring([1], 2)])
    assert.throws(() => decodeKeyRing(bad))
})
