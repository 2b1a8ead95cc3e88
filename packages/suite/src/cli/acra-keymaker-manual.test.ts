import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { masterKeyFromEnvironment, openKeystore } from '../keystore/index.ts'
import { KeyFolders, listing } from './testing/key-folders.ts'

const folders = new KeyFolders()
after(() => folders.remove())

const PRIVATE = '0600 89'
const PUBLIC = '0644 45'
const SYMMETRIC = '0600 76'

/** What the manual's lines leave behind. spec: key-management §3 */
const afterServerKeys = {
  '.acrakeys': '0700 folder',
  '.acrakeys/auth_key': '0600 32',
  '.acrakeys/secure_log_key': SYMMETRIC,
  '.acrakeys/someid_hmac': SYMMETRIC,
  '.acrakeys/someid_server': PRIVATE,
  '.acrakeys/someid_server.pub': PUBLIC,
  '.acrakeys/someid_storage': PRIVATE,
  '.acrakeys/someid_storage.pub': PUBLIC,
  '.acrakeys/someid_storage_sym': SYMMETRIC,
  '.acrakeys/someid_translator': PRIVATE,
  '.acrakeys/someid_translator.pub': PUBLIC,
  'master.key': '0600 32',
}
const afterConnectorKeys = {
  '.acrakeys': '0700 folder',
  '.acrakeys/someid': PRIVATE,
  '.acrakeys/someid.pub': PUBLIC,
  'master.key': '0600 32',
}

const masterKeyLines = `acra-keymaker --generate_master_key=master.key
export ACRA_MASTER_KEY=\`cat master.key | base64\`
`
const serverLine =
  'acra-keymaker --client_id=someid --generate_acraserver_keys --generate_acratranslator_keys --generate_acrawriter_keys --generate_acrawebconfig_keys --generate_symmetric_storage_key --generate_hmac_key --generate_log_key\n'
const connectorLine = 'acra-keymaker --client_id=someid --generate_acraconnector_keys\n'

const binaries = fileURLToPath(new URL('../../../../node_modules/.bin', import.meta.url))

function bash(lines: string, folder: string, umask: string) {
  return spawnSync('bash', ['-c', `umask ${umask}\nset -e\n${lines}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: `${binaries}:${process.env.PATH}` },
  })
}

describe('the lines of the manual run verbatim in bash', () => {
  for (const umask of ['022', '000', '077']) {
    test(`on the host of the server, under umask ${umask}`, () => {
      const folder = folders.next()
      const { status, stdout, stderr } = bash(masterKeyLines + serverLine, folder, umask)
      assert.equal(status, 0, stderr)
      assert.deepEqual(listing(folder), afterServerKeys)
      assert.deepEqual(stdout.split('\n'), [
        'Generated acra-server keypair',
        'Generated acra-translator keypair',
        'Generated storage encryption keypair',
        'Generated key for basic auth for acra-webconfig',
        'Generated HMAC key for searchable encryption',
        'Generated storage symmetric key for clientID',
        'Generated HMAC key for secure logging',
        '',
      ])
    })

    test(`on the host of the connector, under umask ${umask}`, () => {
      const folder = folders.next()
      const { status, stdout, stderr } = bash(masterKeyLines + connectorLine, folder, umask)
      assert.equal(status, 0, stderr)
      assert.deepEqual(listing(folder), afterConnectorKeys)
      assert.equal(stdout, 'Generated acra-connector keypair\n')
    })
  }

  test('and the master key opens what they made', async () => {
    const folder = folders.next()
    assert.equal(bash(masterKeyLines + serverLine, folder, '022').status, 0)
    const base64 = readFileSync(join(folder, 'master.key'), 'base64')
    const wrapper = masterKeyFromEnvironment({ ACRA_MASTER_KEY: base64 })
    const keystore = await openKeystore({
      folder: join(folder, '.acrakeys'),
      wrapper,
      warn: assert.fail,
    })
    for (const purpose of [
      'transport-server',
      'transport-translator',
      'storage',
      'hmac',
      'storage-symmetric',
    ] as const)
      assert.equal((await keystore.keys({ purpose, owner: 'someid' })).length, 1)
    for (const purpose of ['audit-log', 'authentication'] as const)
      assert.equal((await keystore.keys({ purpose, owner: null })).length, 1)
  })
})
