import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { tlsRevocationOptions } from '../../net/index.ts'
import { Registry, type Sources, startSources } from '../../net/revocation/testing/index.ts'
import { createAuthority } from '../../net/tls/testing/index.ts'
import { type GivenValues, joined, settle } from '../../options/index.ts'
import { openMasterKey } from './master-key.ts'
import { masterKeyOptions } from './options.ts'
import { VaultStandIn } from './testing/vault.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-vault-revocation-'))
const authority = createAuthority(folder, 'authority')
const environment = { VAULT_API_TOKEN: Buffer.from('hvs.a-token').toString('base64') }
const table = joined(tlsRevocationOptions, masterKeyOptions)

let sources: Sources
let vault: VaultStandIn
before(async () => {
  sources = await startSources()
  vault = await VaultStandIn.start(authority)
  vault.content.secrets['secret/acra'] = { acra_master_key: Buffer.alloc(32, 9).toString('base64') }
  const cert = readFileSync(join(folder, 'vault.crt'), 'latin1')
  const [before, now] = [new Registry(folder, authority), new Registry(folder, authority)]
  before.add({ ...authority, cert })
  now.revoke({ ...authority, cert })
  for (const [name, books] of Object.entries({ before, now })) {
    const list = books.list()
    sources.answers.set(`/list-${name}`, () => list)
    sources.answers.set(`/ocsp-${name}`, (question) => books.answer(question, { minutes: 5 }))
  }
})
after(() => {
  vault.service.close()
  sources.stop()
  rmSync(folder, { recursive: true })
})

const ways = {
  tls_crl_url: 'list',
  tls_ocsp_url: 'ocsp',
  vault_tls_crl_client_url: 'list',
  vault_tls_ocsp_client_url: 'ocsp',
} as const

/** Opens the master key with the address of one option set, and with what was warned of. */
async function open(option: string, path: string) {
  const given = {
    vault_connection_api_string: vault.service.url,
    vault_secrets_path: 'secret/acra',
    vault_tls_client_ca: authority.certFile,
    [option]: `${sources.url}/${path}`,
  }
  const rows = Object.entries(given).map(([name, value]) => [name, { value, origin: 'a file' }])
  const { values } = settle(table, new Map(), new Map(rows as [string, never][]) as GivenValues)
  const warnings: string[] = []
  const warn = (sentence: string) => warnings.push(sentence)
  vault.service.asked.length = 0
  try {
    const wrapper = await openMasterKey({ options: values, environment, version: 'v1', warn })
    await wrapper.probe?.()
    wrapper.wipe()
    return { error: null, warnings }
  } catch (error) {
    return { error: error as Error, warnings }
  }
}

test('a Vault whose certificate is good gives the master key, whoever is asked about it', async () => {
  for (const [option, kind] of Object.entries(ways)) {
    sources.asked.length = 0
    assert.deepEqual(await open(option, `${kind}-before`), { error: null, warnings: [] }, option)
    assert.ok(sources.asked.length > 0, option)
  }
})

test('a Vault whose certificate was revoked is told nothing, the token least of all', async () => {
  for (const [option, kind] of Object.entries(ways)) {
    const { error } = await open(option, `${kind}-now`)
    assert.match(
      error?.message ?? '',
      /^HashiCorp Vault at .* cannot be reached: certificate was revoked\. /,
      option,
    )
    assert.deepEqual(vault.service.asked, [], option)
  }
})

test('where nobody says whether the certificate was revoked it counts as such, and who was asked is told', async () => {
  const { error, warnings } = await open('tls_crl_url', 'nothing')
  assert.match(error?.message ?? '', /the revocation list of the certificate cannot be used/)
  assert.match(warnings.join(), /^Can't ask http:.*\/nothing about revoked certificates: .*404/)
  assert.deepEqual(vault.service.asked, [])
})
