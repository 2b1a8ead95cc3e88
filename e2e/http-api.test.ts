/** The HTTP API of acra-server: plain, over TLS, and through AcraConnector; with one process and with several. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { createAuthority } from '#testing/certificates'
import { freePort, type Postgres, startPostgres } from '../tools/postgres.ts'
import {
  type AcraServer,
  type Keys,
  runProgram,
  startAcraServer,
  startService,
} from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { exchange, makeKeys } from './hosts.ts'
import { says } from './log.ts'
import { createTables, encryptorConfig } from './people.ts'

const client = 'someid'

let sandbox: Sandbox
let database: Postgres
let keys: Keys
let configFile: string
before(async () => {
  sandbox = createSandbox('http-api')
  database = await startPostgres({ auth: 'trust' })
  await createTables(database)
  keys = await makeKeys(sandbox, 'server', client, [
    '--generate_acraserver_keys',
    '--generate_acrawriter_keys',
    '--generate_symmetric_storage_key',
  ])
  configFile = join(sandbox.folder, 'encryptor.yaml')
  writeFileSync(configFile, encryptorConfig)
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

interface Started {
  readonly server: AcraServer
  readonly port: number
}

async function start(...flags: string[]): Promise<Started> {
  const port = await freePort()
  const server = await startAcraServer(sandbox, {
    clientId: client,
    keys,
    database,
    encryptorConfig: configFile,
    flags: [
      '--http_api_enable',
      `--incoming_connection_api_string=tcp://127.0.0.1:${port}/`,
      '-v',
      ...flags,
    ],
  })
  // It is there a moment after the way to the database.
  await says(server, 'HTTP API is at')
  return { server, port }
}

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

/** One request; `tls` are the options of its TLS. */
async function ask(port: number, path: string, options: object = {}, tls = false): Promise<Answer> {
  const send = tls ? httpsRequest : httpRequest
  const request = send({ host: '127.0.0.1', port, path, agent: false, ...options })
  request.end()
  const [response] = await once(request, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, headers: response.headers, body }
}

/** All that comes back for bytes that are sent as they are. */
function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(text)
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk
  })
  return new Promise((resolve) => socket.once('close', () => resolve(said)))
}

function said({ logFile }: AcraServer): string {
  return readFileSync(logFile, 'utf8')
}

function insert(connection: pg.Client): Promise<unknown> {
  return connection.query(
    "INSERT INTO people (id, email) VALUES (7, 'a@b.c') ON CONFLICT DO NOTHING",
  )
}

/** Takes the keys of values away while `work` is done. */
async function withoutKeys(work: () => Promise<void>): Promise<void> {
  const names = readdirSync(keys.folder).filter((name) => name.includes('storage'))
  assert.ok(names.length > 0)
  for (const name of names) renameSync(join(keys.folder, name), join(sandbox.folder, name))
  try {
    await work()
  } finally {
    for (const name of names) renameSync(join(sandbox.folder, name), join(keys.folder, name))
  }
}

for (const workers of [1, 2]) {
  test(`a reset makes every process read its keys anew: ${workers} of them`, async () => {
    const { server, port } = await start(`--workers=${workers}`)
    const ready = (text: string) => text.match(/Worker \d+ is ready/g)?.length ?? 0
    while (workers > 1 && ready(said(server)) < workers) await new Promise(setImmediate)
    const connections = Array.from({ length: workers }, () => {
      const { host, port: at } = server
      return new pg.Client({ host, port: at, user: database.user, database: database.database })
    })
    for (const connection of connections) {
      await connection.connect()
      await insert(connection)
    }
    await withoutKeys(async () => {
      for (const connection of connections) await insert(connection)
      const answer = await ask(port, '/resetKeyStorage')
      assert.deepEqual([answer.status, answer.body], [200, ''])
      for (const connection of connections) await assert.rejects(insert(connection), /cannot be/)
    })
    assert.equal((await ask(port, '/resetKeyStorage', { method: 'POST' })).status, 200)
    for (const connection of connections) {
      await insert(connection)
      await connection.end()
    }
    assert.match(said(server), /code=2051/)
    await server.stop()
    assert.equal(await server.ended, 0)
  })
}

test('a new zone has its keys in the keystore, and is there in zone mode only', async () => {
  const { server, port } = await start('--zonemode_enable')
  const { status, headers, body } = await ask(port, '/getNewZone')
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'application/json')
  const { id, public_key: publicKey } = JSON.parse(body)
  assert.match(id, /^D{8}[A-Za-z]{16}$/)
  const file = readFileSync(join(keys.folder, `${id}_zone.pub`))
  assert.equal(file.toString('base64'), publicKey)
  assert.ok(existsSync(join(keys.folder, `${id}_zone`)))
  assert.match(said(server), new RegExp(`code=2050 .*zone_id=${id}`))
  await server.stop()
  const without = await start()
  assert.equal((await ask(without.port, '/getNewZone')).status, 404)
  await without.server.stop()
})

test('what is no command, or no request, is told so and ends its connection', async () => {
  const { server, port } = await start()
  for (const path of ['/', '/loadAuthData', '/getConfig', '/setConfig', '/constructor'])
    assert.deepEqual(await ask(port, path).then(({ status, body }) => [status, body]), [
      404,
      'incorrect request',
    ])
  const wrong = await ask(port, '/resetKeyStorage', { method: 'DELETE' })
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET, POST'])
  assert.match(await raw(port, 'GET /resetKeyStorage HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /)
  const twice = 'GET /resetKeyStorage HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2)
  assert.equal((await raw(port, twice)).match(/HTTP\/1\.1 200/g)?.length, 1)
  assert.match(await raw(port, 'this is no HTTP\r\n\r\n'), /^HTTP\/1\.1 400 /)
  const long = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`
  assert.match(await raw(port, long), /^(HTTP\/1\.1 400 |$)/)
  const body = 'x'.repeat(200_000)
  const post = `POST /resetKeyStorage HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  assert.doesNotMatch(await raw(port, post), /200 OK/)
  assert.equal((await ask(port, '/resetKeyStorage')).status, 200)
  await server.stop()
})

test('over TLS the caller shows a certificate, and who has none gets no answer', async () => {
  const authority = createAuthority(sandbox.folder, 'authority')
  const [shown, own] = [authority.server('server'), authority.client('operator')]
  const { server, port } = await start(
    '--http_api_tls_transport_enable',
    `--tls_client_cert=${shown.certFile}`,
    `--tls_client_key=${shown.keyFile}`,
    `--tls_client_ca=${authority.certFile}`,
    '--tls_client_system_ca=false',
  )
  const trusted = { servername: 'localhost', ca: authority.cert }
  const mutual = { ...trusted, cert: readFileSync(own.certFile), key: readFileSync(own.keyFile) }
  assert.equal((await ask(port, '/resetKeyStorage', mutual, true)).status, 200)
  await assert.rejects(ask(port, '/resetKeyStorage', trusted, true))
  await assert.rejects(ask(port, '/resetKeyStorage'))
  assert.match(said(server), /client_id=[0-9a-f]{128} code=2051/)
  assert.match(said(server), /Can't wrap connection to HTTP API/)
  await server.stop()
})

test('through AcraConnector the API is that of the client whose keys were exchanged', async () => {
  const connectorKeys = await makeKeys(sandbox, 'connector', client, [
    '--generate_acraconnector_keys',
  ])
  exchange(connectorKeys, keys, `${client}.pub`)
  exchange(keys, connectorKeys, `${client}_server.pub`)
  const { server, port } = await start('--zonemode_enable', '--client_id=')
  const own = await freePort()
  const connector = await startService(sandbox, 'acra-connector', connectorKeys, [
    `--client_id=${client}`,
    '--user_check_disable',
    `--acraserver_connection_string=tcp://127.0.0.1:${server.port}`,
    '--http_api_enable',
    `--acraserver_api_connection_string=tcp://127.0.0.1:${port}`,
    `--incoming_connection_api_string=tcp://127.0.0.1:${own}/`,
  ])
  await says(connector, 'Setup ready')
  assert.match(JSON.parse((await ask(own, '/getNewZone')).body).id, /^D{8}/)
  assert.equal((await ask(own, '/resetKeyStorage')).status, 200)
  // Callers of 0.90 read to the end of the connection.
  assert.match(await raw(own, 'GET /resetKeyStorage HTTP/1.1\r\nHost: a\r\n\r\n'), / 200 OK\r\n/)
  assert.match(said(server), /client_id=someid code=2051/)
  await Promise.all([connector.stop(), server.stop()])
  assert.deepEqual([await connector.ended, await server.ended], [0, 0])
})

test('the users of the console and the configuration are for whoever has shown who it is, once there are users', async () => {
  const authority = createAuthority(sandbox.folder, 'console-authority')
  const [shown, own] = [authority.server('api'), authority.client('console')]
  const users = join(sandbox.folder, 'auth.keys')
  const tls = [
    '--http_api_tls_transport_enable',
    `--tls_client_cert=${shown.certFile}`,
    `--tls_client_key=${shown.keyFile}`,
    `--tls_client_ca=${authority.certFile}`,
    '--tls_client_system_ca=false',
  ]
  const { server, port } = await start(`--auth_keys=${users}`, ...tls)
  const mutual = {
    servername: 'localhost',
    ca: authority.cert,
    cert: readFileSync(own.certFile),
    key: readFileSync(own.keyFile),
  }
  const get = (path: string) => ask(port, path, mutual, true)
  assert.equal((await get('/loadAuthData')).status, 404)
  assert.equal((await get('/getConfig')).status, 404)
  const password = join(sandbox.folder, 'password')
  writeFileSync(password, 'correct horse\n', { mode: 0o600 })
  await runProgram(
    'acra-authmanager',
    [
      '--set',
      '--user=alice',
      `--password_file=${password}`,
      `--file=${users}`,
      `--keys_dir=${keys.folder}`,
    ],
    sandbox.folder,
    keys.environment,
  )
  const { status, body } = await get('/loadAuthData')
  assert.equal(status, 200)
  assert.match(body, /^alice:[a-zA-Z]{16}:3,8192,2,32:[A-Za-z0-9+/]{43}=\n$/)
  assert.deepEqual(JSON.parse((await get('/getConfig')).body), {
    db_host: database.host,
    db_port: database.port,
    incoming_connection_api_port: port,
    debug: false,
    poison_run_script_file: '',
    poison_shutdown_enable: false,
    zonemode_enable: false,
  })
  writeFileSync(users, 'no cell')
  assert.equal((await get('/loadAuthData')).status, 500)
  const log = said(server)
  assert.match(log, /code=2122/)
  assert.match(log, /code=593/)
  assert.doesNotMatch(log, /alice/)
  await server.stop()
  const plain = await start(`--auth_keys=${users}`)
  for (const path of ['/loadAuthData', '/getConfig'])
    assert.equal((await ask(plain.port, path)).status, 404)
  await plain.server.stop()
})
