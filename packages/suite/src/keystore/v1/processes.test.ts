import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Files } from '../storage/files.ts'
import { runBeside } from '../testing/child.ts'
import { openV1, TestFolders } from '../testing/stores.ts'

const folders = new TestFolders()
after(() => folders.remove())

const ROTATIONS = 8

for (const [name, lock] of Object.entries({ flock: {}, 'a lock file': { flock: null } }))
  test(`processes that rotate the same keys at once lose no version (${name})`, async () => {
    const folder = folders.next()
    const work = `
      for (let round = 0; round < ${ROTATIONS}; round++)
        for (const purpose of ['storage', 'hmac']) await keystore.generate({ purpose, owner: 'someid' })
    `
    await Promise.all([1, 2, 3].map(() => runBeside(folder, work, lock)))
    const { keystore, warnings } = openV1(new Files({ folder }))
    for (const purpose of ['storage', 'hmac'] as const) {
      const keys = await keystore.keys({ purpose, owner: 'someid' })
      assert.equal(keys.length, 3 * ROTATIONS)
    }
    const publicOnly = await keystore.publicKeys({ purpose: 'storage', owner: 'someid' })
    assert.equal(publicOnly.length, 3 * ROTATIONS)
    assert.deepEqual(warnings, [])
  })
