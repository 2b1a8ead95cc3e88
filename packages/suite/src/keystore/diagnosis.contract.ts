import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KeyRef, Purpose } from './key-ref.ts'
import type { LayoutUnderTest } from './keystore.contract.ts'
import type { Storage } from './storage/storage.ts'
import { writeFile } from './testing/stores.ts'

const own: KeyRef = { purpose: 'transport-connector', owner: 'someid' }
const other: KeyRef = { purpose: 'transport-connector', owner: 'otherid' }

/** What every layout must tell of a key that does not open, on every storage. `create` gives an empty storage. */
export function diagnosisContract(
  { name, open, file }: LayoutUnderTest,
  storageName: string,
  create: () => Promise<Storage>,
): void {
  const [path, otherPath] = [file(own)!, file(other)!]

  describe(`keystore ${name} on ${storageName} tells what has become of a key`, () => {
    /** A store with these keys, of which what `spoil` does is told. */
    const told = async (
      refs: readonly KeyRef[],
      spoil: (storage: Storage) => Promise<void>,
      masterByte = 1,
    ) => {
      const storage = await create()
      const { keystore } = open(storage)
      for (const ref of refs) await keystore.generate(ref)
      await spoil(storage)
      const found = await open(storage, masterByte).keystore.diagnose(own)
      if (found === null) return null
      assert.deepEqual(found.ref, own)
      assert.equal(found.place, storage.locate(path, 'private'))
      return [found.kind, found.message, found.remedy]
    }
    const copy = async (storage: Storage, from: string) =>
      writeFile(storage, path, (await storage.read(from, 'private'))!)
    const rename = async (storage: Storage, from: string) => {
      await copy(storage, from)
      await storage.exclusively((writer) => writer.remove(from, 'private'))
    }

    test('nothing of one that opens, and of one that is not there', async () => {
      assert.equal(await told([own, other], async () => {}), null)
      assert.equal(await told([other], async () => {}), null)
    })

    test('the key of another owner under its name, and the name that it had', async () => {
      const [kind, message, remedy] = (await told([own, other], (storage) =>
        rename(storage, otherPath),
      ))!
      assert.equal(kind, 'renamed')
      assert.equal(
        message,
        'this is the acra-connector transport key of otherid under another name',
      )
      assert.ok(remedy?.startsWith('rename it back to ') && remedy.endsWith(otherPath), remedy)
    })

    for (const purpose of ['transport-server', 'storage'] as const satisfies Purpose[]) {
      test(`the ${purpose} key of another owner under its name`, async () => {
        const ref = { purpose, owner: 'otherid' }
        const found = await told([own, ref], (storage) => rename(storage, file(ref)!))
        assert.equal(found?.[0], 'renamed')
        assert.match(found?.[1] ?? '', /of otherid under another name$/)
        assert.ok(found?.[2]?.endsWith(file(ref)!))
      })
    }

    test('a copy of the key of another owner', async () => {
      assert.deepEqual(await told([own, other], (storage) => copy(storage, otherPath)), [
        'overwritten',
        'overwritten by a copy of the acra-connector transport key of otherid',
        'restore it from a backup',
      ])
    })

    test('what is no key, and a public key in the place of the private one', async () => {
      const found = await told([own], (storage) => writeFile(storage, path, Buffer.alloc(89)))
      assert.equal(found?.[0], 'overwritten')
      const publicHalf = async (storage: Storage) => {
        const [publicKey] = await open(storage).keystore.publicKeys(other)
        await writeFile(storage, path, publicKey!)
      }
      const [kind, message] = (await told([own, other], publicHalf))!
      assert.equal(kind, 'overwritten')
      assert.match(message ?? '', /^this is a public key, and no /)
    })

    test('a key of another keystore is that of nobody here', async () => {
      const foreign = async (storage: Storage) => {
        const elsewhere = await create()
        await open(elsewhere, 2).keystore.generate(own)
        await writeFile(storage, path, (await elsewhere.read(path, 'private'))!)
      }
      assert.equal((await told([own, other], foreign))?.[0], 'other-master-key')
      assert.equal((await told([own, other], async () => {}, 2))?.[0], 'other-master-key')
    })
  })
}
