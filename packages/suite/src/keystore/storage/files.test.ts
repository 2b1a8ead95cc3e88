import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { KeystoreError } from '../errors.ts'
import { runBeside } from '../testing/child.ts'
import { openV1 } from '../testing/stores.ts'
import { Files } from './files.ts'
import { storageContract } from './storage.contract.ts'
import { fileSizeMax, temporaryPrefix } from './storage.ts'

const root = fs.mkdtempSync(join(tmpdir(), 'acra-files-'))
after(() => fs.rmSync(root, { recursive: true }))
let count = 0
const newFolder = () => join(root, String(count++), 'keys')

storageContract('a folder locked by flock', async () => {
  const folder = newFolder()
  return { storage: new Files({ folder }), reopen: () => new Files({ folder }) }
})

storageContract('a folder locked by a lock file', async () => {
  const folder = newFolder()
  const open = () => new Files({ folder, lock: { flock: null } })
  return { storage: open(), reopen: open }
})

storageContract('a folder with a public folder beside it', async () => {
  const folder = newFolder()
  const open = () => new Files({ folder, publicFolder: join(folder, '..', 'public') })
  return { storage: open(), reopen: open }
})

const modeOf = (path: string) => (fs.statSync(path).mode & 0o7777).toString(8)

async function write(storage: Files, path: string, visibility: 'private' | 'public' = 'private') {
  await storage.exclusively(async (writer) =>
    (await writer.stage(path, Buffer.from(path), visibility)).commit(),
  )
}

for (const umask of [0o000, 0o022, 0o077, 0o777])
  test(`modes are exact under umask ${umask.toString(8).padStart(3, '0')}`, async () => {
    const folder = newFolder()
    const storage = new Files({ folder })
    const before = process.umask(umask)
    try {
      await write(storage, 'key')
      await write(storage, '.poison_key/poison_key.pub', 'public')
      await storage.exclusively(async (writer) => {
        await writer.link('key', 'key.old/1', 'private')
      })
    } finally {
      process.umask(before)
    }
    assert.equal(modeOf(folder), '700')
    assert.equal(modeOf(join(folder, '..')), '700')
    assert.equal(modeOf(join(folder, '.poison_key')), '700')
    assert.equal(modeOf(join(folder, 'key.old')), '700')
    assert.equal(modeOf(join(folder, 'key')), '600')
    assert.equal(modeOf(join(folder, 'key.old/1')), '600')
    assert.equal(modeOf(join(folder, '.poison_key/poison_key.pub')), '644')
  })

test('a private file with any bit for group or others is refused, and the message has the remedy', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'key')
  const path = join(folder, 'key')
  for (let mode = 0; mode <= 0o777; mode++) {
    fs.chmodSync(path, mode)
    if ((mode & 0o077) === 0) {
      await storage.verify('key', 'private')
      continue
    }
    const octal = mode.toString(8).padStart(4, '0')
    const message = `private key file has incorrect permissions: ${path} is ${octal} and must be 0600; run: chmod 600 ${path}`
    const expected = { code: 'keystore-file-permissions', message }
    await assert.rejects(storage.verify('key', 'private'), expected)
    // Where the owner may not read either, the system itself refuses; but for root.
    if ((mode & 0o400) === 0 && process.getuid?.() !== 0) continue
    await assert.rejects(storage.read('key', 'private'), expected)
  }
})

test('a folder that is not exactly 0700 is refused for reading, listing and writing', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'key')
  for (const mode of [0o500, 0o600, 0o710, 0o701, 0o750, 0o755, 0o777, 0o1700, 0o2700]) {
    fs.chmodSync(folder, mode)
    const octal = mode.toString(8).padStart(4, '0')
    const expected = {
      code: 'keystore-folder-permissions',
      message: `keystore folder has an incorrect permissions: ${folder} is ${octal} and must be 0700; run: chmod 700 ${folder}`,
    }
    await assert.rejects(storage.read('key', 'private'), expected)
    await assert.rejects(storage.list('', 'private'), expected)
    await assert.rejects(write(storage, 'other'), expected)
  }
  fs.chmodSync(folder, 0o700)
  assert.deepEqual(await storage.list('', 'private'), ['key'])
})

test('a remedy for a path with spaces and quotes can be pasted into a shell', async () => {
  const folder = join(newFolder(), "it's a key")
  const storage = new Files({ folder })
  await write(storage, 'my key')
  fs.chmodSync(join(folder, 'my key'), 0o644)
  const error = await storage.read('my key', 'private').catch((thrown) => thrown)
  assert.ok(error instanceof KeystoreError)
  execFileSync('sh', ['-c', error.message.replace(/.*run: /, '')])
  assert.equal((await storage.read('my key', 'private'))?.toString(), 'my key')
})

test('a public folder of its own may have any mode', async () => {
  const folder = newFolder()
  const publicFolder = join(folder, '..', 'public')
  const storage = new Files({ folder, publicFolder })
  await write(storage, 'key.pub', 'public')
  assert.deepEqual(fs.readdirSync(folder), [])
  fs.chmodSync(publicFolder, 0o755)
  fs.chmodSync(join(publicFolder, 'key.pub'), 0o444)
  assert.equal((await storage.read('key.pub', 'public'))?.toString(), 'key.pub')
})

test('a private key is not read through a symbolic link, a public one is', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'real')
  fs.symlinkSync('real', join(folder, 'link'))
  const expected = { code: 'keystore-file-kind', message: /not a regular file: .*link/ }
  await assert.rejects(storage.read('link', 'private'), expected)
  await assert.rejects(storage.verify('link', 'private'), expected)
  assert.equal((await storage.read('link', 'public'))?.toString(), 'real')
})

test('writing replaces a symbolic link and leaves what it points to alone', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'real')
  fs.symlinkSync('real', join(folder, 'link'))
  await write(storage, 'link')
  assert.equal((await storage.read('link', 'private'))?.toString(), 'link')
  assert.equal((await storage.read('real', 'private'))?.toString(), 'real')
})

test('writing replaces a hard link and leaves the file of its other name alone', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'key')
  const outside = join(folder, '..', 'outside')
  fs.writeFileSync(outside, 'not ours', { mode: 0o600 })
  fs.rmSync(join(folder, 'key'))
  fs.linkSync(outside, join(folder, 'key'))
  await write(storage, 'key')
  assert.equal(fs.readFileSync(outside, 'utf8'), 'not ours')
  assert.equal(fs.readFileSync(join(folder, 'key'), 'utf8'), 'key')
})

test('a folder, a FIFO or a device in the place of a key is refused at once', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'key')
  fs.mkdirSync(join(folder, 'folder'))
  execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', join(folder, 'fifo')])
  for (const name of ['folder', 'fifo'])
    await assert.rejects(storage.read(name, 'private'), { code: 'keystore-file-kind' })
})

test('a file that is too large is refused before it is read', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'key')
  fs.truncateSync(join(folder, 'key'), fileSizeMax)
  assert.equal((await storage.read('key', 'private'))?.length, fileSizeMax)
  fs.truncateSync(join(folder, 'key'), 2 ** 40)
  await assert.rejects(storage.read('key', 'private'), { code: 'keystore-file-too-large' })
})

test('a temporary file of a dead writer is not seen, and cleared away under the lock', async () => {
  const folder = newFolder()
  const storage = new Files({ folder })
  await write(storage, 'key')
  const leftover = join(folder, `${temporaryPrefix}123`)
  fs.writeFileSync(leftover, 'half', { mode: 0o600 })
  assert.deepEqual(await storage.list('', 'private'), ['key'])
  await storage.exclusively(async (writer) => {
    assert.equal(writer.interrupted, true)
    await writer.sweep()
  })
  assert.equal(fs.existsSync(leftover), false)
})

test('where the file system has no hard links the history holds copies, exact in mode, never half-way', async () => {
  const folder = newFolder()
  await runBeside(
    folder,
    `
      const { default: files } = await import('node:fs/promises')
      const { syncBuiltinESMExports } = await import('node:module')
      files.link = async () => { throw Object.assign(new Error('no links'), { code: 'EPERM' }) }
      syncBuiltinESMExports()
      process.umask(0)
      for (let round = 0; round < 3; round++) await keystore.generate({ purpose: 'storage', owner: 'someid' })
    `,
    {},
  )
  const { keystore } = openV1(new Files({ folder }))
  assert.equal((await keystore.keys({ purpose: 'storage', owner: 'someid' })).length, 3)
  for (const [name, mode] of [
    ['someid_storage.old', '600'],
    ['someid_storage.pub.old', '644'],
  ] as const) {
    const copies = fs.readdirSync(join(folder, name))
    assert.equal(copies.length, 2)
    for (const copy of copies) {
      assert.equal(modeOf(join(folder, name, copy)), mode)
      assert.equal(fs.statSync(join(folder, name, copy)).nlink, 1)
    }
  }
})

test('a name that is too long says so', async () => {
  const storage = new Files({ folder: newFolder() })
  await assert.rejects(write(storage, 'x'.repeat(256)), {
    code: 'keystore-io',
    message: /the name is too long for this file system; use a shorter client id$/,
  })
})

test('a folder that cannot be made says which and why', async () => {
  const folder = newFolder()
  fs.mkdirSync(join(folder, '..'), { recursive: true })
  fs.writeFileSync(folder, '')
  const storage = new Files({ folder: join(folder, 'keys') })
  await assert.rejects(write(storage, 'key'), {
    code: 'keystore-io',
    message: /^cannot make .*keys: a part of the path is not a folder$/,
  })
})
