import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { storageOf } from './place.ts'
import { countInMemory, unsearchable } from './testing/process-memory.ts'
import { everyRef, layouts, nameOf, TestFolders } from './testing/stores.ts'

const folders = new TestFolders()
after(() => folders.remove())

/** Rare in memory, as opposed to 1. */
const MASTER_BYTE = 77

/** What stands in the environment for the master keys of `layouts`, and the keys themselves. */
const masters = {
  v1: {
    text: Buffer.alloc(32, MASTER_BYTE).toString('base64'),
    keys: [Buffer.alloc(32, MASTER_BYTE)],
  },
  v2: {
    text: Buffer.from(
      JSON.stringify({
        encryption: Buffer.alloc(32, MASTER_BYTE).toString('base64'),
        signature: Buffer.alloc(32, MASTER_BYTE + 100).toString('base64'),
      }),
    ).toString('base64'),
    keys: [Buffer.alloc(32, MASTER_BYTE), Buffer.alloc(32, MASTER_BYTE + 100)],
  },
} as const
const index = JSON.stringify(new URL('./index.js', import.meta.url).href)

/** A program that opens a keystore and then does what the test writes to it, a line of code at a time. */
const program = `
  const { masterKeyFromEnvironment, openKeystore, wipeKeys } = await import(${index})
  const { createInterface } = await import('node:readline')
  const [, folder, ACRA_MASTER_KEY, refs, version] = process.argv
  const everyRef = JSON.parse(refs)
  const wrapper = masterKeyFromEnvironment({ ACRA_MASTER_KEY }, version)
  const warn = (sentence) => { throw new Error(sentence) }
  const keystore = await openKeystore({ folder, wrapper, cacheSize: 0, cacheOnStart: false, warn })
  let held = []
  console.log('ready')
  for await (const line of createInterface({ input: process.stdin })) {
    await eval('(async () => {' + line + '})()')
    for (let round = 0; round < 3; round++) { gc(); await new Promise(setImmediate) }
    console.log('done')
  }
`

async function tell(child: ChildProcess, line: string): Promise<void> {
  const answered = once(child.stdout!, 'data')
  child.stdin!.write(`${line}\n`)
  assert.equal(String((await answered)[0]), 'done\n')
}

for (const version of ['v1', 'v2'] as const)
  test(`${version}: nothing is left in memory of keys that were used, of cached keys after a reset, of the master key after its end`, {
    skip: unsearchable ?? false,
  }, async () => {
    const folder = folders.next()
    const { keystore } = layouts[version].open(await storageOf({ folder }, version), MASTER_BYTE)
    const names: string[] = []
    const patterns: Buffer[] = []
    for (const ref of everyRef) {
      for (let round = 0; round < 2; round++) await keystore.generate(ref)
      for (const { secret } of await keystore.keys(ref)) {
        // Memory that is given back loses its first bytes: half a secret is sought. OpenSSL keeps numbers with their lowest byte first.
        const tail = Buffer.from(secret.subarray(secret.length - 16))
        patterns.push(tail, Buffer.from(tail).reverse())
        names.push(nameOf(ref), `${nameOf(ref)}, reversed`)
      }
    }
    const args = [
      '--expose-gc',
      '--input-type=module',
      '-e',
      program,
      folder,
      masters[version].text,
    ]
    const child = spawn(process.execPath, [...args, JSON.stringify(everyRef), version], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    try {
      await once(child.stdout!, 'data')
      const found = () => {
        const counts = countInMemory(child.pid!, patterns)
        return names.filter((_, at) => counts[at]! > 0)
      }
      const plain = names.filter((name) => !name.endsWith('reversed'))
      assert.deepEqual(found(), [])

      await tell(child, 'for (const ref of everyRef) held.push(...(await keystore.keys(ref)))')
      assert.deepEqual(found(), plain, 'keys in use are found: the search works')

      await tell(child, 'wipeKeys(held); held = []')
      assert.deepEqual(found(), [], 'the cache holds sealed keys only')

      await tell(
        child,
        'for (let round = 0; round < 50; round++) for (const ref of everyRef) wipeKeys(await keystore.keys(ref))',
      )
      assert.deepEqual(found(), [], 'opening from the cache leaves nothing')

      await tell(
        child,
        'keystore.reset(); for (const ref of everyRef) wipeKeys(await keystore.keys(ref)); keystore.reset()',
      )
      assert.deepEqual(found(), [], 'nor does reading again and forgetting')

      const masterKeys = () => countInMemory(child.pid!, masters[version].keys)
      assert.ok(masterKeys().every((count) => count > 0))
      await tell(child, 'wrapper.wipe()')
      assert.deepEqual(
        masterKeys(),
        masters[version].keys.map(() => 0),
      )
    } finally {
      child.kill()
    }
  })
