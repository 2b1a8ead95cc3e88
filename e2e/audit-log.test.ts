/** The audit log of running programs, verified by acra-log-verifier: with the key, and by its checkpoints with the public key alone. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import {
  type AcraServer,
  createKeys,
  type Keys,
  runProgram,
  startAcraServer,
  startService,
} from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { says } from './log.ts'
import { createTables, encryptorConfig } from './people.ts'

let sandbox: Sandbox
let database: Postgres
let keys: Keys
let publicKey: string
before(async () => {
  sandbox = createSandbox('audit')
  keys = await createKeys(sandbox.folder, ['application'])
  await makeLogKeys(
    keys,
    '--generate_acraconnector_keys',
    '--generate_acraserver_keys',
    '--generate_acratranslator_keys',
  )
  publicKey = writePublicKey(keys)
  database = await startPostgres({ auth: 'trust' })
  await createTables(database)
  writeFileSync(join(sandbox.folder, 'encryptor.yaml'), encryptorConfig)
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

async function makeLogKeys({ folder, environment }: Keys, ...more: readonly string[]) {
  const words = [
    '--client_id=application',
    '--generate_log_key',
    '--generate_log_signing_key',
    ...more,
  ]
  await runProgram(
    'acra-keymaker',
    [...words, `--keys_output_dir=${folder}`],
    sandbox.folder,
    environment,
  )
}

function writePublicKey(of: Keys): string {
  const { stdout, status } = tool(
    'acra-keys',
    ['read', '--public', `--keys_dir=${of.folder}`, 'audit-log-signing'],
    of,
  )
  assert.equal(status, 0)
  const path = `${of.folder}.audit.pub`
  writeFileSync(path, stdout)
  return path
}

function tool(name: string, words: readonly string[], { environment }: Partial<Keys> = {}) {
  return spawnSync(process.execPath, [join(root, `packages/suite/bin/${name}.js`), ...words], {
    cwd: sandbox.folder,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  })
}

interface Log {
  readonly path: string
  readonly checkpoints: string
  readonly format: string
  readonly flags: readonly string[]
}

let logs = 0
function newLog(format = 'json'): Log {
  const path = join(sandbox.folder, `audit-${++logs}.log`)
  const checkpoints = `${path}.checkpoints`
  const flags = [
    '--audit_log_enable',
    '-v=false',
    `--logging_format=${format}`,
    `--log_to_file=${path}`,
    `--audit_log_checkpoint_file=${checkpoints}`,
    '--audit_log_checkpoint_lines=5',
  ]
  return { path, checkpoints, format, flags }
}

function serve(log: Log, ...flags: readonly string[]): Promise<AcraServer> {
  return startAcraServer(sandbox, {
    clientId: 'application',
    keys,
    database,
    encryptorConfig: join(sandbox.folder, 'encryptor.yaml'),
    flags: [...log.flags, ...flags],
  })
}

interface Verdict {
  readonly isWhole: boolean
  readonly signed: number
  readonly chains: number
  readonly covered: number
  readonly findings: readonly { severity: string; kind: string; place: { line: number } | null }[]
}

/** What acra-log-verifier says, which must agree with its exit code. */
function verify(log: Log, by: 'key' | 'public key', ...more: readonly string[]): Verdict {
  const means =
    by === 'key'
      ? [`--keys_dir=${keys.folder}`]
      : [`--public_key=${publicKey}`, `--audit_log_checkpoint_file=${log.checkpoints}`]
  const words = ['--json', `--audit_log_file_format=${log.format}`, ...means, ...more]
  const files = more.some((word) => word.startsWith('--audit_log_file'))
    ? []
    : [`--audit_log_file=${log.path}`]
  const { stdout, status, stderr } = tool(
    'acra-log-verifier',
    [...words, ...files],
    by === 'key' ? keys : {},
  )
  assert.notEqual(stdout, '', stderr)
  const verdict: Verdict = JSON.parse(stdout)
  assert.equal(status, verdict.isWhole ? 0 : 1)
  return verdict
}

function assertWhole(log: Log, ...more: readonly string[]): void {
  const byKey = verify(log, 'key', '--strict', ...more)
  assert.ok(byKey.isWhole, JSON.stringify(byKey))
  const byPublicKey = verify(log, 'public key', ...more)
  assert.ok(byPublicKey.isWhole, JSON.stringify(byPublicKey))
  assert.equal(byPublicKey.covered, byKey.signed)
}

/** Refusals of a client, acknowledged by an error of PostgreSQL. */
async function refusals(server: AcraServer, count: number): Promise<void> {
  const { user, database: name } = database
  const client = new pg.Client({ host: server.host, port: server.port, user, database: name })
  client.on('error', () => {})
  await client.connect()
  for (let i = 0; i < count; i++) {
    await assert.rejects(client.query('SELECT upper(email) FROM people'))
  }
  await client.end()
}

function codesIn(log: Log): number[] {
  const lines = readFileSync(log.path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line).code ?? 0)
}

for (const workers of [1, 2]) {
  test(`acra-server keeps one chain, of logins, refusals and changes at any level (${workers} workers)`, async () => {
    const log = newLog()
    const server = await serve(log, `--workers=${workers}`)
    await refusals(server, 3)
    await refusals(server, 3)
    process.kill(server.pid, 'SIGUSR1')
    await says({ logFile: log.path }, 'End of current audit log chain')
    process.kill(server.pid, 'SIGHUP')
    await says({ logFile: log.path }, 'Configuration was read again')
    await refusals(server, 2)
    await server.stop()
    assert.equal(await server.ended, 0)
    assertWhole(log)
    assert.equal(verify(log, 'key').chains, 2)
    const codes = codesIn(log)
    const count = (code: number) => codes.filter((one) => one === code).length
    assert.deepEqual([count(2000), count(2100), count(2101)], [8, 3, 1])
    assert.equal(statSync(log.path).mode & 0o777, 0o600)
    assert.equal(statSync(log.checkpoints).mode & 0o777, 0o600)
  })
}

test('a worker that is killed loses no line of what a client was told', async () => {
  const log = newLog()
  const server = await serve(log, '--workers=2', '-v')
  const ready = await says({ logFile: log.path }, 'Worker 2 is ready')
  const pids = [...ready.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))
  await Promise.all([refusals(server, 20), refusals(server, 20), refusals(server, 20)])
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await says({ logFile: log.path }, 'Worker 4 is ready')
  await refusals(server, 1)
  await server.stop()
  assertWhole(log)
  assert.equal(codesIn(log).filter((code) => code === 2000).length, 61)
})

test('acra-translator and acra-connector keep audit logs with the same key, in every format', async () => {
  for (const [name, format, flags, option] of [
    [
      'acra-translator',
      'plaintext',
      ['--incoming_connection_grpc_string='],
      'incoming_connection_http_string',
    ],
    [
      'acra-connector',
      'CEF',
      [
        '--client_id=application',
        '--user_check_disable',
        '--acraserver_connection_string=tcp://127.0.0.1:1',
      ],
      'incoming_connection_string',
    ],
  ] as const) {
    const log = newLog(format)
    const service = await startService(sandbox, name, keys, [...log.flags, ...flags], option)
    await service.stop()
    assert.equal(await service.ended, 0)
    assertWhole(log)
  }
})

test('key tools tell what they do to keys in an audit log of their own', async () => {
  const log = newLog()
  const own = log.flags.filter((flag) => !flag.startsWith('-v'))
  const run = (name: string, ...words: string[]) => {
    const { status, stderr } = tool(name, words, keys)
    assert.equal(status, 0, stderr)
  }
  const folder = `--keys_dir=${keys.folder}`
  const output = `--keys_output_dir=${keys.folder}`
  run('acra-keymaker', ...own, output, '--client_id=other', '--generate_hmac_key')
  run('acra-addzone', ...own, output)
  run('acra-keys', 'generate', ...own, folder, '--client_id=other', '--client_storage_key')
  run('acra-keys', 'generate', ...own, folder, '--client_id=other', '--client_storage_key')
  run('acra-keys', 'read', ...own, folder, '--private', 'client/other/storage')
  run('acra-keys', 'destroy', ...own, folder, '--index=2', 'client/other/storage')
  run(
    'acra-keys',
    'export',
    ...own,
    folder,
    '--key_bundle_file=b',
    '--key_bundle_secret=s',
    'client/other/storage',
  )
  run('acra-keys', 'import', ...own, folder, '--key_bundle_file=b', '--key_bundle_secret=s')
  run(
    'acra-backup',
    ...own,
    `--keys_private_dir=${keys.folder}`,
    '--action=export',
    '--file=backup',
  )
  assertWhole(log)
  assert.deepEqual(
    codesIn(log).filter((code) => code > 2000),
    [2110, 2110, 2110, 2110, 2110, 2114, 2111, 2112, 2113, 2112],
  )
  assert.doesNotMatch(readFileSync(log.path, 'utf8'), /Backup master key/)
})

test('the log shows tampering, removal, addition and another order', async () => {
  const log = newLog()
  const server = await serve(log)
  await refusals(server, 12)
  await server.stop()
  const lines = readFileSync(log.path, 'utf8').split('\n').slice(0, -1)
  const [first, second] = [8, 9]
  const attacks: Readonly<Record<string, string[]>> = {
    changed: lines.with(first, lines[first]!.replace('"code":2000', '"code":2001')),
    removed: lines.toSpliced(first, 1),
    added: lines.toSpliced(first, 0, lines[first]!),
    moved: lines.with(first, lines[second]!).with(second, lines[first]!),
    'cut off': lines.slice(0, -6),
  }
  for (const [name, forged] of Object.entries(attacks)) {
    writeFileSync(log.path, `${forged.join('\n')}\n`)
    assert.equal(verify(log, 'key', '--strict').isWhole, false, name)
    assert.equal(verify(log, 'public key').isWhole, false, name)
  }
  writeFileSync(log.path, `${lines.join('\n')}\n`)
  assertWhole(log)
})

test('a log goes on through rotation: moved and opened again, and copied and cut', async () => {
  const log = newLog()
  const server = await serve(log)
  await refusals(server, 4)
  renameSync(log.path, `${log.path}.2`)
  process.kill(server.pid, 'SIGHUP')
  while (!existsSync(log.path)) await new Promise((resolve) => setTimeout(resolve, 10))
  await says({ logFile: log.path }, 'Configuration was read again')
  await refusals(server, 4)
  copyFileSync(log.path, `${log.path}.1`)
  truncateSync(log.path)
  await refusals(server, 4)
  await server.stop()
  assert.equal(spawnSync('gzip', [`${log.path}.2`]).status, 0)
  assertWhole(log, '--audit_log_rotated', `--audit_log_file=${log.path}`)
  const list = `${log.path}.list`
  writeFileSync(list, [`${log.path}.2.gz`, `${log.path}.1`, log.path, ''].join('\n'))
  assertWhole(log, `--audit_log_file_list=${list}`)
  assert.equal(verify(log, 'key').isWhole, false, 'the last file alone')
})

test('after a crash the next start goes on, and tells no more than it knows', async () => {
  const log = newLog()
  const server = await serve(log)
  await refusals(server, 3)
  process.kill(server.pid, 'SIGKILL')
  await server.ended
  const again = await serve(log)
  await refusals(again, 3)
  await again.stop()
  const byKey = verify(log, 'key')
  assert.deepEqual(
    byKey.findings.filter(({ severity }) => severity === 'error').map(({ kind }) => kind),
    ['no-end'],
  )
  const byPublicKey = verify(log, 'public key')
  assert.ok(byPublicKey.isWhole)
  assert.equal(byPublicKey.covered, byKey.signed)
})

test('a second program is not let into the file, nor does one begin without its keys', async () => {
  const log = newLog()
  const server = await serve(log)
  const start = (flags: readonly string[], folder = keys.folder) =>
    tool(
      'acra-server',
      ['--db_host=127.0.0.1', `--keys_dir=${folder}`, '--incoming_connection_port=0', ...flags],
      keys,
    )
  const second = start(log.flags)
  assert.equal(second.status, 1)
  assert.match(second.stderr, /another process keeps its audit log in/)
  await server.stop()
  const empty = join(sandbox.folder, 'no-keys')
  const unmade = start(newLog().flags, empty)
  assert.equal(unmade.status, 1)
  assert.match(
    unmade.stderr,
    /there is no audit-log key in the keystore: make it with acra-keymaker --generate_log_key/,
  )
})

test('SIGUSR1 takes the key that the keystore has now, and an old log still verifies', async () => {
  const log = newLog()
  const server = await serve(log)
  await refusals(server, 2)
  await makeLogKeys(keys)
  process.kill(server.pid, 'SIGUSR1')
  await says({ logFile: log.path }, 'End of current audit log chain')
  await refusals(server, 2)
  await server.stop()
  assert.ok(verify(log, 'key', '--strict').isWhole)
})

test('a keystore v2 has the keys of an audit log too', async () => {
  const folder = join(sandbox.folder, 'v2')
  const masterKey = join(sandbox.folder, 'v2.key')
  assert.equal(
    tool('acra-keymaker', ['--keystore=v2', `--generate_master_key=${masterKey}`]).status,
    0,
  )
  const environment = { ACRA_MASTER_KEY: readFileSync(masterKey).toString('base64') }
  const made = tool(
    'acra-keymaker',
    [
      '--keystore=v2',
      '--client_id=application',
      '--generate_log_key',
      '--generate_log_signing_key',
      '--generate_acraconnector_keys',
      '--generate_acraserver_keys',
      `--keys_output_dir=${folder}`,
    ],
    { environment },
  )
  assert.equal(made.status, 0, made.stderr)
  const v2: Keys = { folder, environment, commands: [] }
  const log = newLog()
  const service = await startService(sandbox, 'acra-connector', v2, [
    ...log.flags,
    '--client_id=application',
    '--user_check_disable',
    '--acraserver_connection_string=tcp://127.0.0.1:1',
  ])
  await service.stop()
  const words = [
    `--keys_dir=${folder}`,
    '--audit_log_file_format=json',
    '--strict',
    `--audit_log_file=${log.path}`,
    `--audit_log_checkpoint_file=${log.checkpoints}`,
  ]
  const { status, stderr } = tool('acra-log-verifier', words, v2)
  assert.equal(status, 0, stderr)
  assert.match(stderr, /Integrity check successful/)
})

test('a line is proved to somebody who has neither the log nor a key', async () => {
  const log = newLog()
  const server = await serve(log)
  await refusals(server, 8)
  await server.stop()
  const common = [`--public_key=${publicKeyNow()}`]
  const place = [
    ...common,
    `--audit_log_file=${log.path}`,
    '--audit_log_file_format=json',
    `--audit_log_checkpoint_file=${log.checkpoints}`,
  ]
  const { stdout, stderr } = tool('acra-log-verifier', ['prove', ...place, '--line=7'])
  const proof = join(sandbox.folder, 'line.proof')
  writeFileSync(proof, stdout, { mode: 0o600 })
  const checked = tool('acra-log-verifier', ['check', ...common, proof])
  assert.equal(checked.status, 0, stderr + checked.stderr)
  assert.equal(checked.stdout, `${readFileSync(log.path, 'utf8').split('\n')[6]}\n`)
  writeFileSync(proof, stdout.replace('2000', '2001'))
  assert.equal(tool('acra-log-verifier', ['check', ...common, proof]).status, 1)
  const kept = join(sandbox.folder, 'kept.checkpoint')
  writeFileSync(kept, `${readFileSync(log.checkpoints, 'utf8').split(/(?<==\n)(?=acra)/)[0]}`)
  const history = tool('acra-log-verifier', ['prove', ...place, `--older=${kept}`])
  writeFileSync(proof, history.stdout)
  const shown = tool('acra-log-verifier', ['check', ...common, proof])
  assert.equal(shown.status, 0, history.stderr + shown.stderr)
  assert.match(shown.stderr, /The two checkpoints are of one history/)
})

/** The signing key was rotated by a test before. */
function publicKeyNow(): string {
  return writePublicKey(keys)
}
