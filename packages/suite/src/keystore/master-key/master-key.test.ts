import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeMasterKeyFile } from './file.ts'
import { generateMasterKey, masterKeyWrapper } from './master-key.ts'

const root = fs.mkdtempSync(join(tmpdir(), 'acra-master-'))
after(() => fs.rmSync(root, { recursive: true }))

const secret = Buffer.from('a secret of some size')

test('what is wrapped opens under the same context only', async () => {
  const wrapper = masterKeyWrapper(generateMasterKey())
  const wrapped = await wrapper.wrap(secret, 'someid')
  assert.equal(wrapped.length, secret.length + 44)
  assert.deepEqual(Buffer.from((await wrapper.unwrap(wrapped, 'someid'))!), secret)
  assert.equal(await wrapper.unwrap(wrapped, 'otherid'), null)
  assert.equal(await wrapper.unwrap(wrapped, ''), null)
  const other = masterKeyWrapper(generateMasterKey())
  assert.equal(await other.unwrap(wrapped, 'someid'), null)
})

test('a longer master key is used whole', async () => {
  const long = Buffer.alloc(40, 7)
  const wrapped = await masterKeyWrapper(Buffer.from(long)).wrap(secret, 'someid')
  const cut = masterKeyWrapper(Buffer.from(long.subarray(0, 32)))
  assert.equal(await cut.unwrap(wrapped, 'someid'), null)
})

test('a short master key is refused', () => {
  assert.throws(() => masterKeyWrapper(new Uint8Array(31)), {
    code: 'master-key-malformed',
    message: 'master key must have 32 length in bytes',
  })
})

test('a wiped master key is overwritten and works no more', () => {
  const bytes = generateMasterKey()
  const wrapper = masterKeyWrapper(bytes)
  wrapper.wipe()
  assert.ok(bytes.every((byte) => byte === 0))
  assert.throws(() => wrapper.wrap(secret, 'someid'), /a wiped master key was used/)
  assert.throws(() => wrapper.unwrap(secret, 'someid'), /a wiped master key was used/)
})

test('a generated master key has 32 bytes and is never the same', () => {
  const keys = Array.from({ length: 20 }, generateMasterKey)
  assert.ok(keys.every((key) => key.length === 32))
  assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, 20)
})

for (const umask of [0o000, 0o077, 0o777])
  test(`a master key file has mode 0600 under umask ${umask.toString(8).padStart(3, '0')}`, async () => {
    const path = join(root, `umask-${umask}`)
    const before = process.umask(umask)
    await writeMasterKeyFile(path, secret, false).finally(() => process.umask(before))
    assert.equal(fs.statSync(path).mode & 0o7777, 0o600)
    assert.deepEqual(fs.readFileSync(path), secret)
  })

test('a master key file is replaced by force only, and nothing is left beside it', async () => {
  const folder = fs.mkdtempSync(join(root, 'force-'))
  const path = join(folder, 'master.key')
  await writeMasterKeyFile(path, secret, false)
  const other = Buffer.from('another secret')
  await assert.rejects(writeMasterKeyFile(path, other, false), {
    code: 'master-key-exists',
    message: `master key file ${path} exists; keys made with it would be lost. Choose another name, or replace it with --force`,
  })
  assert.deepEqual(fs.readFileSync(path), secret)
  await writeMasterKeyFile(path, other, true)
  assert.deepEqual(fs.readFileSync(path), other)
  assert.deepEqual(fs.readdirSync(folder), ['master.key'])
})

test('a folder that does not exist is told', async () => {
  await assert.rejects(writeMasterKeyFile(join(root, 'no', 'such', 'key'), secret, false), {
    code: 'keystore-io',
    message: /^cannot write .*: no such folder$/,
  })
})
