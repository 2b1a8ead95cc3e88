import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeMasterKeyFile } from './file.ts'

const root = fs.mkdtempSync(join(tmpdir(), 'acra-master-'))
after(() => fs.rmSync(root, { recursive: true }))

const secret = Buffer.from('a secret of some size')

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
