import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { KeystoreError } from './errors.ts'
import type { KeyRef } from './key-ref.ts'
import type { KeyWrapper } from './master-key/key-wrapper.ts'
import { masterKeyPairWrapper, masterKeyWrapper } from './master-key/software.ts'
import { openKeystore } from './open.ts'
import { openV1, openV2, TestFolders } from './testing/stores.ts'
import { privateFile } from './v1/file-names.ts'
import { ringFile, ringPath } from './v2/ring-names.ts'

const folders = new TestFolders()
after(() => folders.remove())

const own: KeyRef = { purpose: 'storage-symmetric', owner: 'someid' }
const other: KeyRef = { purpose: 'hmac', owner: 'otherid' }
const bare: KeyRef = { purpose: 'authentication', owner: null }

const layouts = [
  {
    name: 'v1',
    open: openV1,
    file: privateFile,
    wrapper: (byte: number) => masterKeyWrapper(new Uint8Array(32).fill(byte)),
  },
  {
    name: 'v2',
    open: openV2,
    file: (ref: KeyRef) => ringFile(ringPath(ref)),
    wrapper: (byte: number) =>
      masterKeyPairWrapper({
        encryption: new Uint8Array(32).fill(byte),
        signature: new Uint8Array(32).fill(byte + 100),
      }),
  },
] as const

for (const { name, open, file, wrapper } of layouts) {
  describe(`keystore ${name}`, () => {
    const made = async (...refs: readonly KeyRef[]) => {
      const { folder, storage } = folders.files()
      for (const ref of refs) await open(storage).keystore.generate(ref)
      return folder
    }
    const warnings: string[] = []
    const proven = (folder: string, by: KeyWrapper) =>
      openKeystore({
        folder,
        wrapper: by,
        provesMasterKey: true,
        cacheSize: 0,
        cacheOnStart: true,
        warn: (sentence) => warnings.push(sentence),
      })

    test('a master key by which no key opens is refused in the words of acra-keys check, and no key is told of', async () => {
      const folder = await made(own, other, bare)
      await assert.rejects(proven(folder, wrapper(2)), (error) => {
        assert.ok(error instanceof KeystoreError)
        assert.equal(error.code, 'other-master-key')
        assert.match(
          error.message,
          /^no key opens by this master key: other-master-key: client\/\S+: \S+: made with another master key.*; set ACRA_MASTER_KEY to the master key that the key was made with, or /,
        )
        return true
      })
      assert.deepEqual(warnings.splice(0), [])
    })

    test('one key that opens is proof; who cannot be read is told of when it is used', async () => {
      const folder = await made(own, other)
      const damaged = join(folder, file(own))
      fs.writeFileSync(damaged, fs.readFileSync(join(folder, file(other))))
      await proven(folder, wrapper(1))
      assert.equal(warnings.splice(0).length, 1)
    })

    // A file of a keystore v1 does not say whose it is.
    if (name === 'v2')
      test('a key under the name of another one is no other master key', async () => {
        const folder = await made(own, other)
        fs.renameSync(join(folder, file(other)), join(folder, file(own)))
        await proven(folder, wrapper(1))
        warnings.splice(0)
      })

    test('no keys need no proof', async () => {
      await proven(folders.next(), wrapper(2))
      await proven(await made(bare), wrapper(name === 'v1' ? 2 : 1))
      warnings.splice(0)
    })

    test('what protects the keys and does not answer is no other master key', async () => {
      const folder = await made(own)
      const away: KeyWrapper = {
        ...wrapper(1),
        unwrap: () => Promise.reject(new KeystoreError('master-key-unavailable', 'away')),
        wrap: () => Promise.reject(new KeystoreError('master-key-unavailable', 'away')),
        sign: () => Promise.reject(new KeystoreError('master-key-unavailable', 'away')),
        probe: () => Promise.reject(new KeystoreError('master-key-unavailable', 'away')),
        wipe: () => {},
      }
      await proven(folder, away)
      warnings.splice(0)
    })
  })
}
