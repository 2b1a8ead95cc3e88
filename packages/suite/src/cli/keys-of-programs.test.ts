import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { OptionTable } from '../options/index.ts'
import { joinedOptions, type Program, type ProgramOfCommands } from './program.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const bins: Record<string, string> = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
).bin

/** Options that name a folder of keys. */
const FOLDERS = ['keys_dir', 'keys_output_dir', 'keys_private_dir']
/** Programs that use private keys, and the least that each has to be asked for. */
const users: Readonly<Record<string, readonly string[]>> = {
  'acra-server': ['--db_host=127.0.0.1', '--incoming_connection_string=tcp://127.0.0.1:0/'],
  'acra-keymaker': ['--client_id=someid'],
  'acra-addzone': [],
  'acra-poisonrecordmaker': [],
  'acra-connector': ['--client_id=someid', '--acraserver_connection_host=127.0.0.1'],
  'acra-translator': ['--incoming_connection_http_string=http://127.0.0.1:0/'],
  'acra-keys': ['generate', '--client_id=someid', '--keystore=v1'],
  'acra-backup': ['--action=export', '--file=bundle'],
  'acra-authmanager': ['--remove', '--user=alice'],
  'acra-log-verifier': ['--audit_log_file=acra.log'],
}
/** The options of a program, or of all commands of one. */
async function optionsOf(name: string): Promise<OptionTable> {
  const module = new URL(`./${name}.js`, import.meta.url).href
  const { program }: { program: Program<OptionTable> | ProgramOfCommands } = await import(module)
  return 'commands' in program ? joinedOptions(program) : program.options
}

const folder = mkdtempSync(join(tmpdir(), 'acra-programs-keys-'))
after(() => rmSync(folder, { recursive: true }))

test('every program looks for its keys in .acrakeys', async () => {
  for (const name of Object.keys(users)) {
    const options = await optionsOf(name)
    const option = FOLDERS.find((one) => options[one] !== undefined)
    assert.ok(option !== undefined, name)
    assert.equal(options[option]?.default, '.acrakeys', name)
  }
})

test('every program that takes a master key is tried here', async () => {
  for (const name of Object.keys(bins)) {
    const takesOne = (await optionsOf(name)).keystore_encryption_type !== undefined
    assert.equal(takesOne, Object.hasOwn(users, name), name)
  }
})

test('no program that uses private keys works without a master key', () => {
  for (const [name, words] of Object.entries(users)) {
    const stub = join(root, bins[name]!)
    const { status, stderr, stdout } = spawnSync(process.execPath, [stub, ...words], {
      cwd: folder,
      env: {},
      encoding: 'utf8',
      timeout: 30_000,
    })
    assert.equal(status, 1, name)
    assert.equal(stdout, '', name)
    assert.match(stderr, /code=512 error="?master key is empty/, name)
    assert.ok(!existsSync(join(folder, '.acrakeys')), name)
    assert.deepEqual(readdirSync(folder), [], name)
  }
})

/** Services, with what makes each of them look at its keys. */
const services: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['acra-server', users['acra-server']!],
  ['acra-server', [...users['acra-server']!, '--workers=2']],
  ['acra-translator', users['acra-translator']!],
  ['acra-connector', users['acra-connector']!],
]

test('no service starts under a master key by which no key of its store opens, whatever its version', () => {
  const masterKey = (version: string, byte: number) =>
    Buffer.alloc(version === 'v1' ? 32 : 64, byte)
  for (const version of ['v1', 'v2']) {
    const place = mkdtempSync(join(folder, 'store-'))
    const environment = (byte: number) => ({
      ACRA_MASTER_KEY:
        version === 'v1'
          ? masterKey(version, byte).toString('base64')
          : Buffer.from(
              JSON.stringify({
                encryption: Buffer.alloc(32, byte).toString('base64'),
                signature: Buffer.alloc(32, byte + 100).toString('base64'),
              }),
            ).toString('base64'),
    })
    const call = (name: string, words: readonly string[], byte: number) =>
      spawnSync(process.execPath, [join(root, bins[name]!), ...words], {
        cwd: place,
        env: environment(byte),
        encoding: 'utf8',
        timeout: 60_000,
      })
    const made = call('acra-keymaker', ['--client_id=someid', `--keystore=${version}`], 1)
    assert.equal(made.status, 0, made.stderr)
    for (const [name, words] of services) {
      const { status, stdout, stderr } = call(name, words, 2)
      const what = `${name} ${version}`
      assert.equal(status, 1, `${what}: ${stderr}`)
      assert.match(
        stdout + stderr,
        /code=510 error="?no key opens by this master key: other-master-key: .*made with another master key.*; set ACRA_MASTER_KEY/,
        what,
      )
      assert.doesNotMatch(stdout + stderr, /Listening on/, what)
    }
    rmSync(place, { recursive: true })
  }
})
