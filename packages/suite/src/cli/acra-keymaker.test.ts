import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createLogger, plaintext } from '../observe/index.ts'
import { parseCommandLine, settle } from '../options/index.ts'
import { program } from './acra-keymaker.ts'
import { contents, KeyFolders, listing } from './testing/key-folders.ts'

const folders = new KeyFolders()
after(() => folders.remove())

const ACRA_MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

interface Outcome {
  readonly exit: number
  readonly stdout: string
  readonly log: string
}

/** Runs the program in this process, the clock and the log apart. */
async function keymaker(
  words: readonly string[],
  environment = { ACRA_MASTER_KEY },
): Promise<Outcome> {
  const { given, rest } = parseCommandLine(program.options, words)
  assert.deepEqual(rest, [])
  const { values } = settle(program.options, given, new Map())
  const stdout: string[] = []
  const log: string[] = []
  const sink = { write: (text: string) => log.push(text) }
  const logger = createLogger({
    level: 'info',
    outputs: [{ format: plaintext, sink }],
    clock: { now: () => 0, zone: () => 0 },
  })
  const exit = await program.run({
    options: values,
    log: logger,
    console: logger,
    logLines: {
      settings: { level: 'info', format: 'plaintext' },
      write: (line) => log.push(line),
    },
    version: '0.0.0',
    environment,
    stop: new AbortController().signal,
    operands: [],
    print: (text) => stdout.push(String(text)),
    progress: () => ({ advance() {}, end() {} }),
    onReload: () => {},
  })
  return { exit, stdout: stdout.join(''), log: log.join('') }
}

/** Runs the program with a folder for its keys, which must succeed; the lines of stdout. */
async function make(folder: string, ...words: readonly string[]): Promise<string[]> {
  const { exit, stdout, log } = await keymaker([`--keys_output_dir=${folder}/keys`, ...words])
  assert.equal(exit, 0, log)
  return stdout.split('\n').slice(0, -1)
}

/** Each flag, what it prints and which files it makes for the client someid. */
const flags: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['generate_acraconnector_keys', ['Generated acra-connector keypair'], ['someid', 'someid.pub']],
  [
    'generate_acraserver_keys',
    ['Generated acra-server keypair'],
    ['someid_server', 'someid_server.pub'],
  ],
  [
    'generate_acratranslator_keys',
    ['Generated acra-translator keypair'],
    ['someid_translator', 'someid_translator.pub'],
  ],
  [
    'generate_acrawriter_keys',
    ['Generated storage encryption keypair'],
    ['someid_storage', 'someid_storage.pub'],
  ],
  [
    'generate_acrawebconfig_keys',
    ['Generated key for basic auth for acra-webconfig'],
    ['auth_key'],
  ],
  [
    'generate_symmetric_storage_key',
    ['Generated storage symmetric key for clientID'],
    ['someid_storage_sym'],
  ],
  ['generate_hmac_key', ['Generated HMAC key for searchable encryption'], ['someid_hmac']],
  ['generate_log_key', ['Generated HMAC key for secure logging'], ['secure_log_key']],
  [
    'generate_log_signing_key',
    ['Generated signing key for checkpoints of the audit log'],
    ['secure_log_signing_key'],
  ],
  [
    'generate_poisonrecord_keys',
    ['Generated symmetric key for poison records', 'Generated keypair for poison records'],
    [
      '.poison_key',
      '.poison_key/poison_key',
      '.poison_key/poison_key.pub',
      '.poison_key/poison_key_sym',
    ],
  ],
]

for (const [flag, lines, paths] of flags) {
  test(`--${flag} makes its files and nothing else`, async () => {
    const folder = folders.next()
    assert.deepEqual(await make(folder, '--client_id=someid', `--${flag}`), lines)
    assert.deepEqual(Object.keys(listing(join(folder, 'keys'))), paths)
  })

  test(`--${flag} rotates its keys where they exist, and leaves every other file alone`, async () => {
    const folder = folders.next()
    await make(folder, '--client_id=someid')
    const before = contents(folder)
    await make(folder, '--client_id=someid', `--${flag}`)
    const now = contents(folder)
    const own = paths.filter((path) => path !== '.poison_key').map((path) => `keys/${path}`)
    for (const [path, bytes] of Object.entries(before)) {
      if (!own.includes(path)) {
        assert.equal(now[path], bytes, path)
        continue
      }
      assert.notEqual(now[path], bytes, path)
      const history = Object.keys(now).filter((other) => other.startsWith(`${path}.old/`))
      assert.equal(history.length, 1)
      assert.equal(now[history[0]!], bytes)
    }
    assert.equal(Object.keys(now).length, Object.keys(before).length + own.length)
  })
}

test('flags that are false ask for nothing', async () => {
  const folder = folders.next()
  const none = flags.map(([flag]) => `--${flag}=false`)
  const lines = await make(folder, '--client_id=someid', ...none)
  assert.equal(lines.length, 10)
})

test('all flags together make everything in the documented order', async () => {
  const lines = await make(folders.next(), ...flags.map(([flag]) => `-${flag}`))
  assert.deepEqual(lines, [
    'Generated symmetric key for poison records',
    'Generated keypair for poison records',
    'Generated acra-connector keypair',
    'Generated acra-server keypair',
    'Generated acra-translator keypair',
    'Generated storage encryption keypair',
    'Generated key for basic auth for acra-webconfig',
    'Generated HMAC key for searchable encryption',
    'Generated storage symmetric key for clientID',
    'Generated HMAC key for secure logging',
    'Generated signing key for checkpoints of the audit log',
  ])
})

test('without a flag the whole set is made for the client id `client`, in its own order', async () => {
  const folder = folders.next()
  assert.deepEqual(await make(folder), [
    'Generated acra-connector keypair',
    'Generated acra-server keypair',
    'Generated acra-translator keypair',
    'Generated storage encryption keypair',
    'Generated key for basic auth for acra-webconfig',
    'Generated HMAC key for searchable encryption',
    'Generated HMAC key for secure logging',
    'Generated storage symmetric key for clientID',
    'Generated symmetric key for poison records',
    'Generated keypair for poison records',
  ])
  assert.equal(Object.keys(contents(folder)).length, 15)
  assert.ok(fs.existsSync(join(folder, 'keys/client_storage_sym')))
})

test('public keys go to the folder that is named for them', async () => {
  const folder = folders.next()
  const publicFolder = join(folder, 'deep', 'public')
  await make(folder, '--client_id=someid', `--keys_public_output_dir=${publicFolder}`)
  const isPublic = (path: string) => path.endsWith('.pub')
  assert.ok(Object.keys(contents(publicFolder)).every(isPublic))
  assert.equal(Object.keys(contents(publicFolder)).length, 5)
  assert.ok(!Object.keys(contents(join(folder, 'keys'))).some(isPublic))
})

/** What is refused: flags, environment, and what the log says. */
async function refused(words: readonly string[], log: RegExp, environment = { ACRA_MASTER_KEY }) {
  const outcome = await keymaker(words, environment)
  assert.equal(outcome.exit, 1)
  assert.equal(outcome.stdout, '')
  assert.match(outcome.log, log)
}

for (const id of [
  '',
  'abcd',
  'x'.repeat(257),
  'some.id',
  '../../etc/passwd',
  'söme-id',
  'some/id',
  'someid\n',
])
  test(`the client id ${JSON.stringify(id.slice(0, 20))} is refused and nothing is written`, async () => {
    const folder = folders.next()
    const text =
      /level=error msg="Invalid client ID, {2}5 <= len\(client ID\) <= 256, only digits, letters and '_', '-', ' ' characters" code=502/
    await refused([`--keys_output_dir=${folder}/keys`, `--client_id=${id}`], text)
    await refused(
      [`--keys_output_dir=${folder}/keys`, `--client_id=${id}`, '--generate_hmac_key'],
      text,
    )
    assert.deepEqual(fs.readdirSync(folder), [])
  })

test('the client id does not matter where no key of a client is made', async () => {
  const folder = folders.next()
  await make(folder, '--client_id=', '--generate_log_key', '--generate_poisonrecord_keys')
})

describe('a client id from a certificate', () => {
  const { certificates } = JSON.parse(
    fs.readFileSync(new URL('../../test/vectors/certificates.json', import.meta.url), 'utf8'),
  )
  const folder = folders.next()
  const pem = join(folder, 'leaf.pem')
  fs.writeFileSync(pem, certificates[0].pem)
  const ids = {
    distinguished_name:
      '12824c1c541a615f428a740770291374a8504f84a0682ab4015bc8e792b1bc8240022c5c9faa8c2111e0076b3b929148f4b801414413edaa800cb42492c20cf7',
    serial_number:
      '02b2a4a407659c58477d5c274fbca3d7b7e4802ad61159174e8d1c04345c4635876e26eef3ceb2d8041a821f11eafe38177d432db25377ac6e15c27d8936a1a3',
  }

  for (const [extractor, id] of Object.entries(ids))
    for (const flag of ['tls_cert', 'tls_client_id_cert'])
      test(`--${flag} by ${extractor}`, async () => {
        const target = folders.next()
        await make(
          target,
          `--${flag}=${pem}`,
          `--tls_identifier_extractor_type=${extractor}`,
          '--generate_hmac_key',
          '--client_id=',
        )
        assert.deepEqual(Object.keys(contents(target)), [`keys/${id}_hmac`])
      })

  test('together with a client id is refused, also with that of the default', async () => {
    for (const clientId of [['--client_id=someid'], ['--client_id=client'], []])
      await refused(
        [`--tls_cert=${pem}`, ...clientId],
        /msg="You can either specify identifier for keys via specific clientID by --client_id parameter or via TLS certificate by --tls_cert parameter\."/,
      )
  })
  test('by nothing that is known is refused', async () => {
    for (const extractor of ['', 'fingerprint'])
      await refused(
        [`--tls_cert=${pem}`, '--client_id=', `--tls_identifier_extractor_type=${extractor}`],
        /msg="invalid identifier extractor type: distinguished_name or serial_number"/,
      )
  })
  test('from two certificates is refused', () =>
    refused(
      [`--tls_cert=${pem}`, `--tls_client_id_cert=${pem}`],
      /msg="You cant specify --tls_cert \(deprecated since 0\.96\.0\) and --tls_client_id_cert simultaneously"/,
    ))
  test('from a file that is not there is refused', () =>
    refused([`--tls_cert=${folder}/absent.pem`], /msg="Can't read TLS certificate" .*ENOENT/))
  test('from a file that is no PEM is refused', async () => {
    fs.writeFileSync(join(folder, 'words'), 'words')
    await refused(
      [`--tls_cert=${folder}/words`],
      /can't parse TLS certificate as PEM encoded file/i,
    )
  })
})

describe('a master key', () => {
  const generate = (path: string, ...words: readonly string[]) =>
    keymaker([`--generate_master_key=${path}`, ...words], { ACRA_MASTER_KEY: '' })

  test('needs no master key, and no keystore version but with a warning', async () => {
    const path = join(folders.next(), 'master.key')
    const { exit, stdout, log } = await generate(path)
    assert.equal(exit, 0)
    assert.equal(stdout, '')
    assert.match(log, /level=warning msg="No --keystore given: the master key is made for v1"/)
    const { log: quiet } = await generate(`${path}2`, '--keystore=v1')
    assert.doesNotMatch(quiet, /level=warning/)
  })

  test('is not overwritten but by force', async () => {
    const path = join(folders.next(), 'master.key')
    await generate(path)
    const first = fs.readFileSync(path)
    const { exit, log } = await generate(path)
    assert.equal(exit, 1)
    assert.match(
      log,
      /msg="Can't write master key" code=512 error="master key file .* exists; .*--force"/,
    )
    assert.deepEqual(fs.readFileSync(path), first)
    assert.equal((await generate(path, '--force')).exit, 0)
    assert.notDeepEqual(fs.readFileSync(path), first)
  })

  test('of keystore v2 is made, of an unknown version is refused', async () => {
    const folder = folders.next()
    const path = join(folder, 'master.key')
    const version2 = join(folder, 'master-v2.key')
    assert.equal((await keymaker([`--generate_master_key=${version2}`, '--keystore=v2'])).exit, 0)
    assert.match(
      fs.readFileSync(version2, 'utf8'),
      /^{"encryption":"[^"]{44}","signature":"[^"]{44}"}$/,
    )
    await refused(
      [`--generate_master_key=${path}`, '--keystore=v3'],
      /msg="Unknown --keystore option: v3"/,
    )
    assert.equal(fs.existsSync(path), false)
  })
})

test('a version that is unknown, or not that of the folder, is refused', async () => {
  await refused(['--keystore=v7'], /msg="Unknown --keystore version: v7 \(supported: v1, v2\)"/)
  const folder = folders.next()
  fs.mkdirSync(join(folder, 'keys'), { mode: 0o700 })
  fs.writeFileSync(join(folder, 'keys/version'), 'Acra Keystore v2', { mode: 0o644 })
  await refused(
    [`--keys_output_dir=${folder}/keys`, '--keystore=v1'],
    /code=510 error="keystore .* is v2 and not v1: use another place, or ask for v2"/,
  )
  await refused(
    [`--keys_output_dir=${folder}/keys`],
    /error="ACRA_MASTER_KEY does not hold the two master keys of a keystore v2; /,
  )
  assert.deepEqual(fs.readdirSync(join(folder, 'keys')), ['version'])
})

test('a keystore v2 has a ring for every key, private to its owner, and is rotated without asking for the version', async () => {
  const folder = folders.next()
  const json = `{"encryption":"${Buffer.alloc(32, 1).toString('base64')}","signature":"${Buffer.alloc(32, 2).toString('base64')}"}`
  const environment = { ACRA_MASTER_KEY: Buffer.from(json).toString('base64') }
  const words = [`--keys_output_dir=${folder}/keys`, '--client_id=someid']
  const whole = await keymaker([...words, '--keystore=v2'], environment)
  assert.equal(whole.exit, 0, whole.log)
  assert.equal(whole.stdout.split('\n').length, 11)
  const rings = [
    'audit-log',
    'authentication',
    'client/someid/hmac-sym',
    'client/someid/storage',
    'client/someid/storage-sym',
    'client/someid/transport/connector',
    'client/someid/transport/server',
    'client/someid/transport/translator',
    'poison-record',
    'poison-record-sym',
  ].map((ring) => `${ring}.keyring`)
  assert.deepEqual(
    Object.keys(contents(join(folder, 'keys'))).sort(),
    ['.lock', ...rings, 'version'].sort(),
  )
  for (const ring of rings)
    assert.equal(fs.statSync(join(folder, 'keys', ring)).mode & 0o777, 0o600)
  const before = contents(join(folder, 'keys'))
  const again = await keymaker([...words, '--generate_hmac_key'], environment)
  assert.equal(again.exit, 0, again.log)
  const after = contents(join(folder, 'keys'))
  const changed = Object.keys(after).filter((path) => `${after[path]}` !== `${before[path]}`)
  assert.deepEqual(changed, ['client/someid/hmac-sym.keyring'])
})

for (const [what, value, log] of [
  [
    'missing',
    '',
    /code=512 error="master key is empty: ACRA_MASTER_KEY environment variable is not set/,
  ],
  ['no base64', '***', /code=512 error="failed to decode ACRA_MASTER_KEY/],
  ['too short', 'c2hvcnQ=', /code=512 error="master key must have 32 length in bytes/],
] as const)
  test(`a master key that is ${what} is told, and nothing is written`, async () => {
    const folder = folders.next()
    await refused([`--keys_output_dir=${folder}/keys`], log, { ACRA_MASTER_KEY: value })
    assert.deepEqual(fs.readdirSync(folder), [])
  })

test('with another master key nothing is rotated, no file changes, and the old key works again', async () => {
  const folder = folders.next()
  await make(folder, '--client_id=someid')
  await make(folder, '--client_id=someid', '--generate_log_signing_key')
  const before = contents(folder)
  const words = [`--keys_output_dir=${folder}/keys`, '--client_id=someid']
  const other = { ACRA_MASTER_KEY: Buffer.alloc(32, 8).toString('base64') }
  for (const [flag] of flags) {
    if (flag === 'generate_acrawebconfig_keys') continue // Stands there unwrapped.
    await refused(
      [...words, `--${flag}`],
      /msg="Can't read keys" code=511 error="failed to unprotect data: /,
      other,
    )
  }
  assert.deepEqual(contents(folder), before)
  await make(folder, '--client_id=someid')
})

test('a key folder that others may enter is refused', async () => {
  const folder = folders.next()
  await make(folder)
  fs.chmodSync(join(folder, 'keys'), 0o755)
  await refused(
    [`--keys_output_dir=${folder}/keys`],
    /keystore folder has an incorrect permissions: .* is 0755 and must be 0700; run: chmod 700 /,
  )
})

test('a responder for Vault that cannot be asked is refused', () => {
  const place = [`--keys_output_dir=${folders.next()}/keys`, '--keystore=v1']
  const vault = ['--vault_connection_api_string=https://127.0.0.1:1']
  return assert.rejects(keymaker([...place, ...vault, '--vault_tls_ocsp_client_url=ftp://a']), {
    message: 'vault_tls_ocsp_client_url must begin with http:// or https://',
  })
})

test('half of the settings of Redis is refused, and so is a Redis that does not answer', async () => {
  await refused(['--redis_db_keys=1'], /error="redis_db_keys is set, but not redis_host_port"/)
  await refused(
    ['--redis_db_keys=1', '--redis_host_port=127.0.0.1:1', '--redis_password=hidden'],
    /error="cannot look at \.acrakeys\/\.lock: redis:\/\/127\.0\.0\.1:1\/1 cannot be reached: ECONNREFUSED: connect ECONNREFUSED 127\.0\.0\.1:1"/,
  )
})
