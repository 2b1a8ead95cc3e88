/** acra-translator behind acra-connector, by Secure Session and TLS, and beside acra-server: three hosts, three master keys, exchanged files alone. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  AcraReader,
  AcraWriter,
  acra,
  GrpcTranslator,
  HttpTranslator,
  type Translator,
} from '@acra-ts/sdk/node'
import pg from 'pg'
import { createAuthority } from '#testing/certificates'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { type AcraServer, type Keys, startAcraServer, startService } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { exchange, makeKeys } from './hosts.ts'

const client = 'someid'
const valueKeys = [
  '--generate_acrawriter_keys',
  '--generate_symmetric_storage_key',
  '--generate_hmac_key',
]

let sandbox: Sandbox
let database: Postgres
let translatorKeys: Keys
let serverKeys: Keys
let connectorKeys: Keys
before(async () => {
  sandbox = createSandbox('translator')
  database = await startPostgres({ auth: 'trust' })
  translatorKeys = await makeKeys(sandbox, 'translator', client, [
    '--generate_acratranslator_keys',
    ...valueKeys,
  ])
  connectorKeys = await makeKeys(sandbox, 'connector', client, ['--generate_acraconnector_keys'])
  exchange(connectorKeys, translatorKeys, `${client}.pub`)
  exchange(translatorKeys, connectorKeys, `${client}_translator.pub`)
  serverKeys = { ...translatorKeys }
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

const listens = { http: 'incoming_connection_http_string', grpc: 'incoming_connection_grpc_string' }

for (const over of ['http', 'grpc'] as const) {
  test(`${over}: every operation through acra-connector, by Secure Session, for the client whose keys were exchanged`, async () => {
    assert.deepEqual(readdirSync(connectorKeys.folder).sort(), [
      'someid',
      'someid.pub',
      'someid_translator.pub',
    ])
    const { translator, connector } = await chain(over)
    const api = apiOver(over, connector.port)
    await everyOperation(api)
    if (api instanceof GrpcTranslator) api.close()
    await Promise.all([connector.stop(), translator.stop()])
    assert.deepEqual([await connector.ended, await translator.ended], [0, 0])
  })

  test(`${over}: every operation through acra-connector, by TLS, for the client of its certificate and without any transport key`, async () => {
    const folder = join(sandbox.folder, `tls-${over}`)
    mkdirSync(folder)
    const authority = createAuthority(folder, 'authority')
    const [shown, own] = [authority.server('translator'), authority.client('application')]
    const id = createHash('sha512').update('CN=application').digest('hex')
    const keys = await makeKeys(sandbox, `translator-${over}`, id, valueKeys)
    const translator = await startService(
      sandbox,
      'acra-translator',
      keys,
      [
        '--incoming_connection_close_timeout=0',
        `--tls_cert=${shown.certFile}`,
        `--tls_key=${shown.keyFile}`,
        `--tls_ca=${authority.certFile}`,
      ],
      listens[over],
    )
    const none = { ...connectorKeys, folder: join(folder, 'none') }
    const connectorBy = (flags: readonly string[]) =>
      startService(sandbox, 'acra-connector', none, [
        '--mode=AcraTranslator',
        `--client_id=${client}`,
        '--user_check_disable',
        '--incoming_connection_close_timeout=0',
        `--acratranslator_connection_string=tcp://localhost:${translator.port}`,
        '--acratranslator_tls_transport_enable',
        `--tls_ca=${authority.certFile}`,
        ...flags,
      ])
    const connector = await connectorBy([`--tls_cert=${own.certFile}`, `--tls_key=${own.keyFile}`])
    const api = apiOver(over, connector.port)
    await everyOperation(api)
    const reader = new AcraReader(acra, { symmetricKeys: [await symmetricKey(keys, id)] })
    assert.equal(reader.decryptText(await api.encryptSym('a value')), 'a value')
    const unnamed = await connectorBy([])
    const refused = apiOver(over, unnamed.port)
    await assert.rejects(refused.encryptSym('a value'))
    for (const one of [api, refused]) if (one instanceof GrpcTranslator) one.close()
    await Promise.all([connector.stop(), unnamed.stop(), translator.stop()])
  })
}

test('what a writer with the public key alone has encrypted, the translator and the server decrypt', async () => {
  const publicKey = readFileSync(join(translatorKeys.folder, `${client}_storage.pub`))
  const stored = AcraWriter.forClient(acra, publicKey).encrypt('from the writer')
  assert.throws(() => new AcraReader(acra, { privateKeys: [] }).decrypt(stored), {
    code: 'DECRYPT_FAILED',
  })
  const { translator, connector } = await chain('http')
  const api = new HttpTranslator({ url: `http://127.0.0.1:${connector.port}` })
  assert.equal(new TextDecoder().decode(await api.decrypt(stored)), 'from the writer')
  await Promise.all([connector.stop(), translator.stop()])
  const text = await throughServer('SELECT $1::bytea AS data', [Buffer.from(stored)])
  assert.equal(text, 'from the writer')
})

test('a value of a zone that a writer has encrypted is decrypted by the translator and by the server', async () => {
  const tool = join(root, 'packages/suite/bin/acra-addzone.js')
  const env = { ...process.env, ...translatorKeys.environment }
  const words = [tool, `--keys_output_dir=${translatorKeys.folder}`]
  const json = execFileSync(process.execPath, words, { env, encoding: 'utf8' })
  const { id } = acra.parseZone(json)
  const stored = AcraWriter.forZone(acra, json).encrypt('for the zone')
  const { translator, connector } = await chain('http')
  const api = new HttpTranslator({ url: `http://127.0.0.1:${connector.port}` })
  const opened = await api.decrypt(stored, { zoneId: id })
  assert.equal(new TextDecoder().decode(opened), 'for the zone')
  await assert.rejects(api.decrypt(stored), { code: 'TRANSLATOR_REFUSED', status: 422 })
  const sealed = await api.encryptSym('also for the zone', { zoneId: id })
  const back = await api.decryptSym(sealed, { zoneId: id })
  assert.equal(new TextDecoder().decode(back), 'also for the zone')
  await Promise.all([connector.stop(), translator.stop()])
  const values = [id, Buffer.from(stored)]
  const sql = 'SELECT $1::text AS zone, $2::bytea AS data'
  assert.equal(await throughServer(sql, values, ['--zonemode_enable']), 'for the zone')
})

test('many values at once come back in their order, with the errors of those that fail', async () => {
  const { translator, connector } = await chain('http')
  const api = new HttpTranslator({ url: `http://127.0.0.1:${connector.port}` })
  const results = await api.bulk(
    Array.from({ length: 100 }, (_, i) => ({
      operation: i === 50 ? ('decrypt' as const) : ('encryptSym' as const),
      data: `value ${i}`,
    })),
  )
  assert.equal(results.length, 100)
  assert.equal(results[50]?.error?.status, 422)
  const last = await api.decryptSym(results[99]?.data ?? new Uint8Array(0))
  assert.equal(new TextDecoder().decode(last), 'value 99')
  await Promise.all([connector.stop(), translator.stop()])
})

test('poison records of either kind are told, and the answer stays that of any value that does not open', async () => {
  const flags = ['--poison_detect_enable']
  const { translator, connector } = await chain('http', flags)
  const api = new HttpTranslator({ url: `http://127.0.0.1:${connector.port}` })
  for (const [type, decrypt] of [
    ['acrastruct', 'decrypt'],
    ['acrablock', 'decryptSym'],
  ] as const) {
    const tool = join(root, 'packages/suite/bin/acra-poisonrecordmaker.js')
    const words = [tool, `--keys_dir=${translatorKeys.folder}`, `--type=${type}`]
    const env = { ...process.env, ...translatorKeys.environment }
    const text = execFileSync(process.execPath, words, { env, encoding: 'utf8' })
    await assert.rejects(api[decrypt](Buffer.from(text, 'base64')), { status: 422 })
  }
  await assert.rejects(api.decrypt(new Uint8Array(300)), { status: 422 })
  const log = readFileSync(translator.logFile, 'utf8')
  assert.equal(log.match(/Recognized poison record.*code=587/g)?.length, 2)
  await Promise.all([connector.stop(), translator.stop()])
})

test('the search hash of the translator finds what the server has stored, and the reverse', async () => {
  const config = join(sandbox.folder, 'searchable.yaml')
  writeFileSync(
    config,
    'schemas:\n  - table: people\n    columns: [id, email]\n    encrypted:\n' +
      '      - column: email\n        crypto_envelope: acrablock\n        searchable: true\n        data_type: bytes\n',
  )
  const { translator, connector } = await chain('http')
  const api = new HttpTranslator({ url: `http://127.0.0.1:${connector.port}` })
  const direct = new pg.Client({ connectionString: database.url('postgres') })
  await direct.connect()
  await direct.query('CREATE TABLE people (id integer PRIMARY KEY, email bytea)')
  const stored = await api.encryptSymSearchable('ann@example.com')
  await direct.query('INSERT INTO people VALUES (1, $1)', [Buffer.from(stored)])
  const found = await throughServer(
    'SELECT email AS data FROM people WHERE email = $1',
    [Buffer.from('ann@example.com')],
    [`--encryptor_config_file=${config}`],
  )
  assert.equal(found, 'ann@example.com')
  const hash = await api.generateQueryHash('ann@example.com')
  const sql = 'SELECT email AS data FROM people WHERE substr(email, 1, 33) = $1'
  const { rows } = await direct.query(sql, [Buffer.from(hash)])
  const opened = await api.decryptSymSearchable(rows[0].data)
  assert.equal(new TextDecoder().decode(opened), 'ann@example.com')
  await direct.end()
  await Promise.all([connector.stop(), translator.stop()])
})

function apiOver(over: 'http' | 'grpc', port: number): Translator {
  const address = `127.0.0.1:${port}`
  return over === 'http'
    ? new HttpTranslator({ url: `http://${address}`, retries: 0 })
    : new GrpcTranslator({ address, clientId: 'somebody' })
}

async function everyOperation(api: Translator): Promise<void> {
  for (const [encrypt, decrypt] of [
    ['encrypt', 'decrypt'],
    ['encryptSym', 'decryptSym'],
    ['encryptSearchable', 'decryptSearchable'],
    ['encryptSymSearchable', 'decryptSymSearchable'],
  ] as const) {
    const stored = await api[encrypt]('a value')
    assert.equal(new TextDecoder().decode(await api[decrypt](stored)), 'a value')
  }
  const hash = await api.generateQueryHash('a value')
  assert.deepEqual((await api.encryptSymSearchable('a value')).subarray(0, 33), hash)
  await assert.rejects(api.decrypt(new Uint8Array(200)), { code: 'TRANSLATOR_REFUSED' })
}

/** The newest symmetric storage key of a client, by acra-keys. */
async function symmetricKey(keys: Keys, id: string): Promise<Buffer> {
  const tool = join(root, 'packages/suite/bin/acra-keys.js')
  const env = { ...process.env, ...keys.environment }
  const words = [tool, 'read', `--keys_dir=${keys.folder}`, `${id}_storage_sym`]
  return execFileSync(process.execPath, words, { env })
}

async function chain(
  over: 'http' | 'grpc',
  flags: readonly string[] = [],
): Promise<{ translator: AcraServer; connector: AcraServer }> {
  const translator = await startService(
    sandbox,
    'acra-translator',
    translatorKeys,
    ['--incoming_connection_close_timeout=0', ...flags],
    listens[over],
  )
  const connector = await startService(sandbox, 'acra-connector', connectorKeys, [
    '--mode=AcraTranslator',
    `--client_id=${client}`,
    '--user_check_disable',
    '--incoming_connection_close_timeout=0',
    `--acratranslator_connection_string=tcp://127.0.0.1:${translator.port}`,
  ])
  return { translator, connector }
}

/** The column `data` of a statement's first row, as acra-server gives it. */
async function throughServer(
  sql: string,
  values: unknown[],
  flags: readonly string[] = [],
): Promise<string> {
  const server = await startAcraServer(sandbox, {
    clientId: client,
    keys: serverKeys,
    database,
    flags,
  })
  const application = new pg.Client({
    host: server.host,
    port: server.port,
    user: 'postgres',
    database: 'postgres',
  })
  await application.connect()
  const { rows } = await application.query(sql, values)
  await application.end()
  await server.stop()
  return rows[0].data.toString()
}
