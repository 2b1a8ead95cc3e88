/** An acra-server serves encrypted rows wherever its keys are protected: on a token, in Vault, by a KMS. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort, type Postgres, startPostgres } from '../tools/postgres.ts'
import { type AcraServer, type Keys, startAcraServer } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'

// Never the synchronous form: the stand-ins answer from this process.
const run = promisify(execFile)
const clientId = 'application'

/** What of the stand-ins of the suite is used here. */
interface Service {
  readonly url: string
  condition: 'up' | 'silent' | 'down'
  goDown(): void
  comeBack(): void
  close(): void
}
interface StandIns {
  readonly withoutSoftHsm: () => string | null
  readonly makeSoftToken: (folder: string) => {
    readonly library: string
    readonly label: string
    readonly pin: string
    readonly configuration: string
  }
  readonly createAuthority: (folder: string, name: string) => { readonly certFile: string }
  readonly VaultStandIn: {
    start(authority: unknown): Promise<{
      readonly service: Service
      readonly content: { readonly secrets: Record<string, unknown> }
    }>
  }
  readonly KmsStandIn: {
    start(authority: unknown): Promise<{
      readonly service: Service
      readonly credentials: string
      readonly aliases: Map<string, string>
    }>
  }
}

let standIns: StandIns
let sandbox: Sandbox
let database: Postgres
let authority: { readonly certFile: string }
before(async () => {
  sandbox = createSandbox('master-keys')
  database = await startPostgres({ auth: 'trust' })
  const suite = join(root, 'packages/suite/dist')
  const modules = ['soft-hsm', 'vault', 'kms'].map(
    (name) => import(join(suite, `keystore/master-key/testing/${name}.js`)),
  )
  const certificates = import(join(suite, 'net/tls/testing/index.js'))
  standIns = Object.assign({}, ...(await Promise.all([...modules, certificates])))
  authority = standIns.createAuthority(sandbox.folder, 'authority')
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

type Environment = Readonly<Record<string, string>>

type Version = 'v1' | 'v2'
const versions = ['v1', 'v2'] as const

/** A place of master keys: how programs are told of it. */
interface Place {
  readonly flags: readonly string[]
  readonly environment: Environment
}

async function keymaker({ flags, environment }: Place, ...words: readonly string[]): Promise<void> {
  const tool = join(root, 'packages/suite/bin/acra-keymaker.js')
  const env = { ...process.env, ACRA_MASTER_KEY: '', ...environment }
  await run(process.execPath, [tool, ...flags, ...words], { env, timeout: 60_000 })
}

/** Makes the keys of a client in a new folder. */
async function makeKeys(place: Place, version: Version): Promise<Keys> {
  const folder = join(sandbox.folder, `keys-${Math.random()}`)
  const asked = ['--generate_symmetric_storage_key', '--generate_acrawriter_keys']
  const where = [`--keystore=${version}`, `--keys_output_dir=${folder}`]
  await keymaker(place, `--client_id=${clientId}`, ...where, ...asked)
  const environment = { ACRA_MASTER_KEY: '', ...place.environment }
  return { folder, environment, commands: [] }
}

let tables = 0

/** A table with a protected column, and the config that says so. */
async function makeTable(): Promise<{ readonly table: string; readonly config: string }> {
  const table = `people_${++tables}`
  const config = join(sandbox.folder, `${table}.yaml`)
  writeFileSync(
    config,
    `schemas:\n  - table: ${table}\n    columns: [name]\n    encrypted:\n      - column: name\n`,
  )
  const client = new pg.Client({ host: database.host, port: database.port, user: 'postgres' })
  await client.connect()
  await client.query(`CREATE TABLE ${table} (name bytea)`)
  await client.end()
  return { table, config }
}

async function query(at: { host: string; port: number }, sql: string, ...values: unknown[]) {
  const client = new pg.Client({ host: at.host, port: at.port, user: 'postgres' })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}

/** Starts a server on the keys of a place, writes and reads a row, and looks at what the database has. */
async function serves(place: Place, version: Version, ...flags: readonly string[]) {
  const keys = await makeKeys(place, version)
  const { table, config } = await makeTable()
  const start = (...more: readonly string[]) =>
    startAcraServer(sandbox, {
      clientId,
      keys,
      database,
      encryptorConfig: config,
      flags: [...place.flags, ...flags, ...more],
    })
  const server = await start()
  await query(server, `INSERT INTO ${table} VALUES ($1)`, Buffer.from('a name'))
  const read = async (from: AcraServer) => {
    const rows = await query(from, `SELECT name FROM ${table}`)
    return rows.map(({ name }) => name.toString())
  }
  assert.deepEqual(await read(server), ['a name'])
  const [stored] = await query(database, `SELECT name FROM ${table}`)
  assert.ok(!stored.name.includes('a name'))
  await server.stop()
  const again = await start()
  assert.deepEqual(await read(again), ['a name'], 'after a new start')
  return { server: again, read, start, keys }
}

const logOf = (server: AcraServer) => readFileSync(server.logFile, 'utf8')

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (await isSo()) return
    await sleep(50)
  }
  assert.fail(`${what} has not happened`)
}

/** What a server says that does not start, and its exit code. */
async function startFails(
  place: Place,
  keys: Keys,
): Promise<{ readonly code: number; readonly said: string }> {
  const tool = join(root, 'packages/suite/bin/acra-server.js')
  const words = ['--db_host=127.0.0.1', `--client_id=${clientId}`, `--keys_dir=${keys.folder}`]
  try {
    const env = { ...process.env, ...keys.environment }
    await run(process.execPath, [tool, ...words, ...place.flags], { env, timeout: 60_000 })
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, said: stderr }
  }
  return { code: 0, said: '' }
}

test('SoftHSM: the master key is made and used inside the token', async (t) => {
  const reason = standIns.withoutSoftHsm()
  if (reason !== null) return t.skip(reason)
  const folder = join(sandbox.folder, 'hsm')
  mkdirSync(folder)
  const token = standIns.makeSoftToken(folder)
  const pinFile = join(folder, 'pin')
  writeFileSync(pinFile, token.pin, { mode: 0o600 })
  const place = {
    flags: [
      '--keystore_encryption_type=hsm_master_key',
      `--hsm_library=${token.library}`,
      `--hsm_token_label=${token.label}`,
      `--hsm_pin_file=${pinFile}`,
    ],
    environment: { SOFTHSM2_CONF: token.configuration },
  }
  let keys: Keys | null = null
  for (const version of versions) {
    const labelled = { ...place, flags: [...place.flags, `--hsm_key_label=acra_${version}`] }
    await keymaker(labelled, '--generate_hsm_master_key', `--keystore=${version}`)
    const served = await serves(labelled, version)
    await served.server.stop()
    keys = served.keys
  }
  writeFileSync(pinFile, 'another PIN')
  const { code, said } = await startFails(place, keys!)
  assert.equal(code, 1)
  assert.match(said, /code=512 error="the hardware security module answers CKR_PIN_INCORRECT/)
})

test('Vault: the master key is read at start; without it there is one clear line and exit code 1', async () => {
  const vault = await standIns.VaultStandIn.start(authority)
  const half = (byte: number) => Buffer.alloc(32, byte).toString('base64')
  const pair = JSON.stringify({ encryption: half(5), signature: half(6) })
  vault.content.secrets['secret/acra'] = { acra_master_key: half(5) }
  vault.content.secrets['secret/v2'] = { acra_master_key: Buffer.from(pair).toString('base64') }
  const place = {
    flags: [
      '--keystore_encryption_type=vault_master_key',
      `--vault_connection_api_string=${vault.service.url}`,
      '--vault_secrets_path=secret/acra',
      `--vault_tls_client_ca=${authority.certFile}`,
    ],
    environment: { VAULT_API_TOKEN: Buffer.from('hvs.a-token').toString('base64') },
  }
  const { server, read, keys } = await serves(place, 'v1', '--keystore_probe_interval=1')
  vault.service.goDown()
  await until('the degraded state', () => /code=2030/.test(logOf(server)))
  assert.deepEqual(await read(server), ['a name'], 'a server goes on without Vault')
  process.kill(server.pid, 'SIGHUP')
  await until('the refused reload', () =>
    /the old one stays" .*cannot be reached/.test(logOf(server)),
  )
  assert.deepEqual(await read(server), ['a name'], 'and goes on after SIGHUP')
  const { code, said } = await startFails(place, keys)
  assert.equal(code, 1)
  const errors = said.split('\n').filter((line) => line.includes('level=error'))
  assert.equal(errors.length, 1)
  assert.match(
    errors[0]!,
    /Can't load master key" code=512 error="HashiCorp Vault at .* cannot be reached/,
  )
  vault.service.comeBack()
  await until('the end of it', () => /code=2031/.test(logOf(server)))
  await server.stop()
  const ofVersion2 = { ...place, flags: [...place.flags, '--vault_secrets_path=secret/v2'] }
  await (await serves(ofVersion2, 'v2')).server.stop()
  vault.service.close()
})

test('KMS: the master key stands encrypted in the environment', async () => {
  const kms = await standIns.KmsStandIn.start(authority)
  const credentials = join(sandbox.folder, 'kms-encrypted.json')
  writeFileSync(credentials, kms.credentials, { mode: 0o600 })
  const flags = [
    '--keystore_encryption_type=kms_encrypted_master_key',
    '--kms_type=aws',
    `--kms_credentials_path=${credentials}`,
    `--kms_tls_ca=${authority.certFile}`,
  ]
  for (const version of versions) {
    kms.aliases.clear()
    const file = join(sandbox.folder, `encrypted-${version}.key`)
    const words = [`--generate_master_key=${file}`, `--keystore=${version}`]
    await keymaker({ flags, environment: {} }, ...words)
    assert.ok(kms.aliases.has('alias/acra_master_key'))
    const environment = { ACRA_MASTER_KEY: readFileSync(file, 'base64') }
    await (await serves({ flags, environment }, version)).server.stop()
    if (version === 'v1') continue
    const perClient = [...flags, '--keystore_encryption_type=kms_per_client']
    await (await serves({ flags: perClient, environment }, version)).server.stop()
    assert.ok(kms.aliases.has(`alias/acra_${clientId}`))
  }
  kms.service.close()
})

test('KMS with a key for every client: it goes away and comes back under a running server', async () => {
  const kms = await standIns.KmsStandIn.start(authority)
  const credentials = join(sandbox.folder, 'kms-per-client.json')
  writeFileSync(credentials, kms.credentials, { mode: 0o600 })
  const flags = [
    '--keystore_encryption_type=kms_per_client',
    '--kms_type=aws',
    `--kms_credentials_path=${credentials}`,
    `--kms_tls_ca=${authority.certFile}`,
  ]
  const place = { flags, environment: {} }
  const metricsPort = await freePort()
  const { server, read, keys, start } = await serves(
    place,
    'v1',
    '--keystore_probe_interval=1',
    `--incoming_connection_prometheus_metrics_string=tcp://127.0.0.1:${metricsPort}`,
  )
  assert.deepEqual([...kms.aliases.keys()], [`alias/acra_${clientId}`])
  const degraded = async () => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    return /^acraserver_keystore_degraded (\d+)$/m.exec(text)?.[1]
  }
  assert.equal(await degraded(), '0')
  kms.service.goDown()
  await until('the degraded state', () => /code=2030/.test(logOf(server)))
  assert.equal(await degraded(), '1')
  assert.deepEqual(await read(server), ['a name'], 'keys in memory go on')
  const { code, said } = await startFails(place, keys)
  assert.equal(code, 1)
  assert.match(said, /Can't load master key" code=512 error="AWS KMS cannot be reached/)
  kms.service.comeBack()
  await until('the end of it', () => /code=2031/.test(logOf(server)))
  assert.equal(await degraded(), '0')
  await server.stop()

  const bounded = await start(
    '--keystore_offline_ttl=1',
    '--incoming_connection_prometheus_metrics_string=',
  )
  assert.deepEqual(await read(bounded), ['a name'])
  kms.service.goDown()
  await until('the end of the time', () => /code=2032/.test(logOf(bounded)))
  assert.notDeepEqual(await read(bounded), ['a name'], 'the time is over')
  kms.service.comeBack()
  await until('the keys', async () => (await read(bounded))[0] === 'a name')
  await bounded.stop()
  kms.service.close()
})

test('acra-keymaker leaves no file where the place of the master key is away', async () => {
  const port = await freePort()
  const folder = join(sandbox.folder, 'nothing')
  const place = {
    flags: [
      `--vault_connection_api_string=https://127.0.0.1:${port}`,
      `--keys_output_dir=${folder}`,
    ],
    environment: { VAULT_API_TOKEN: Buffer.from('hvs.a-token').toString('base64') },
  }
  await assert.rejects(keymaker(place), /cannot be reached: connection refused/)
  assert.ok(!existsSync(folder))
  rmSync(folder, { force: true, recursive: true })
})
