import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { keyId } from './key-id.ts'
import { masterKeyPairWrapper, masterKeyWrapper } from './master-key/software.ts'
import { type RewrapSettings, rewrapFiles, rewrapState, unprovenFiles } from './rewrap.ts'
import { Memory } from './storage/memory.ts'
import type { Storage } from './storage/storage.ts'
import { runKilled } from './testing/child.ts'
import {
  contentOf,
  everyRef,
  openV1,
  openV2,
  restoreContent,
  secretsOf,
  TestFolders,
  writeFile,
} from './testing/stores.ts'

const folders = new TestFolders()
after(() => folders.remove())

const bytes = (byte: number) => new Uint8Array(32).fill(byte)
const versions = [
  { version: 'v1', open: openV1, wrapper: (byte: number) => masterKeyWrapper(bytes(byte)) },
  {
    version: 'v2',
    open: openV2,
    wrapper: (byte: number) =>
      masterKeyPairWrapper({ encryption: bytes(byte), signature: bytes(byte + 100) }),
  },
] as const
const storages = { memory: () => new Memory(), files: () => folders.files().storage }

for (const { version, open, wrapper } of versions)
  for (const [storageName, create] of Object.entries(storages)) {
    const settings = (storage: Storage, from = 1, to = 2): RewrapSettings => ({
      storage,
      version,
      from: wrapper(from),
      to: wrapper(to),
      warn: (sentence) => assert.fail(sentence),
      now: () => 1_700_000_000_000_000_000n,
      advance() {},
    })

    const filled = async () => {
      const storage = create()
      const { keystore } = open(storage, 1)
      for (const ref of everyRef) for (let i = 0; i < 3; i++) await keystore.generate(ref)
      const secrets = new Map<string, string[]>()
      for (const ref of everyRef) secrets.set(keyId(ref), await secretsOf(keystore, ref))
      return { storage, secrets }
    }

    test(`${version} on ${storageName}: every key and its history go over, and only the new master key opens them`, async () => {
      const { storage, secrets } = await filled()
      const { pending, done, unreadable } = await rewrapState(settings(storage))
      assert.deepEqual([done, unreadable], [[], []])
      await rewrapFiles(settings(storage), pending)
      assert.deepEqual(await unprovenFiles(settings(storage)), [])
      const { keystore } = open(storage, 2)
      for (const ref of everyRef)
        assert.deepEqual(await secretsOf(keystore, ref), secrets.get(keyId(ref)), keyId(ref))
      const old = open(storage, 1).keystore
      // The key of the web console stands bare in a keystore v1.
      for (const ref of everyRef)
        if (version === 'v2' || ref.purpose !== 'authentication')
          await assert.rejects(async () => old.keys(ref), { code: 'keystore-key-unreadable' })
    })

    test(`${version} on ${storageName}: what was cut off half-way is finished, whatever is done already`, async () => {
      const { storage, secrets } = await filled()
      const all = (await rewrapState(settings(storage))).pending
      for (let count = 1; count < all.length; count += 7) {
        await rewrapFiles(settings(storage), all.slice(0, count))
        const state = await rewrapState(settings(storage))
        assert.equal(state.done.length, count)
        assert.equal(state.pending.length, all.length - count)
      }
      assert.notDeepEqual(await unprovenFiles(settings(storage)), [])
      await rewrapFiles(settings(storage), all)
      assert.deepEqual(await unprovenFiles(settings(storage)), [])
      const { keystore } = open(storage, 2)
      for (const ref of everyRef)
        assert.deepEqual(await secretsOf(keystore, ref), secrets.get(keyId(ref)))
    })

    test(`${version} on ${storageName}: a key that opens under neither is told, and left as it is`, async () => {
      const { storage } = await filled()
      const [file] = (await rewrapState(settings(storage))).pending
      const content = (await storage.read(file!.path, 'private'))!
      content[content.length - 1]! ^= 1
      await writeFile(storage, file!.path, content)
      const { unreadable, pending } = await rewrapState(settings(storage))
      assert.equal(unreadable.length, 1)
      assert.match(unreadable[0]!.message, new RegExp(file!.path))
      await rewrapFiles(settings(storage), pending)
      assert.deepEqual(await storage.read(file!.path, 'private'), content)
      assert.deepEqual(await unprovenFiles(settings(storage)), [
        storage.locate(file!.path, 'private'),
      ])
    })

    test(`${version} on ${storageName}: a key that is rotated in between is not lost`, async () => {
      const { storage } = await filled()
      const { pending } = await rewrapState(settings(storage))
      const { keystore } = open(storage, 1)
      const ref = everyRef[4]!
      await keystore.generate(ref)
      const before = await secretsOf(keystore, ref)
      await rewrapFiles(settings(storage), pending)
      // What the rotation has added meanwhile is found by the second look.
      await rewrapFiles(settings(storage), (await rewrapState(settings(storage))).pending)
      assert.deepEqual(await secretsOf(open(storage, 2).keystore, ref), before)
    })

    test(`${version} on ${storageName}: the same master key twice is refused`, async () => {
      const { storage } = await filled()
      await assert.rejects(rewrapState(settings(storage, 1, 1)), { code: 'master-key-malformed' })
    })
  }

/** Some pairs and symmetric keys: each has files enough to be cut off between. */
const few = everyRef.filter(({ purpose }) => ['storage', 'hmac', 'poison'].includes(purpose))

for (const { version, open, wrapper } of versions)
  test(`${version}: killed in front of any change, every key opens under one of the two, and a second run finishes`, async () => {
    const { storage, folder } = folders.files()
    const { keystore } = open(storage, 1)
    for (const ref of few) for (let i = 0; i < 2; i++) await keystore.generate(ref)
    const secrets = await Promise.all(few.map((ref) => secretsOf(keystore, ref)))
    const before = contentOf(folder)
    const around = {
      storage,
      version,
      warn: (sentence: string) => assert.fail(sentence),
      now: () => 1_700_000_000_000_000_000n,
      advance() {},
    }
    const work = `
      const { rewrapFiles, rewrapState } = await import(${JSON.stringify(new URL('rewrap.js', import.meta.url).href)})
      const software = await import(${JSON.stringify(new URL('master-key/software.js', import.meta.url).href)})
      const bytes = (byte) => new Uint8Array(32).fill(byte)
      const wrapper = (byte) => ${version === 'v1' ? 'software.masterKeyWrapper(bytes(byte))' : 'software.masterKeyPairWrapper({ encryption: bytes(byte), signature: bytes(byte + 100) })'}
      const storage = new Files({ folder })
      const settings = { storage, version: '${version}', from: wrapper(1), to: wrapper(2), warn() {}, now: () => 1n, advance() {} }
      await rewrapFiles(settings, (await rewrapState(settings)).pending)`
    let points = 0
    for (; runKilled(folder, work, points); points++) {
      const either = () => ({ ...around, from: wrapper(1), to: wrapper(2) })
      const { unreadable, pending } = await rewrapState(either())
      assert.deepEqual(unreadable, [], `killed in front of change ${points}`)
      await rewrapFiles(either(), pending)
      assert.deepEqual(await unprovenFiles(either()), [])
      const { keystore } = open(storage, 2)
      for (const [at, ref] of few.entries())
        assert.deepEqual(await secretsOf(keystore, ref), secrets[at], `change ${points}`)
      assert.ok(!Object.keys(contentOf(folder)).some((path) => path.includes('.acra-ts-')))
      restoreContent(folder, before)
    }
    assert.ok(points > few.length * 3, `only ${points} points`)
  })
