import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { masterKeyFromEnvironment, openKeystore } from '../../keystore/index.ts'
import {
  AuthFileError,
  hashPassword,
  matches,
  openAuthFile,
  readUserList,
  refuseWhoeverItIs,
  sealAuthFile,
  userListText,
} from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-web-users-'))
after(() => rmSync(folder, { recursive: true }))
const authentication = { purpose: 'authentication', owner: null } as const

const keystore = await openKeystore({
  folder: join(folder, 'keys'),
  wrapper: masterKeyFromEnvironment({ ACRA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }),
  warn: assert.fail,
})

/** `echo -n password | argon2 somesaltsomesalt -id -t 3 -k 8192 -p 2 -l 32 -r`, of the reference implementation. */
const LINE = 'alice:somesaltsomesalt:3,8192,2,32:'

test('what was hashed is matched, and nothing else', async () => {
  const known = await hashPassword('correct horse')
  assert.equal(known.salt.length, 16)
  assert.match(known.salt, /^[a-zA-Z]+$/)
  assert.equal(await matches('correct horse', known), true)
  assert.equal(await matches('correct horsf', known), false)
  assert.equal(await refuseWhoeverItIs('correct horse'), false)
  assert.notEqual((await hashPassword('correct horse')).salt, known.salt)
})

test('hashes agree with the reference implementation', async () => {
  // RFC 9106's own vector uses a secret and associated data, which the file has no place for: this is argon2 20190702.
  const [known] = [...readUserList(`u:somesalt:2,65536,1,32:${REFERENCE}\n`, assert.fail).values()]
  assert.equal(await matches('password', known!), true)
  assert.equal(await matches('passwore', known!), false)
})

/** Test vector of the reference implementation (test.c, version 0x13, Argon2id, t=2, m=2^16, p=1). */
const REFERENCE = Buffer.from(
  '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  'hex',
).toString('base64')

test('lines that are none are told and left out', () => {
  const good = `${LINE}${Buffer.alloc(32, 1).toString('base64')}`
  const wrong: string[] = []
  const text = [
    good,
    '',
    'a:b:c',
    'bob:saltsalt:3,8192,2:AAAA',
    'carl:saltsalt:3,8192,2,32:AAAA',
    `dora:saltsalt:3,99999999,2,32:${Buffer.alloc(32).toString('base64')}`,
    good,
  ].join('\r\n')
  const users = readUserList(text, (line) => wrong.push(line))
  assert.deepEqual([...users.keys()], ['alice'])
  assert.deepEqual(wrong, [
    'wrong line no. 3, unexpected number (3) of splitted parts split by :',
    'wrong line no. 4, it has no password hash that can be used',
    'wrong line no. 5, it has no password hash that can be used',
    'wrong line no. 6, it has no password hash that can be used',
    'wrong line no. 7, user (alice) already defined',
  ])
  assert.equal(userListText(users), `${good}\n`)
})

test('the file opens with every version of the key, and with no other', async () => {
  await assert.rejects(sealAuthFile('x', keystore), AuthFileError)
  await keystore.generate(authentication)
  const sealed = await sealAuthFile('alice\n', keystore)
  assert.equal(sealed.includes('alice'), false)
  await keystore.generate(authentication)
  assert.equal(await openAuthFile(sealed, keystore), 'alice\n')
  const damaged = Buffer.from(sealed)
  damaged[damaged.length - 1]! ^= 1
  await assert.rejects(openAuthFile(damaged, keystore), { code: 'auth-file-not-opened' })
  assert.equal(await openAuthFile(await sealAuthFile('', keystore), keystore), '')
})
