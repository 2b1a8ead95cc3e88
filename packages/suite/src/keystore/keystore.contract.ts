import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isPrivateKey, publicKeyOf } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { type KeyRef, purposes } from './key-ref.ts'
import type { Keystore } from './keystore.ts'
import type { Storage } from './storage/storage.ts'
import { everyRef, hex, nameOf, secretsOf, writeFile } from './testing/stores.ts'

/** A layout, as the contract opens it. */
export interface LayoutUnderTest {
  readonly name: string
  /** A keystore on this storage whose master key is `masterByte`. */
  open(
    storage: Storage,
    masterByte?: number,
  ): { readonly keystore: Keystore; readonly warnings: string[] }
  /** The file of a key that may be damaged; null where the layout stores it bare, so that nothing tells. */
  file(ref: KeyRef): string | null
}

const unreadable = /^keystore-key-(unreadable|malformed)$/

/** What every layout must do, on every storage. `create` gives an empty storage; `damages` is false where damaging each byte would take too long. */
export function keystoreContract(
  { name, open, file }: LayoutUnderTest,
  storageName: string,
  create: () => Promise<Storage>,
  { damages = true } = {},
): void {
  const rotated = async (ref: KeyRef, rounds: number, masterByte = 1) => {
    const storage = await create()
    const store = open(storage, masterByte)
    for (let round = 0; round < rounds; round++) await store.keystore.generate(ref)
    return { storage, ...store }
  }

  describe(`keystore ${name} on ${storageName} keeps the contract of keystores`, () => {
    for (const ref of everyRef) {
      const { kind, owner: ownerKind } = purposes[ref.purpose]

      test(`${nameOf(ref)}: there is none, then one, then the newest first`, async () => {
        const { keystore, warnings } = open(await create())
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
        test(`${nameOf(ref)}: a peer's public halves stand alone, and never beside a private one`, async () => {
          const { keystore: peer } = await rotated(ref, 2)
          const publicKeys = await peer.publicKeys(ref)
          const { keystore } = open(await create())
          await keystore.putPublic(ref, publicKeys)
          assert.deepEqual((await keystore.publicKeys(ref)).map(hex), publicKeys.map(hex))
          assert.deepEqual(
            (await keystore.list()).map(({ index, publicOnly }) => [index, publicOnly])[0],
            [1, true],
          )
          await assert.rejects(keystore.putPublic(ref, [Buffer.alloc(45)]), {
            code: 'keystore-key-unfit',
          })
          await assert.rejects(peer.putPublic(ref, publicKeys), { code: 'keystore-key-unfit' })
        })

      test(`${nameOf(ref)}: a missing one is made once`, async () => {
        const { keystore } = open(await create())
        assert.equal(await keystore.generateMissing(ref), true)
        const secrets = await secretsOf(keystore, ref)
        const asked = await Promise.all([1, 2, 3].map(() => keystore.generateMissing(ref)))
        assert.deepEqual(asked, [false, false, false])
        assert.deepEqual(await secretsOf(keystore, ref), secrets)
      })

      if (kind === 'pair')
        test(`${nameOf(ref)}: the public halves are those of the private ones`, async () => {
          const { keystore } = open(await create())
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
        })
      else
        test(`${nameOf(ref)}: asking for a public half is a mistake of the program`, async () => {
          const { keystore } = open(await create())
          await assert.rejects(async () => keystore.publicKeys(ref), TypeError)
        })

      test(`${nameOf(ref)}: what is put comes back, and takes the place of what was there`, async () => {
        const { keystore } = await rotated(ref, 3)
        const { keystore: other } = await rotated(ref, 2, 2)
        await other.put(ref, await keystore.keys(ref))
        assert.deepEqual(await secretsOf(other, ref), await secretsOf(keystore, ref))
        if (kind === 'pair')
          assert.deepEqual(
            (await other.publicKeys(ref)).map(hex),
            (await keystore.publicKeys(ref)).map(hex),
          )
        const indexes = (await other.list()).map(({ index }) => index)
        assert.deepEqual(indexes.toSorted(), [1, 2, 3])
      })

      test(`${nameOf(ref)}: bytes that are no such key are not put`, async () => {
        const { keystore } = open(await create())
        for (const size of [0, 1, 31, 33, 45])
          await assert.rejects(
            keystore.put(ref, [{ secret: new Uint8Array(size), publicKey: null }]),
            { code: 'keystore-key-unfit' },
          )
        assert.deepEqual(await keystore.list(), [])
      })

      test(`${nameOf(ref)}: a destroyed version is gone, numbered as listed, and the others stay`, async () => {
        const { keystore, storage } = await rotated(ref, 4)
        const [fourth, third, , first] = await secretsOf(keystore, ref)
        for (const index of [5, 0, -1, 1.5])
          await assert.rejects(keystore.destroy(ref, index), { code: 'keystore-key-missing' })
        await keystore.destroy(ref, 3)
        assert.deepEqual(await secretsOf(keystore, ref), [fourth, third, first])
        await keystore.destroy(ref, 2)
        const { keystore: reopened } = open(storage)
        assert.deepEqual(await secretsOf(reopened, ref), [fourth, third])
        if (kind === 'pair') assert.equal((await reopened.publicKeys(ref)).length, 2)
        await keystore.destroy(ref, 2)
        await keystore.destroy(ref, 1)
        assert.deepEqual(await keystore.keys(ref), [])
        await assert.rejects(keystore.destroy(ref, 1), { code: 'keystore-key-missing' })
        assert.deepEqual(await keystore.list(), [])
        assert.equal(await keystore.generateMissing(ref), true)
        assert.equal((await keystore.keys(ref)).length, 1)
      })

      const path = file(ref)
      if (path !== null) {
        test(`${nameOf(ref)}: under another master key it does not open, is not rotated, and nothing changes`, async () => {
          const { keystore, storage } = await rotated(ref, 2)
          const before = await storage.read(path, 'private')
          const { keystore: foreign } = open(storage, 2)
          const place = storage.locate(path, 'private')
          const refused = (error: Error) => {
            assert.equal((error as Error & { code?: string }).code, 'keystore-key-unreadable')
            const start = `failed to unprotect data: ${place} does not open as the `
            assert.ok(error.message.startsWith(start), error.message)
            return true
          }
          await assert.rejects(async () => foreign.keys(ref), refused)
          await assert.rejects(foreign.generate(ref), refused)
          assert.deepEqual(await storage.read(path, 'private'), before)
          assert.equal((await keystore.keys(ref)).length, 2)
        })

        if (damages)
          test(`${nameOf(ref)}: cut off, damaged anywhere or prolonged it does not open, and is not replaced`, async () => {
            const { keystore, storage } = await rotated(ref, 1)
            const whole = (await storage.read(path, 'private'))!
            const refused = async (content: Uint8Array, what: string) => {
              await writeFile(storage, path, content)
              await assert.rejects(async () => keystore.keys(ref), { code: unreadable }, what)
            }
            for (let size = 0; size < whole.length; size++)
              await refused(whole.subarray(0, size), `${size} bytes`)
            for (let at = 0; at < whole.length; at++) {
              const damaged = Buffer.from(whole)
              damaged[at]! ^= 1 << (at % 8)
              await refused(damaged, `byte ${at}`)
            }
            await refused(Buffer.concat([whole, Buffer.of(0)]), 'prolonged')
            await assert.rejects(keystore.generate(ref), { code: unreadable })
            await writeFile(storage, path, whole)
            assert.equal((await keystore.keys(ref)).length, 1)
          })

        if (ownerKind !== null)
          test(`${nameOf(ref)}: renamed to another owner it does not open, renamed back it does`, async () => {
            const owner = ownerKind === 'client' ? 'otherid' : 'DDDDDDDDponmlkjihgfedcba'
            const other: KeyRef = { purpose: ref.purpose, owner }
            const { keystore, storage } = await rotated(ref, 1)
            const secrets = await secretsOf(keystore, ref)
            const rename = async (from: string, to: string) => {
              await writeFile(storage, to, (await storage.read(from, 'private'))!)
              await storage.exclusively((writer) => writer.remove(from, 'private'))
            }
            await rename(path, file(other)!)
            assert.deepEqual(await keystore.keys(ref), [])
            await assert.rejects(async () => keystore.keys(other), { code: unreadable })
            await rename(file(other)!, path)
            assert.deepEqual(await secretsOf(keystore, ref), secrets)
          })
      }
    }

    test('what is listed is what is there', async () => {
      const { keystore, warnings } = open(await create())
      for (const [at, ref] of everyRef.entries())
        for (let round = 0; round <= at % 3; round++) await keystore.generate(ref)
      const listed = (await keystore.list()).map(({ ref, index, publicOnly, rotatedAt }) => {
        assert.equal(publicOnly, false)
        assert.equal(rotatedAt === null, index === 1)
        return `${nameOf(ref)} ${index}`
      })
      const wanted = everyRef.flatMap((ref, at) =>
        [1, 2, 3].slice(0, 1 + (at % 3)).map((index) => `${nameOf(ref)} ${index}`),
      )
      assert.deepEqual(listed.toSorted(), wanted.toSorted())
      assert.deepEqual(warnings, [])
    })

    test('an owner that does not fit is refused, and nothing is written', async () => {
      const storage = await create()
      const { keystore } = open(storage)
      const ids = [null, '', 'abcd', '../../etc', 'a/b/c/d', '.....', 'some.id', 'some\0id']
      for (const ref of everyRef)
        for (const owner of purposes[ref.purpose].owner === null ? ['someid', ''] : ids) {
          const misfit = { purpose: ref.purpose, owner }
          const refused = { code: 'keystore-owner-invalid' }
          await assert.rejects(async () => keystore.keys(misfit), refused)
          await assert.rejects(keystore.generate(misfit), refused)
          await assert.rejects(keystore.put(misfit, []), refused)
          await assert.rejects(keystore.destroy(misfit, 1), refused)
        }
      assert.deepEqual(await storage.list('', 'private'), [])
    })
  })
}
