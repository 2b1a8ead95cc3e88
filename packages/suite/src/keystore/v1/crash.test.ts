import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { after, describe, test } from 'node:test'
import type { KeyRef } from '../key-ref.ts'
import { Files } from '../storage/files.ts'
import { Memory } from '../storage/memory.ts'
import { type Storage, type StorageWriter, temporaryPrefix } from '../storage/storage.ts'
import { runKilled } from '../testing/child.ts'
import {
  contentOf,
  hex,
  openV1,
  restoreContent,
  secretsOf,
  TestFolders,
} from '../testing/stores.ts'
import type { KeystoreV1 } from './keystore-v1.ts'

const folders = new TestFolders()
after(() => folders.remove())

const pair: KeyRef = { purpose: 'storage', owner: 'someid' }
const symmetric: KeyRef = { purpose: 'hmac', owner: 'someid' }
const other: KeyRef = { purpose: 'audit-log', owner: null }

type Versions = readonly string[]
const same = (a: Versions, b: Versions) => a.join() === b.join()
const isRotated = (before: Versions, found: Versions) => same(found.slice(1), before)

interface Change {
  readonly name: string
  readonly ref: KeyRef
  /** How many versions there are before. */
  readonly versions: number
  /** The call, for a process of its own. */
  readonly code: string
  readonly isDone: (before: Versions, found: Versions) => boolean
  /** True where the public half of a version that is about to go may have gone before it. */
  readonly publicGoesFirst?: boolean
}

/** What can be cut off. */
const changes: readonly Change[] = [
  {
    name: 'making the first pair',
    ref: pair,
    versions: 0,
    code: `generate({ purpose: 'storage', owner: 'someid' })`,
    isDone: isRotated,
  },
  {
    name: 'rotating a pair',
    ref: pair,
    versions: 2,
    code: `generate({ purpose: 'storage', owner: 'someid' })`,
    isDone: isRotated,
  },
  {
    name: 'rotating a symmetric key',
    ref: symmetric,
    versions: 1,
    code: `generate({ purpose: 'hmac', owner: 'someid' })`,
    isDone: isRotated,
  },
  {
    name: 'destroying the current pair',
    ref: pair,
    versions: 2,
    code: `destroy({ purpose: 'storage', owner: 'someid' }, 1)`,
    isDone: (_, found) => found.length === 0,
  },
  {
    name: 'destroying a rotated pair',
    ref: pair,
    versions: 3,
    code: `destroy({ purpose: 'storage', owner: 'someid' }, 2)`,
    isDone: (before, found) => same(before.slice(0, -1), found),
    publicGoesFirst: true,
  },
]

/** The public file belongs to the private one, no repeated and no temporary file is left. */
async function checkMended(keystore: KeystoreV1, storage: Storage, ref: KeyRef): Promise<void> {
  if (ref === symmetric) return
  const [current] = await keystore.keys(ref)
  const published = await storage.read('someid_storage.pub', 'public')
  assert.equal(published && hex(published), current ? hex(current.publicKey!) : null)
}

describe('a writer that is killed leaves the old keys or the new ones', () => {
  for (const { name, ref, versions, code, isDone, publicGoesFirst = false } of changes)
    test(`${name}, killed in front of every change to the file system`, async () => {
      const { storage, folder } = folders.files()
      const { keystore } = openV1(storage)
      await keystore.generate(other)
      for (let round = 0; round < versions; round++) await keystore.generate(ref)
      const start = contentOf(folder)
      const before = await secretsOf(keystore, ref)
      let kills = 0
      for (; runKilled(folder, `await keystore.${code}`, kills); kills++) {
        const at = `killed in front of change ${kills}`
        const found = await secretsOf(keystore, ref)
        assert.ok(same(before, found) || isDone(before, found), at)
        await keystore.generate(other)
        assert.deepEqual(await secretsOf(keystore, ref), found, at)
        await checkMended(keystore, storage, ref)
        checkFiles(folder, ref, found.length, publicGoesFirst ? 1 : 0, at)
        restoreContent(folder, start)
      }
      assert.ok(kills >= 2, `killed ${kills} times`)
      assert.ok(isDone(before, await secretsOf(keystore, ref)))
    })
})

/** No temporary file and no repeated version is left; at most `missing` public halves are. */
function checkFiles(
  folder: string,
  ref: KeyRef,
  versions: number,
  missing: number,
  at: string,
): void {
  const paths = Object.keys(contentOf(folder))
  const temporaries = paths.filter((path) => path.includes(temporaryPrefix))
  assert.deepEqual(temporaries, [], at)
  if (versions === 0) return
  const ofRef = paths.filter((path) => path.startsWith('someid'))
  const publics = ofRef.filter((path) => path.includes('.pub')).length
  const wanted = ref === pair ? versions : 0
  assert.equal(ofRef.length - publics, versions, at)
  assert.ok(publics <= wanted && publics >= wanted - missing, at)
}

/** A storage whose n-th change fails as a broken disk would. */
class Faulty implements Storage {
  readonly #storage: Storage
  #left = Number.POSITIVE_INFINITY

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** The change that fails, from 0; none where it is infinite. */
  failAt(change: number): void {
    this.#left = change
  }

  get place(): string {
    return this.#storage.place
  }
  read: Storage['read'] = (...args) => this.#storage.read(...args)
  verify: Storage['verify'] = (...args) => this.#storage.verify(...args)
  readMany: Storage['readMany'] = (...args) => this.#storage.readMany(...args)
  names: Storage['names'] = () => this.#storage.names()
  list: Storage['list'] = (...args) => this.#storage.list(...args)
  locate: Storage['locate'] = (...args) => this.#storage.locate(...args)
  exclusively: Storage['exclusively'] = (work) =>
    this.#storage.exclusively((writer) => work(this.#faulty(writer)))

  #faulty(writer: StorageWriter): StorageWriter {
    const fail = () => {
      if (this.#left-- === 0) throw new Error('the disk is broken')
    }
    return {
      interrupted: writer.interrupted,
      async announce() {
        fail()
        await writer.announce()
      },
      async sweep() {
        fail()
        await writer.sweep()
      },
      async stage(...args) {
        fail()
        const staged = await writer.stage(...args)
        return {
          async commit() {
            fail()
            await staged.commit()
          },
        }
      },
      async link(...args) {
        fail()
        return writer.link(...args)
      },
      async remove(...args) {
        fail()
        await writer.remove(...args)
      },
    }
  }
}

const storages: Readonly<Record<string, () => Storage>> = {
  memory: () => new Memory(),
  files: () => folders.files().storage,
}

for (const [kind, create] of Object.entries(storages))
  describe(`a failing disk (${kind}) loses no key, and the failure is told`, () => {
    for (const ref of [pair, symmetric]) {
      test(`generate a ${ref.purpose} key, the n-th change failing for every n`, async () => {
        for (let change = 0; ; change++) {
          const storage = new Faulty(create())
          const { keystore } = openV1(storage)
          await keystore.generate(ref)
          await keystore.generate(ref)
          const before = await secretsOf(keystore, ref)
          storage.failAt(change)
          const outcome = await keystore.generate(ref).catch((error: Error) => error.message)
          storage.failAt(Number.POSITIVE_INFINITY)
          const found = await secretsOf(keystore, ref)
          assert.ok(same(before, found) || isRotated(before, found), `change ${change}`)
          await keystore.generate(ref)
          assert.deepEqual((await secretsOf(keystore, ref)).slice(1), found)
          await checkMended(keystore, storage, ref)
          if (outcome === undefined) break
          assert.equal(outcome, 'the disk is broken')
        }
      })

      test(`put three versions of a ${ref.purpose} key over two, the n-th change failing for every n`, async () => {
        const { keystore: source } = openV1(new Memory(), 2)
        for (let round = 0; round < 3; round++) await source.generate(ref)
        const wanted = await secretsOf(source, ref)
        for (let change = 0; ; change++) {
          const storage = new Faulty(create())
          const { keystore } = openV1(storage)
          await keystore.generate(ref)
          await keystore.generate(ref)
          const before = await secretsOf(keystore, ref)
          storage.failAt(change)
          const versions = await source.keys(ref)
          const outcome = await keystore.put(ref, versions).catch((error: Error) => error.message)
          storage.failAt(Number.POSITIVE_INFINITY)
          const found = new Set(await secretsOf(keystore, ref))
          const holds = (list: Versions) => list.every((secret) => found.has(secret))
          assert.ok(holds(before) || holds(wanted), `change ${change}`)
          await keystore.put(ref, versions)
          assert.deepEqual(await secretsOf(keystore, ref), wanted)
          await checkMended(keystore, storage, ref)
          if (outcome === undefined) break
          assert.equal(outcome, 'the disk is broken')
        }
      })
    }
  })

test('a public file that is lost is written again when the pair is rotated', async () => {
  const { storage, folder } = folders.files()
  const { keystore, warnings } = openV1(storage)
  await keystore.generate(pair)
  fs.rmSync(`${folder}/someid_storage.pub`)
  assert.equal((await keystore.publicKeys(pair)).length, 1)
  await keystore.generate(pair)
  assert.equal(warnings.length, 1)
  assert.equal((await new Files({ folder }).list('someid_storage.pub.old', 'public')).length, 1)
})
