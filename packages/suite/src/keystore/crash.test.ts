import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { changes } from './testing/crash/changes.ts'
import { crashRun } from './testing/crash/crash-run.ts'
import { TestFolders } from './testing/stores.ts'

const folders = new TestFolders()
after(() => folders.remove())

/** `npm run lab -- crash` tries them all. */
const STRIDE = 23

for (const version of ['v1', 'v2'] as const)
  for (const change of changes)
    test(`${version}, ${change.name}: a fault in a system call leaves the old keys or the new ones`, async () => {
      const { killed, failed, done } = await crashRun(version, folders.next(), change, STRIDE)
      assert.ok(killed > 0)
      console.log(`killed at ${killed} points, failed at ${failed}, went on at ${done}`)
    })
