import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { storageOf } from './place.ts'
import { runBeside } from './testing/child.ts'
import { layouts, TestFolders } from './testing/stores.ts'
import { lockFile } from './v2/marker.ts'

const folders = new TestFolders()
after(() => folders.remove())

const ROTATIONS = 8

const cases = [
  ['v1', 'flock', {}],
  ['v1', 'a lock file', { flock: null }],
  ['v2', 'flock', { target: lockFile }],
  ['v2', 'a lock file', { target: lockFile, flock: null }],
] as const

for (const [version, name, lock] of cases)
  test(`${version}: processes that rotate the same keys at once lose no version (${name})`, async () => {
    const folder = folders.next()
    const work = `
      for (let round = 0; round < ${ROTATIONS}; round++)
        for (const purpose of ['storage', 'hmac']) await keystore.generate({ purpose, owner: 'someid' })
    `
    await Promise.all([1, 2, 3].map(() => runBeside(folder, work, lock, version)))
    const { keystore, warnings } = layouts[version].open(await storageOf({ folder }, version))
    for (const purpose of ['storage', 'hmac'] as const) {
      const keys = await keystore.keys({ purpose, owner: 'someid' })
      assert.equal(keys.length, 3 * ROTATIONS)
    }
    const publics = await keystore.publicKeys({ purpose: 'storage', owner: 'someid' })
    assert.equal(publics.length, 3 * ROTATIONS)
    assert.deepEqual(warnings, [])
  })
