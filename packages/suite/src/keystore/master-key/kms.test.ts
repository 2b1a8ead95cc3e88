import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createAuthority } from '../../net/tls/testing/index.ts'
import { createMasterKey, openMasterKey } from './master-key.ts'
import { masterKeyWrapper } from './software.ts'
import type { MasterKeySettings } from './source.ts'
import { KmsStandIn, secretAccessKey } from './testing/kms.ts'
import { settingsWith } from './testing/settings.ts'

const root = mkdtempSync(join(tmpdir(), 'acra-kms-'))
const authority = createAuthority(root, 'kms-authority')
const ref = { purpose: 'storage', owner: 'someid' } as const
const secret = Buffer.from('a secret of some size')
let kms: KmsStandIn

before(async () => {
  kms = await KmsStandIn.start(authority)
  writeFileSync(credentials, kms.credentials, { mode: 0o600 })
})
after(() => {
  kms.service.close()
  rmSync(root, { recursive: true })
})

const credentials = join(root, 'credentials.json')

function settings(
  type: 'kms_encrypted_master_key' | 'kms_per_client',
  others: Partial<MasterKeySettings> = {},
  options = {},
): MasterKeySettings {
  return settingsWith(
    {
      keystore_encryption_type: type,
      kms_type: 'aws',
      kms_credentials_path: credentials,
      kms_tls_ca: authority.certFile,
      ...options,
    },
    others,
  )
}

test('a master key is made, encrypted by a new key of the KMS, once', async () => {
  kms.aliases.clear()
  const encrypted = (await createMasterKey(settings('kms_encrypted_master_key')))!
  assert.ok(kms.aliases.has('alias/acra_master_key'))
  const environment = { ACRA_MASTER_KEY: Buffer.from(encrypted).toString('base64') }
  const wrapper = await openMasterKey(settings('kms_encrypted_master_key', { environment }))
  const wrapped = await wrapper.wrap(secret, ref, 'someid')
  assert.deepEqual(Buffer.from((await wrapper.unwrap(wrapped, ref, 'someid'))!), secret)
  await wrapper.probe!()
  await assert.rejects(createMasterKey(settings('kms_encrypted_master_key')), {
    code: 'master-key-source-invalid',
    message: 'Key already exist in KMS: alias/acra_master_key',
  })
  wrapper.wipe()
})

test('the two master keys of a keystore v2 come out of the KMS', async () => {
  kms.aliases.clear()
  const encrypted = (await createMasterKey(
    settings('kms_encrypted_master_key', { version: 'v2' }),
  ))!
  const environment = { ACRA_MASTER_KEY: Buffer.from(encrypted).toString('base64') }
  for (const type of ['kms_encrypted_master_key', 'kms_per_client'] as const) {
    const wrapper = await openMasterKey(settings(type, { environment, version: 'v2' }))
    assert.equal((await wrapper.sign!(secret)).length, 32)
    wrapper.wipe()
  }
  await assert.rejects(openMasterKey(settings('kms_encrypted_master_key', { environment })), {
    code: 'master-key-malformed',
    message: /holds the master key of a keystore v2, and this keystore is v1$/,
  })
})

test('a variable that the KMS did not encrypt is refused', async () => {
  kms.aliases.clear()
  kms.addKey('alias/acra_master_key')
  const environment = { ACRA_MASTER_KEY: Buffer.alloc(100, 7).toString('base64') }
  await assert.rejects(openMasterKey(settings('kms_encrypted_master_key', { environment })), {
    code: 'master-key-source-invalid',
    message: /^ACRA_MASTER_KEY does not hold a master key that AWS KMS has encrypted/,
  })
})

test('every client has a key of its own in the KMS, and what is made for one is of no use to another', async () => {
  kms.aliases.clear()
  const maker = await openMasterKey(settings('kms_per_client', { createsKeys: true }))
  const refs = [
    [{ purpose: 'storage', owner: 'someid' }, 'alias/acra_someid'],
    [{ purpose: 'storage-symmetric', owner: 'otherid' }, 'alias/acra_otherid'],
    [{ purpose: 'hmac', owner: 'someid' }, 'alias/acra_someid'],
    [{ purpose: 'poison', owner: null }, 'alias/acra_poison'],
    [{ purpose: 'poison-symmetric', owner: null }, 'alias/acra_poison'],
    [{ purpose: 'audit-log', owner: null }, 'alias/acra_audit_log'],
  ] as const
  for (const [one] of refs) await maker.wrap(secret, one, 'whatever')
  for (const [one, alias] of refs) {
    const wrapped = await maker.wrap(secret, one, 'whatever')
    assert.ok(kms.aliases.has(alias))
    assert.deepEqual(await maker.unwrap(wrapped, one, 'whatever'), secret)
    for (const [other, otherAlias] of refs)
      if (otherAlias !== alias) assert.equal(await maker.unwrap(wrapped, other, 'whatever'), null)
  }
  assert.equal(kms.aliases.size, 4)
  assert.equal(maker.sign, null)
  maker.wipe()
})

test('a key of the KMS is made by a program that makes keys, and by no other', async () => {
  kms.aliases.clear()
  const server = await openMasterKey(settings('kms_per_client'))
  await assert.rejects(async () => server.wrap(secret, ref, 'someid'), {
    code: 'master-key-refused',
    message: 'AWS KMS, key alias/acra_someid: AWS KMS has no such key',
  })
  assert.equal(kms.aliases.size, 0)
  server.wipe()
  const spaced = { purpose: 'storage', owner: 'some id' } as const
  const maker = await openMasterKey(settings('kms_per_client', { createsKeys: true }))
  await assert.rejects(async () => maker.wrap(secret, spaced, 'some id'), {
    code: 'master-key-source-invalid',
    message: /^"acra_some id" cannot name a key of AWS KMS/,
  })
  maker.wipe()
})

test('damaged wrapped keys do not open', async () => {
  kms.aliases.clear()
  const maker = await openMasterKey(settings('kms_per_client', { createsKeys: true }))
  const wrapped = Buffer.from(await maker.wrap(secret, ref, 'someid'))
  for (const at of [0, 40, 50, wrapped.length - 1]) {
    const damaged = Buffer.from(wrapped)
    damaged[at]! ^= 1
    assert.equal(await maker.unwrap(damaged, ref, 'someid'), null)
  }
  assert.equal(await maker.unwrap(Buffer.from('short'), ref, 'someid'), null)
  maker.wipe()
})

test('the request is signed: a wrong secret access key is told, and not shown', async () => {
  const wrong = join(root, 'wrong.json')
  writeFileSync(wrong, kms.credentials.replace(secretAccessKey, 'another/secret'), { mode: 0o600 })
  await assert.rejects(
    openMasterKey(settings('kms_per_client', {}, { kms_credentials_path: wrong })),
    {
      code: 'master-key-refused',
      message: 'AWS KMS, key alias/acra_poison: AWS KMS does not accept the secret access key',
    },
  )
})

test('a KMS that refuses, is down, or is of an unknown authority gives one clear line each', async () => {
  const open = (options = {}) => openMasterKey(settings('kms_per_client', {}, options))
  kms.refusal = 'AccessDeniedException'
  await assert.rejects(open(), {
    code: 'master-key-refused',
    message: /AWS KMS does not permit it to these credentials$/,
  })
  kms.refusal = null
  kms.service.goDown()
  await assert.rejects(open(), {
    code: 'master-key-unavailable',
    message: 'AWS KMS cannot be reached: the connection was closed',
  })
  kms.service.comeBack()
  kms.service.delayMs = 50
  ;(await open()).wipe()
  kms.service.delayMs = 0
  await assert.rejects(open({ kms_tls_ca: '' }), {
    code: 'master-key-unavailable',
    message: /its certificate is of an unknown authority; name that authority$/,
  })
  ;(await open()).wipe()
})

test('settings that cannot be used are told apart', async () => {
  const cases = [
    [{ kms_type: '' }, /^unknown KMS type provided: kms_type must be "aws"$/],
    [{ kms_type: 'gcp' }, /^unknown KMS type provided/],
    [
      { kms_credentials_path: '/no/file' },
      /^the credentials of AWS KMS cannot be read: \/no\/file$/,
    ],
    [{ kms_credentials_path: authority.keyFile }, /is not JSON$/],
  ] as const
  for (const [options, message] of cases)
    await assert.rejects(openMasterKey(settings('kms_per_client', {}, options)), {
      code: 'master-key-source-invalid',
      message,
    })
  await assert.rejects(openMasterKey(settings('kms_per_client', {}, { kms_tls_ca: '/no/ca' })), {
    code: 'tls-files-unusable',
  })
})

test('credentials that others can read are warned of', async () => {
  const open = join(root, 'open.json')
  writeFileSync(open, kms.credentials, { mode: 0o644 })
  const warnings: string[] = []
  const warn = (sentence: string) => warnings.push(sentence)
  const wrapper = await openMasterKey(
    settings('kms_per_client', { warn }, { kms_credentials_path: open }),
  )
  wrapper.wipe()
  assert.deepEqual(warnings, [`others can read the credentials of AWS KMS: chmod 600 ${open}`])
})

test('a software master key does not open what a KMS has wrapped', async () => {
  kms.aliases.clear()
  const maker = await openMasterKey(settings('kms_per_client', { createsKeys: true }))
  const wrapped = await maker.wrap(secret, ref, 'someid')
  maker.wipe()
  assert.equal(await masterKeyWrapper(Buffer.alloc(32, 1)).unwrap(wrapped, ref, 'someid'), null)
})
