import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createAuthority } from '../../net/tls/testing/index.ts'
import { openMasterKey } from './master-key.ts'
import { masterKeyWrapper } from './software.ts'
import type { MasterKeySettings } from './source.ts'
import { settingsWith } from './testing/settings.ts'
import { VaultStandIn } from './testing/vault.ts'

const root = mkdtempSync(join(tmpdir(), 'acra-vault-'))
const authority = createAuthority(root, 'vault-authority')
const ref = { purpose: 'storage', owner: 'someid' } as const
const secret = Buffer.from('a secret of some size')
const masterKey = Buffer.alloc(32, 9)
const token = Buffer.from('hvs.a-token\n').toString('base64')
let vault: VaultStandIn

before(async () => {
  vault = await VaultStandIn.start(authority)
  const field = { acra_master_key: masterKey.toString('base64') }
  Object.assign(vault.content.secrets, {
    'secret/acra': field,
    'secret/a/deep path': field,
    'old/acra': field,
    'older/acra': field,
    'secret/number': { acra_master_key: 7 },
    'secret/other': { another: 'field' },
    'secret/bad': { acra_master_key: 'not base64' },
    'secret/short': { acra_master_key: Buffer.alloc(31).toString('base64') },
  })
})
after(() => {
  vault.service.close()
  rmSync(root, { recursive: true })
})

function settings(options = {}, others: Partial<MasterKeySettings> = {}): MasterKeySettings {
  return settingsWith(
    {
      keystore_encryption_type: 'vault_master_key',
      vault_connection_api_string: vault.service.url,
      vault_secrets_path: 'secret/acra',
      vault_tls_client_ca: authority.certFile,
      ...options,
    },
    { environment: { VAULT_API_TOKEN: token }, ...others },
  )
}

/** Whether the master key that is found is the one in Vault. */
async function isFound(found: MasterKeySettings): Promise<boolean> {
  const wrapped = await masterKeyWrapper(Buffer.from(masterKey)).wrap(secret, ref, 'someid')
  const wrapper = await openMasterKey(found)
  const opened = await wrapper.unwrap(wrapped, ref, 'someid')
  wrapper.wipe()
  return opened !== null
}

test('the master key is read from a KV engine of version 2, of version 1, and of one that names no version', async () => {
  for (const path of [
    'secret/acra',
    'secret/acra/',
    '/secret/a/deep path',
    'old/acra',
    'older/acra',
  ])
    assert.ok(await isFound(settings({ vault_secrets_path: path })), path)
})

test('an address alone means Vault, as in 0.90', async () => {
  assert.ok(await isFound(settings({ keystore_encryption_type: 'env_master_key' })))
})

test('the two keys of a keystore v2 are read', async () => {
  const half = (byte: number) => Buffer.alloc(32, byte).toString('base64')
  const json = JSON.stringify({ encryption: half(1), signature: half(2) })
  vault.content.secrets['secret/two'] = { acra_master_key: Buffer.from(json).toString('base64') }
  const wrapper = await openMasterKey(
    settings({ vault_secrets_path: 'secret/two' }, { version: 'v2' }),
  )
  assert.equal((await wrapper.sign!(secret)).length, 32)
  wrapper.wipe()
})

test('what is not where it should be is told in one line each', async () => {
  const cases = [
    ['nowhere/acra', /^unable to find secret engine/],
    ['cubbyhole/acra', /^incorrect secret engine type - should be kv/],
    ['secret/missing', /^HashiCorp Vault kv secret not found/],
    ['secret/other', /^ACRA_MASTER_KEY was not found by kv secret path/],
    ['secret/number', /^unable to convert acra master key id to string/],
    ['secret/bad', /must be the base64 of a master key$/],
  ] as const
  for (const [path, message] of cases)
    await assert.rejects(openMasterKey(settings({ vault_secrets_path: path })), {
      code: 'master-key-source-invalid',
      message,
    })
  await assert.rejects(openMasterKey(settings({ vault_secrets_path: 'secret/short' })), {
    code: 'master-key-malformed',
    message: 'master key must have 32 length in bytes; acra_master_key in HashiCorp Vault holds 31',
  })
})

test('a token that is missing, no base64, or not permitted is told, and never shown', async () => {
  const withToken = (text: string) => settings({}, { environment: { VAULT_API_TOKEN: text } })
  const invalid = 'master-key-source-invalid'
  const empty = /^HashiCorp Vault api token is empty/
  await assert.rejects(openMasterKey(withToken('')), { code: invalid, message: empty })
  await assert.rejects(openMasterKey(withToken('\n')), { code: invalid, message: empty })
  await assert.rejects(openMasterKey(withToken('hvs.plain')), {
    code: invalid,
    message: 'failed to decode VAULT_API_TOKEN: it must be the base64 of the token',
  })
  const other = Buffer.from('hvs.another-token').toString('base64')
  await assert.rejects(openMasterKey(withToken(other)), (error) => {
    assert.ok(error instanceof Error && 'code' in error)
    assert.equal(error.code, 'master-key-refused')
    return !error.message.includes('another')
  })
})

test('a pod logs in by its service account', async () => {
  const file = join(root, 'jwt')
  writeFileSync(file, 'eyJ.a.jwt\n')
  vault.content.roles.acra = { jwt: 'eyJ.a.jwt', token: 'hvs.of-the-pod' }
  const byAccount = (role: string, jwt = file) =>
    settings(
      {
        vault_auth_type: 'kubernetes',
        vault_kubernetes_role: role,
        vault_kubernetes_token_file: jwt,
      },
      { environment: {} },
    )
  assert.ok(await isFound(byAccount('acra')))
  const refused = { code: 'master-key-refused', message: /refuses the Kubernetes login for role/ }
  await assert.rejects(openMasterKey(byAccount('nobody')), refused)
  writeFileSync(file, 'eyJ.another.jwt')
  await assert.rejects(openMasterKey(byAccount('acra')), refused)
  await assert.rejects(
    openMasterKey(byAccount('')),
    /^KeystoreError: vault_kubernetes_role is empty/,
  )
  await assert.rejects(openMasterKey(byAccount('acra', '/no/jwt')), /cannot be read: \/no\/jwt/)
})

test('a Vault that asks for a certificate gets ours', async () => {
  const strict = await VaultStandIn.start(authority, true)
  strict.content.secrets['secret/acra'] = { acra_master_key: masterKey.toString('base64') }
  const { certFile, keyFile } = authority.client('acra-server')
  const address = { vault_connection_api_string: strict.service.url }
  const shown = { vault_tls_client_cert: certFile, vault_tls_client_key: keyFile }
  assert.ok(await isFound(settings({ ...address, ...shown })))
  await assert.rejects(openMasterKey(settings(address)), { code: 'master-key-unavailable' })
  strict.service.close()
})

test('the name of the certificate is checked, and may be given', async () => {
  const sni = (name: string) => settings({ vault_tls_client_sni: name })
  assert.ok(await isFound(sni('localhost')))
  await assert.rejects(openMasterKey(sni('vault.example')), {
    code: 'master-key-unavailable',
    message: /its certificate bears another name$/,
  })
})

test('a Vault of an unknown authority, sealed, or down gives one clear line each', async () => {
  const { host } = new URL(vault.service.url)
  await assert.rejects(openMasterKey(settings({ vault_tls_client_ca: '' })), {
    code: 'master-key-unavailable',
    message: `HashiCorp Vault at ${host} cannot be reached: its certificate is of an unknown authority; name that authority`,
  })
  vault.content.isSealed = true
  await assert.rejects(openMasterKey(settings()), {
    code: 'master-key-unavailable',
    message: `HashiCorp Vault at ${host} is sealed`,
  })
  vault.content.isSealed = false
  vault.service.goDown()
  await assert.rejects(openMasterKey(settings()), {
    code: 'master-key-unavailable',
    message: `HashiCorp Vault at ${host} cannot be reached: the connection was closed`,
  })
  vault.service.comeBack()
  vault.service.delayMs = 100
  assert.ok(await isFound(settings()))
  vault.service.delayMs = 0
})

test('a probe tells when Vault goes and when it is back, and needs no token', async () => {
  const wrapper = await openMasterKey(settings())
  const { probe } = wrapper
  assert.ok(probe)
  vault.content.tokens.delete('hvs.a-token')
  await probe()
  vault.content.isSealed = true
  await assert.rejects(probe, { code: 'master-key-unavailable' })
  vault.content.isSealed = false
  vault.service.goDown()
  await assert.rejects(probe, { code: 'master-key-unavailable' })
  vault.service.comeBack()
  await probe()
  vault.content.tokens.add('hvs.a-token')
  const wrapped = await wrapper.wrap(secret, ref, 'someid')
  assert.deepEqual(Buffer.from((await wrapper.unwrap(wrapped, ref, 'someid'))!), secret)
  wrapper.wipe()
})

test('settings that cannot be used are told apart; plain HTTP is warned of', async () => {
  const cases = [
    [{ vault_connection_api_string: '' }, /^empty Hashicorp Vault connection URL provided/],
    [{ vault_connection_api_string: 'vault:8200' }, /must be http\(s\):\/\/host:port$/],
    [{ vault_connection_api_string: 'ftp://x' }, /must be http\(s\):\/\/host:port$/],
    [
      { vault_connection_api_string: 'http://localhost:1', vault_tls_transport_enable: true },
      /asks for TLS and vault_connection_api_string is http:\/\//,
    ],
    [{ vault_tls_ca_path: '/other/ca' }, /are the same option: set one$/],
  ] as const
  for (const [options, message] of cases)
    await assert.rejects(openMasterKey(settings(options)), {
      code: 'master-key-source-invalid',
      message,
    })
  await assert.rejects(openMasterKey(settings({ vault_tls_client_ca: '/no/ca' })), {
    code: 'tls-files-unusable',
  })
  const warnings: string[] = []
  const plain = settings(
    { vault_connection_api_string: 'http://127.0.0.1:9' },
    { warn: (sentence) => warnings.push(sentence) },
  )
  await assert.rejects(openMasterKey(plain), { code: 'master-key-unavailable' })
  assert.deepEqual(warnings, [
    'HashiCorp Vault is asked without TLS: everybody on the way can read the master key',
  ])
})
