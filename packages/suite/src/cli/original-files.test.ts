import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { originalFiles } from './testing/original-files.ts'

const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'acra-original-files-'))
after(() => rmSync(folder, { recursive: true }))
const environment = { ACRA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }

/** A command line of each program that does its work with the file, in a folder of its own; the last word of the log where it does not end by itself. */
const work: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'acra-server': [['--explain_sql', '--encryptor_config_file=empty.yaml', 'SELECT 1']],
  'acra-keymaker': [
    ['--keystore=v1', '--client_id=someid'],
    ['--client_id=someid', '--generate_hmac_key'],
  ],
  'acra-addzone': [[]],
  'acra-poisonrecordmaker': [[]],
  'acra-keys': [
    ['generate', '--keystore=v1', '--client_id=someid'],
    ['list'],
    ['read', '--public', 'client/someid/storage'],
    ['export', '--all', '--private_keys', '--key_bundle_file=b', '--key_bundle_secret=s'],
    ['import', '--key_bundle_file=b', '--key_bundle_secret=s'],
    ['check'],
    ['destroy', 'client/someid/searchable'],
    [
      ...['migrate', '--src_keystore=v1', '--src_keys_dir=.acrakeys'],
      ...['--dst_keystore=v2', '--dst_keys_dir=second'],
    ],
  ],
  'acra-tokens': [['status', '--token_db=tokens.db']],
}
/** Programs that begin with keys, and those that serve: what they say once the file has been read. */
const said: Readonly<Record<string, RegExp>> = {
  'acra-translator': /a port from 0 to 65535/,
  'acra-connector': /you must pass acraserver_connection_host or acraserver_connection_string/,
  'acra-backup': /Invalid value for --action parameter/,
}

for (const { program, release, text } of originalFiles) {
  test(`${program} takes the file that ${release} writes by --dump_config`, () => {
    const home = mkdtempSync(join(folder, 'home-'))
    writeFileSync(join(home, 'dump.yaml'), text)
    writeFileSync(join(home, 'empty.yaml'), '')
    const run = (words: readonly string[]) => {
      const isCommand = /^[a-z]/.test(words[0] ?? '')
      const config = '--config_file=dump.yaml'
      const all = isCommand ? [words[0]!, config, ...words.slice(1)] : [config, ...words]
      const env = {
        ...environment,
        SRC_ACRA_MASTER_KEY: environment.ACRA_MASTER_KEY,
        DST_ACRA_MASTER_KEY: secondMasterKey,
      }
      const options = { cwd: home, env, encoding: 'utf8' } as const
      return spawnSync(process.execPath, [join(bin, `${program}.js`), ...all], options)
    }
    const expected = said[program]
    if (expected !== undefined) {
      const words =
        program === 'acra-translator' ? ['--incoming_connection_grpc_string=grpc://h:x'] : []
      const { stderr, status } = run(words)
      assert.match(stderr, expected)
      assert.doesNotMatch(stderr, /dump\.yaml|no effect/)
      assert.equal(status, 1)
      return
    }
    for (const words of work[program]!) {
      const { stderr, status } = run(words)
      assert.equal(status, 0, `${words.join(' ')}: ${stderr}`)
      assert.doesNotMatch(stderr, /dump\.yaml|no effect/, words.join(' '))
    }
  })
}

const half = Buffer.alloc(32, 8).toString('base64')
const secondMasterKey = Buffer.from(
  JSON.stringify({ encryption: half, signature: Buffer.alloc(32, 9).toString('base64') }),
).toString('base64')
