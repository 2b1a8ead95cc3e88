import assert from 'node:assert/strict'
import { test } from 'node:test'
import { purposes } from '../key-ref.ts'
import { masterKeyWrapper } from '../master-key/software.ts'
import { Memory } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { everyRef, hex, nameOf, openV1, secretsOf, writeFile } from '../testing/stores.ts'
import { privateFile, publicFile } from './file-names.ts'
import { KeystoreV1 } from './keystore-v1.ts'

async function rename(storage: Storage, from: string, to: string): Promise<void> {
  await writeFile(storage, to, (await storage.read(from, 'private'))!)
  await storage.exclusively((writer) => writer.remove(from, 'private'))
}

for (const ref of everyRef) {
  const { kind, contexts } = purposes[ref.purpose]
  const file = privateFile(ref)

  if (kind === 'pair')
    test(`${nameOf(ref)}: without a master key the public halves come from the public files`, async () => {
      const { keystore, storage } = openV1(new Memory())
      for (let round = 0; round < 3; round++) await keystore.generate(ref)
      await keystore.destroy(ref, 2)
      const publicOnly = new KeystoreV1({
        storage,
        wrapper: null,
        warn: assert.fail,
        now: () => 0n,
      })
      const published = (await publicOnly.publicKeys(ref)).map(hex)
      assert.deepEqual(published, (await keystore.publicKeys(ref)).map(hex))
      await assert.rejects(publicOnly.keys(ref), { code: 'master-key-missing' })
      await keystore.destroy(ref, 1)
      assert.equal(await storage.read(publicFile(ref), 'public'), null)
    })

  test(`${nameOf(ref)}: without a current version there is none, whatever its history holds`, async () => {
    const { keystore, storage } = openV1(new Memory())
    for (let round = 0; round < 2; round++) await keystore.generate(ref)
    await keystore.destroy(ref, 1)
    assert.equal(await storage.read(file, 'private'), null)
    assert.deepEqual(await keystore.keys(ref), [])
  })

  if (contexts.length > 0)
    test(`${nameOf(ref)}: one version that does not open fails the whole list`, async () => {
      const { keystore, storage } = openV1(new Memory(), 1)
      for (let round = 0; round < 3; round++) await keystore.generate(ref)
      const [oldest] = await storage.list(`${file}.old`, 'private')
      await writeFile(storage, `${file}.old/${oldest}`, Buffer.alloc(89))
      await assert.rejects(keystore.keys(ref), {
        code: 'keystore-key-unreadable',
        message: new RegExp(`${oldest}`),
      })
    })
}

test('a symmetric key renamed to a pair of the same owner is told from one, and the reverse', async () => {
  const { keystore, storage } = openV1(new Memory())
  const pair = { purpose: 'storage', owner: 'someid' } as const
  const symmetric = { purpose: 'hmac', owner: 'someid' } as const
  await keystore.generate(symmetric)
  await rename(storage, 'someid_hmac', 'someid_storage')
  await assert.rejects(keystore.keys(pair), {
    code: 'keystore-key-malformed',
    message:
      /^not a key of this kind: memory:someid_storage does not hold the storage key pair of someid; /,
  })
  await storage.exclusively((writer) => writer.remove('someid_storage', 'private'))
  await keystore.generate(pair)
  await rename(storage, 'someid_storage', 'someid_hmac')
  await assert.rejects(keystore.keys(symmetric), { code: 'keystore-key-malformed' })
})

test('a pair renamed to another pair of the same owner opens, with a warning that the halves differ', async () => {
  const { keystore, storage, warnings } = openV1(new Memory())
  const owner = 'someid'
  await keystore.generate({ purpose: 'storage', owner })
  await keystore.generate({ purpose: 'transport-server', owner })
  await rename(storage, 'someid_storage', 'someid_server')
  assert.equal((await keystore.keys({ purpose: 'transport-server', owner })).length, 1)
  assert.deepEqual(warnings, [
    'public key memory:someid_server.pub does not belong to the private key beside it',
  ])
})

test('a replaced public file is not used where the private one is here', async () => {
  const { keystore, storage, warnings } = openV1(new Memory())
  const ref = { purpose: 'storage', owner: 'someid' } as const
  await keystore.generate(ref)
  const [right] = await keystore.publicKeys(ref)
  const { keystore: other, storage: otherStorage } = openV1(new Memory())
  await other.generate(ref)
  const wrong = (await otherStorage.read('someid_storage.pub', 'public'))!
  await writeFile(storage, 'someid_storage.pub', wrong, 'public')
  assert.deepEqual((await keystore.publicKeys(ref)).map(hex), [hex(right!)])
  assert.equal(warnings.length, 1)
  const before = warnings.length
  await keystore.generate(ref)
  assert.deepEqual(warnings.slice(before), [
    'public key memory:someid_storage.pub did not belong to its private key and is written again',
  ])
  const [current, rotated] = await keystore.keys(ref)
  const publicOnly = new KeystoreV1({ storage, wrapper: null, warn: assert.fail, now: () => 0n })
  const published = await publicOnly.publicKeys(ref)
  assert.deepEqual(published[0], Buffer.from(current!.publicKey!))
  assert.deepEqual(published[1], Buffer.from(rotated!.publicKey!))
})

test('the public key of a peer is read without its private half, and must be one', async () => {
  const { keystore, storage } = openV1(new Memory())
  const ref = { purpose: 'transport-connector', owner: 'someid' } as const
  const { keystore: peer, storage: peerStorage } = openV1(new Memory(), 3)
  await peer.generate(ref)
  const published = (await peerStorage.read('someid.pub', 'public'))!
  await writeFile(storage, 'someid.pub', published, 'public')
  assert.deepEqual(await keystore.publicKeys(ref), [published])
  assert.deepEqual(await keystore.keys(ref), [])
  assert.deepEqual(await keystore.list(), [{ ref, index: 1, rotatedAt: null, publicOnly: true }])
  await writeFile(storage, 'someid.pub', published.subarray(1), 'public')
  await assert.rejects(keystore.publicKeys(ref), { code: 'keystore-key-malformed' })
})

test('a poison key that the original imported under the context of the pair opens', async () => {
  const { keystore, storage } = openV1(new Memory())
  const ref = { purpose: 'poison-symmetric', owner: null } as const
  await keystore.generate(ref)
  const secrets = await secretsOf(keystore, ref)
  const wrapper = masterKeyWrapper(new Uint8Array(32).fill(1))
  const wrapped = await wrapper.wrap(Buffer.from(secrets[0]!, 'hex'), ref, '.poison_key/poison_key')
  await writeFile(storage, '.poison_key/poison_key_sym', wrapped)
  assert.deepEqual(await secretsOf(keystore, ref), secrets)
})

test('an owner that does not fit is refused before anything is read or written', async () => {
  const untouchable: Storage = {
    place: '',
    read: () => assert.fail(),
    verify: () => assert.fail(),
    readMany: () => assert.fail(),
    names: () => assert.fail(),
    list: () => assert.fail(),
    locate: () => assert.fail(),
    exclusively: () => assert.fail(),
  }
  const { keystore } = openV1(untouchable)
  const bad = [
    null,
    '',
    'abcd',
    '../../etc',
    'a/b/c/d',
    '.....',
    'some.id',
    'some\0id',
    'x'.repeat(257),
  ]
  for (const ref of everyRef) {
    const wrong = purposes[ref.purpose].owner === null ? ['someid', ''] : bad
    for (const owner of wrong) {
      const refused = { code: 'keystore-owner-invalid' }
      const misfit = { purpose: ref.purpose, owner }
      await assert.rejects(keystore.keys(misfit), refused)
      await assert.rejects(keystore.generate(misfit), refused)
      await assert.rejects(keystore.put(misfit, []), refused)
      await assert.rejects(keystore.destroy(misfit, 1), refused)
      if (purposes[ref.purpose].kind === 'pair')
        await assert.rejects(keystore.publicKeys(misfit), refused)
    }
  }
})
