import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { masterKeyWrapper } from './master-key/software.ts'
import { type OpenSettings, openKeystore } from './open.ts'
import { detectVersion } from './place.ts'
import { everyRef, hex, nameOf, openV1, TestFolders } from './testing/stores.ts'
import { privateFile } from './v1/file-names.ts'

const folders = new TestFolders()
after(() => folders.remove())

function settings(folder: string, more: Partial<OpenSettings> = {}): OpenSettings {
  const wrapper = masterKeyWrapper(new Uint8Array(32).fill(1))
  return { folder, wrapper, warn: (sentence) => assert.fail(sentence), ...more }
}

async function fullStore(): Promise<string> {
  const { storage, folder } = folders.files()
  const { keystore } = openV1(storage)
  for (const ref of everyRef) await keystore.generate(ref)
  return folder
}

test('a folder that is missing is no error, and is not made by opening', async () => {
  const folder = folders.next()
  const keystore = await openKeystore(settings(folder))
  assert.deepEqual(await keystore.list(), [])
  assert.deepEqual(await keystore.keys({ purpose: 'audit-log', owner: null }), [])
  assert.equal(fs.existsSync(folder), false)
})

test('the version is told by the marker, and by there being anything at all', async () => {
  const folder = folders.next()
  assert.equal(await detectVersion(folder), null)
  fs.mkdirSync(folder, { mode: 0o700 })
  assert.equal(await detectVersion(folder), null)
  fs.writeFileSync(join(folder, 'something'), '')
  assert.equal(await detectVersion(folder), 'v1')
  fs.writeFileSync(join(folder, 'version'), 'Acra Keystore v3', { mode: 0o644 })
  assert.equal(await detectVersion(folder), 'v1')
  fs.writeFileSync(join(folder, 'version'), 'Acra Keystore v2\n')
  assert.equal(await detectVersion(folder), 'v1')
  fs.writeFileSync(join(folder, 'version'), 'Acra Keystore v2')
  assert.equal(await detectVersion(folder), 'v2')
})

test('a folder of another version than asked for is refused', async () => {
  const folder = await fullStore()
  await assert.rejects(openKeystore(settings(folder, { version: 'v2' })), {
    code: 'keystore-version-conflict',
    message: `keystore ${folder} is v1 and not v2: use another place, or ask for v1`,
  })
})

for (const ref of everyRef)
  test(`a private file that others may read is found on opening: ${nameOf(ref)}`, async () => {
    const folder = await fullStore()
    const path = join(folder, privateFile(ref))
    for (const mode of [0o640, 0o604, 0o610, 0o601, 0o644, 0o666]) {
      fs.chmodSync(path, mode)
      await assert.rejects(openKeystore(settings(folder)), {
        code: 'keystore-file-permissions',
        message: new RegExp(`run: chmod 600 ${path}$`),
      })
    }
    fs.chmodSync(path, 0o400)
    await openKeystore(settings(folder))
  })

test('a folder with a wrong mode is found on opening', async () => {
  const folder = await fullStore()
  fs.chmodSync(folder, 0o750)
  await assert.rejects(openKeystore(settings(folder)), {
    code: 'keystore-folder-permissions',
    message: `keystore folder has an incorrect permissions: ${folder} is 0750 and must be 0700; run: chmod 700 ${folder}`,
  })
})

test('files that are no keys are told and left alone', async () => {
  const folder = await fullStore()
  const names = ['README.md', 'master.key', 'abc', 'someid_storage.pub.bak', '.poison_key/notes']
  for (const name of names) fs.writeFileSync(join(folder, name), 'x')
  fs.mkdirSync(join(folder, 'backup'))
  fs.writeFileSync(join(folder, 'someid_storage_sym.token'), 'x')
  const warnings: string[] = []
  const keystore = await openKeystore(
    settings(folder, { warn: (sentence) => warnings.push(sentence) }),
  )
  assert.equal((await keystore.list()).length, everyRef.length)
  const told = [...names, 'backup'].map((name) => `not a key, left alone: ${join(folder, name)}`)
  assert.deepEqual(warnings.toSorted(), told.toSorted())
})

test('names with every character that a client id may have are kept apart', async () => {
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_- '
  const { storage, folder } = folders.files()
  const { keystore, warnings } = openV1(storage)
  const ids = [
    ...[...characters].map((one) => `${one}${one}id${one}`),
    '     ',
    '-----',
    '_____',
    '--help',
    'a'.repeat(128),
  ]
  const secrets = new Map<string, string>()
  for (const owner of ids) {
    await keystore.generate({ purpose: 'storage', owner })
    secrets.set(owner, hex((await keystore.keys({ purpose: 'storage', owner }))[0]!.secret))
  }
  const reopened = await openKeystore(settings(folder))
  assert.equal(new Set(secrets.values()).size, ids.length)
  for (const owner of ids)
    assert.equal(
      hex((await reopened.keys({ purpose: 'storage', owner }))[0]!.secret),
      secrets.get(owner),
    )
  assert.deepEqual((await reopened.list()).map(({ ref }) => ref.owner).sort(), ids.toSorted())
  assert.deepEqual(warnings, [])
})

test('a public folder of its own holds all public files and nothing else', async () => {
  const folder = folders.next()
  const publicFolder = `${folder}-public`
  const keystore = await openKeystore(settings(folder, { publicFolder }))
  for (const ref of everyRef) for (let round = 0; round < 2; round++) await keystore.generate(ref)
  const paths = (root: string) =>
    fs
      .readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => fs.statSync(join(root, path)).isFile())
  assert.ok(paths(folder).every((path) => !path.includes('.pub')))
  assert.ok(paths(publicFolder).every((path) => path.includes('.pub')))
  const list = await keystore.list()
  assert.equal(list.length, 2 * everyRef.length)
  assert.ok(list.every(({ publicOnly }) => !publicOnly))
})

test('preloading without a cache is a contradiction', async () => {
  await assert.rejects(
    openKeystore(settings(folders.next(), { cacheSize: -1, cacheOnStart: true })),
    { code: 'keystore-cache-conflict', message: /^can't cache on start with disabled cache: / },
  )
})

test('the cache answers at once after preloading, and never where it is off', async () => {
  const folder = await fullStore()
  const cached = await openKeystore(settings(folder, { cacheSize: 1000, cacheOnStart: true }))
  const uncached = await openKeystore(settings(folder))
  for (const ref of everyRef) {
    assert.ok(!(cached.keys(ref) instanceof Promise))
    const asked = uncached.keys(ref)
    assert.ok(asked instanceof Promise)
    await asked
  }
})
