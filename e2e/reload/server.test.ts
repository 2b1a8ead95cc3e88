/** acra-server and acra-connector under load read their configuration again: clients over TLS, and by Secure Session. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import pg from 'pg'
import { type Authority, type Certificate, createAuthority } from '#testing/certificates'
import { type Postgres, startPostgres } from '../../tools/postgres.ts'
import { type Keys, startAcraServer, startService } from '../../tools/programs.ts'
import { createSandbox, type Sandbox } from '../../tools/sandbox.ts'
import { exchange, makeKeys } from '../hosts.ts'
import { createTables, directly, encryptorConfig } from '../people.ts'
import { Load, logOf, readerOf, reload, signals, sinceReload } from './load.ts'

const annsId = createHash('sha512').update('CN=ann').digest('hex')
const session = 'someid'
const storage = ['--generate_symmetric_storage_key', '--generate_acrawriter_keys']

let sandbox: Sandbox
let database: Postgres
let keys: Keys
let connectorKeys: Keys
let authority: Authority
let ann: Certificate
before(async () => {
  sandbox = createSandbox('reload-server')
  database = await startPostgres({ auth: 'trust' })
  await createTables(database)
  keys = await makeKeys(sandbox, 'server', annsId, storage)
  await makeKeys(sandbox, 'server', session, [...storage, '--generate_acraserver_keys'])
  connectorKeys = await makeKeys(sandbox, 'connector', session, ['--generate_acraconnector_keys'])
  exchange(connectorKeys, keys, `${session}.pub`)
  exchange(keys, connectorKeys, `${session}_server.pub`)
  authority = createAuthority(sandbox.folder, 'authority')
  ann = authority.client('ann')
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

for (const workers of [1, 2]) {
  test(`no statement is lost over TLS or Secure Session, and what is new is taken up where it can be used (workers=${workers})`, async () => {
    const [first, second] = [authority.server('first'), authority.server('second')]
    const own = { cert: join(sandbox.folder, 'own.crt'), key: join(sandbox.folder, 'own.key') }
    const show = ({ certFile, keyFile }: Certificate) => {
      copyFileSync(certFile, own.cert)
      copyFileSync(keyFile, own.key)
    }
    show(first)
    const config = join(sandbox.folder, 'encryptor.yaml')
    writeFileSync(config, withoutPhoto)
    const server = await startAcraServer(sandbox, {
      clientId: '',
      keys,
      database,
      encryptorConfig: config,
      flags: [
        `--workers=${workers}`,
        `--tls_client_cert=${own.cert}`,
        `--tls_client_key=${own.key}`,
        `--tls_client_ca=${authority.certFile}`,
        '--tls_client_system_ca=false',
        '--tls_database_mode=disable',
      ],
    })
    const connectorConfig = join(sandbox.folder, 'connector.yaml')
    const pointTo = (host: string) =>
      writeFileSync(
        connectorConfig,
        `version: 0.96.0\nacraserver_connection_string: tcp://${host}:${server.port}\n`,
      )
    pointTo('127.0.0.1')
    const connector = await startService(sandbox, 'acra-connector', connectorKeys, [
      `--client_id=${session}`,
      '--user_check_disable',
      `--config_file=${connectorConfig}`,
    ])
    const [overTls, bySession] = [() => dialTls(server.port), () => dial(connector.port)]
    const [keptTls, keptSession] = [await overTls(), await bySession()]
    const load = new Load({
      'TLS on one connection': () => roundTrip(keptTls),
      'TLS on new connections': () => anew(overTls),
      'Secure Session on one connection': () => roundTrip(keptSession),
    })
    const newSessions = { 'Secure Session on new connections': () => anew(bySession) }
    const before = new Load(newSessions)
    await signals(4, load, server, connector)
    await before.goesOn()
    await before.end()

    show(second)
    writeFileSync(config, encryptorConfig)
    await makeKeys(sandbox, 'server', annsId, storage)
    // Between the making of a pair and the exchange of its public half nobody can come in by a session.
    await makeKeys(sandbox, 'server', session, [...storage, '--generate_acraserver_keys'])
    exchange(keys, connectorKeys, `${session}_server.pub`)
    await makeKeys(sandbox, 'connector', session, ['--generate_acraconnector_keys'])
    exchange(connectorKeys, keys, `${session}.pub`)
    pointTo('localhost')
    for (const program of [server, connector]) await reload(program)
    const after = new Load(newSessions)
    await after.goesOn()
    await load.goesOn()
    assert.match(logOf(connector), /Connect to AcraServer".*connection_string="?tcp:\/\/localhost:/)
    const [freshTls, freshSession] = [await overTls(), await bySession()]
    for (const [fresh, owner] of [
      [freshTls, annsId],
      [freshSession, session],
    ] as const) {
      const id = await roundTrip(fresh)
      const { email, photo } = await storedAt(id)
      const reader = await readerOf(keys, owner)
      assert.equal(reader.decryptText(email), `e${id}@example.com`, 'it is sealed by the new key')
      assert.match(photo.toString('latin1'), /^%%%/, 'the column is protected now')
    }
    assert.equal(shownTo(freshTls), 'second')
    assert.equal(shownTo(keptTls), 'first')
    const { photo } = await storedAt(await roundTrip(keptTls))
    assert.equal(photo.toString(), 'a photo', 'open connections finish with what they began with')

    writeFileSync(config, `${encryptorConfig}    colums: [id]\n`)
    await reload(server, /the old one stays" code=901 error=.*colums/)
    writeFileSync(config, encryptorConfig)
    writeFileSync(own.cert, 'no certificate')
    await reload(server, /the old one stays" code=\d+ error=.*Can't parse TLS certificate/)
    show(second)
    chmodSync(keys.folder, 0o755)
    await reload(server, /the old one stays" code=510 error=.*chmod 700/)
    chmodSync(keys.folder, 0o700)
    writeFileSync(connectorConfig, 'version: 0.96.0\nacraserver_connection_string: nowhere\n')
    await reload(connector, /the old one stays" code=\d+ error=.*nowhere/)
    pointTo('localhost')
    const ownKey = join(connectorKeys.folder, session)
    renameSync(ownKey, `${ownKey}.away`)
    const failed = reload(connector, /the old one stays" code=507 error=.*private key exists/)
    await failed.finally(() => renameSync(`${ownKey}.away`, ownKey))

    const last = await overTls()
    assert.equal(shownTo(last), 'second', 'nothing of what was refused is used')
    await signals(2, load, server, connector)
    await Promise.all([load.end(), after.end()])
    for (const one of [keptTls, keptSession, freshTls, freshSession, last]) await one.end()
    for (const program of [server, connector]) {
      const errors = sinceReload(program).match(/level=error.*/g) ?? []
      assert.deepEqual(
        errors.filter((line) => !/old one stays|reason=key_not_found/.test(line)),
        [],
      )
    }
    await Promise.all([connector.stop(), server.stop()])
    assert.deepEqual([await connector.ended, await server.ended], [0, 0])
  })
}

/** The config of `createTables`, with one of the two columns left in the clear. */
const withoutPhoto = encryptorConfig.replace(/ {6}- column: photo\n(?: {8}.*\n)*/, '')

let ids = 0

/** Writes a row and reads it again; its id. */
async function roundTrip(client: pg.Client): Promise<number> {
  const id = ++ids
  const email = `e${id}@example.com`
  await client.query('INSERT INTO people (id, email, photo) VALUES ($1, $2, $3)', [
    id,
    email,
    Buffer.from('a photo'),
  ])
  const { rows } = await client.query('SELECT email, photo FROM people WHERE id = $1', [id])
  assert.deepEqual(rows, [{ email, photo: Buffer.from('a photo') }])
  return id
}

async function anew(connect: () => Promise<pg.Client>): Promise<void> {
  const client = await connect()
  await roundTrip(client)
  await client.end()
}

async function dialTls(port: number): Promise<pg.Client> {
  const { cert, key } = ann
  const ssl = { ca: authority.cert, cert, key, servername: 'localhost' }
  const client = new pg.Client({ ...place(port), ssl })
  await client.connect()
  return client
}

async function dial(port: number): Promise<pg.Client> {
  const client = new pg.Client(place(port))
  await client.connect()
  return client
}

function place(port: number) {
  const { user, database: name } = database
  return { host: '127.0.0.1', port, user, database: name }
}

/** The common name of the certificate that a client has seen. */
function shownTo(client: pg.Client): string {
  // The types of the driver leave out the connection and its stream.
  const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection
  return String(stream.getPeerCertificate().subject.CN)
}

/** What the database holds of a row. */
function storedAt(id: number): Promise<{ readonly email: Buffer; readonly photo: Buffer }> {
  return directly(database, async (client) => {
    const { rows } = await client.query('SELECT email, photo FROM people WHERE id = $1', [id])
    return rows[0]
  })
}
