import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrivateKey, publicKeyOf } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { purposes } from '../key-ref.ts'
import { masterKeyWrapper } from '../master-key/software.ts'
import { Memory } from '../storage/memory.ts'
import type { Storage, Visibility } from '../storage/storage.ts'
import { everyRef, hex, nameOf, openV1, secretsOf } from '../testing/stores.ts'
import { privateFile, publicFile } from './file-names.ts'
import { KeystoreV1 } from './keystore-v1.ts'

async function write(
  storage: Storage,
  path: string,
  content: Uint8Array,
  visibility: Visibility = 'private',
): Promise<void> {
  await storage.exclusively(async (writer) =>
    (await writer.stage(path, content, visibility)).commit(),
  )
}

async function rename(storage: Storage, from: string, to: string): Promise<void> {
  await write(storage, to, (await storage.read(from, 'private'))!)
  await storage.exclusively((writer) => writer.remove(from, 'private'))
}

for (const ref of everyRef) {
  const { kind, contexts, owner: ownerKind } = purposes[ref.purpose]
  const file = privateFile(ref)

  test(`${nameOf(ref)}: there is none, then one, then the newest first`, async () => {
    const { keystore, warnings } = openV1(new Memory())
    assert.deepEqual(await keystore.keys(ref), [])
    const made: string[] = []
    for (let round = 1; round <= 4; round++) {
      await keystore.generate(ref)
      const secrets = await secretsOf(keystore, ref)
      assert.equal(secrets.length, round)
      assert.deepEqual(secrets.slice(1), made)
      made.unshift(secrets[0]!)
    }
    assert.equal(new Set(made).size, 4)
    assert.ok(made.every((secret) => secret.length === (kind === 'pair' ? 90 : 64)))
    assert.deepEqual(warnings, [])
  })

  if (kind === 'pair')
    test(`${nameOf(ref)}: the public halves are those of the private ones, with and without master key`, async () => {
      const { keystore, storage } = openV1(new Memory())
      assert.deepEqual(await keystore.publicKeys(ref), [])
      for (let round = 0; round < 3; round++) await keystore.generate(ref)
      const keys = await keystore.keys(ref)
      assert.ok(keys.every(({ secret }) => isPrivateKey(secret)))
      const computed = keys.map(({ secret }) => hex(publicKeyOf(nodePrimitives, secret)))
      assert.deepEqual(
        keys.map(({ publicKey }) => hex(publicKey!)),
        computed,
      )
      assert.deepEqual((await keystore.publicKeys(ref)).map(hex), computed)
      const publicOnly = new KeystoreV1({
        storage,
        wrapper: null,
        warn: assert.fail,
        now: () => 0n,
      })
      assert.deepEqual((await publicOnly.publicKeys(ref)).map(hex), computed)
      await assert.rejects(publicOnly.keys(ref), { code: 'master-key-missing' })
    })
  else
    test(`${nameOf(ref)}: asking for a public half is a mistake of the program`, () =>
      assert.rejects(openV1(new Memory()).keystore.publicKeys(ref), TypeError))

  test(`${nameOf(ref)}: what is put comes back, and takes the place of what was there`, async () => {
    const { keystore } = openV1(new Memory())
    for (let round = 0; round < 3; round++) await keystore.generate(ref)
    const { keystore: other } = openV1(new Memory(), 2)
    for (let round = 0; round < 2; round++) await other.generate(ref)
    await other.put(ref, await keystore.keys(ref))
    assert.deepEqual(await secretsOf(other, ref), await secretsOf(keystore, ref))
    if (kind === 'pair')
      assert.deepEqual(await other.publicKeys(ref), await keystore.publicKeys(ref))
    assert.deepEqual(
      (await other.list()).map(({ index }) => index),
      [1, 2, 3],
    )
  })

  test(`${nameOf(ref)}: bytes that are no such key are not put`, async () => {
    const { keystore } = openV1(new Memory())
    for (const size of [0, 1, 31, 33, 45])
      await assert.rejects(keystore.put(ref, [{ secret: new Uint8Array(size), publicKey: null }]), {
        code: 'keystore-key-unfit',
      })
    assert.deepEqual(await keystore.list(), [])
  })

  test(`${nameOf(ref)}: a destroyed version is gone, numbered as listed`, async () => {
    const { keystore, storage } = openV1(new Memory())
    for (let round = 0; round < 4; round++) await keystore.generate(ref)
    const [fourth, third, second, first] = await secretsOf(keystore, ref)
    await assert.rejects(keystore.destroy(ref, 5), { code: 'keystore-key-missing' })
    for (const index of [0, -1, 1.5])
      await assert.rejects(keystore.destroy(ref, index), { code: 'keystore-key-missing' })
    await keystore.destroy(ref, 3)
    assert.deepEqual(await secretsOf(keystore, ref), [fourth, third, first])
    await keystore.destroy(ref, 2)
    assert.deepEqual(await secretsOf(keystore, ref), [fourth, third])
    if (kind === 'pair') {
      const publicOnly = new KeystoreV1({
        storage,
        wrapper: null,
        warn: assert.fail,
        now: () => 0n,
      })
      assert.deepEqual(
        (await publicOnly.publicKeys(ref)).map(hex),
        (await keystore.publicKeys(ref)).map(hex),
      )
    }
    await keystore.destroy(ref, 1)
    assert.deepEqual(await keystore.keys(ref), [])
    assert.equal(await storage.read(file, 'private'), null)
    if (kind === 'pair') assert.equal(await storage.read(publicFile(ref), 'public'), null)
    await assert.rejects(keystore.destroy(ref, 1), { code: 'keystore-key-missing' })
    assert.notEqual(second, first)
  })

  if (contexts.length > 0) {
    test(`${nameOf(ref)}: under another master key it does not open, is not rotated, and nothing changes`, async () => {
      const { keystore, storage } = openV1(new Memory(), 1)
      await keystore.generate(ref)
      const secrets = await secretsOf(keystore, ref)
      const { keystore: foreign } = openV1(storage, 2)
      const expected = {
        code: 'keystore-key-unreadable',
        message: new RegExp(
          `^failed to unprotect data: memory:${file.replaceAll('.', '\\.')} does not open as the .*: it was made with another master key, was renamed, belongs to another client id, or is damaged$`,
        ),
      }
      await assert.rejects(foreign.keys(ref), expected)
      await assert.rejects(foreign.generate(ref), expected)
      assert.deepEqual(await secretsOf(keystore, ref), secrets)
    })

    test(`${nameOf(ref)}: one version that does not open fails the whole list`, async () => {
      const { keystore, storage } = openV1(new Memory(), 1)
      for (let round = 0; round < 3; round++) await keystore.generate(ref)
      const [oldest] = await storage.list(`${file}.old`, 'private')
      await write(storage, `${file}.old/${oldest}`, Buffer.alloc(89))
      await assert.rejects(keystore.keys(ref), {
        code: 'keystore-key-unreadable',
        message: new RegExp(`${oldest}`),
      })
    })

    test(`${nameOf(ref)}: cut off or damaged anywhere it does not open`, async () => {
      const { keystore, storage } = openV1(new Memory(), 1)
      await keystore.generate(ref)
      const whole = (await storage.read(file, 'private'))!
      for (let size = 0; size < whole.length; size++) {
        await write(storage, file, whole.subarray(0, size))
        await assert.rejects(keystore.keys(ref), { code: 'keystore-key-unreadable' })
      }
      for (let at = 0; at < whole.length; at++) {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= 1 << (at % 8)
        await write(storage, file, damaged)
        await assert.rejects(keystore.keys(ref), { code: 'keystore-key-unreadable' }, String(at))
      }
      await write(storage, file, whole)
      assert.equal((await keystore.keys(ref)).length, 1)
    })
  }

  if (ownerKind !== null)
    test(`${nameOf(ref)}: renamed to another owner it does not open, renamed back it does`, async () => {
      const other =
        ownerKind === 'client'
          ? { purpose: ref.purpose, owner: 'otherid' }
          : { purpose: ref.purpose, owner: 'DDDDDDDDponmlkjihgfedcba' }
      const { keystore, storage } = openV1(new Memory())
      await keystore.generate(ref)
      const secrets = await secretsOf(keystore, ref)
      await rename(storage, file, privateFile(other))
      assert.deepEqual(await keystore.keys(ref), [])
      await assert.rejects(keystore.keys(other), { code: 'keystore-key-unreadable' })
      await rename(storage, privateFile(other), file)
      assert.deepEqual(await secretsOf(keystore, ref), secrets)
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
  await write(storage, 'someid_storage.pub', wrong, 'public')
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
  await write(storage, 'someid.pub', published, 'public')
  assert.deepEqual(await keystore.publicKeys(ref), [published])
  assert.deepEqual(await keystore.keys(ref), [])
  assert.deepEqual(await keystore.list(), [{ ref, index: 1, rotatedAt: null, publicOnly: true }])
  await write(storage, 'someid.pub', published.subarray(1), 'public')
  await assert.rejects(keystore.publicKeys(ref), { code: 'keystore-key-malformed' })
})

test('a poison key that the original imported under the context of the pair opens', async () => {
  const { keystore, storage } = openV1(new Memory())
  const ref = { purpose: 'poison-symmetric', owner: null } as const
  await keystore.generate(ref)
  const secrets = await secretsOf(keystore, ref)
  const wrapper = masterKeyWrapper(new Uint8Array(32).fill(1))
  const wrapped = await wrapper.wrap(Buffer.from(secrets[0]!, 'hex'), ref, '.poison_key/poison_key')
  await write(storage, '.poison_key/poison_key_sym', wrapped)
  assert.deepEqual(await secretsOf(keystore, ref), secrets)
})

test('an owner that does not fit is refused before anything is read or written', async () => {
  const untouchable: Storage = {
    place: '',
    read: () => assert.fail(),
    verify: () => assert.fail(),
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
