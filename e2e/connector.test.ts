/** An application, acra-connector, acra-server and PostgreSQL, with keystores that have nothing in common but the exchanged files. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createAuthority } from '#testing/certificates'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { type AcraServer, type Keys, startAcraServer, startService } from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { exchange, makeKeys as makeKeysOf } from './hosts.ts'
import { says } from './log.ts'
import { createTables, encryptorConfig } from './people.ts'

const client = 'someid'

let sandbox: Sandbox
let database: Postgres
let serverKeys: Keys
let connectorKeys: Keys
let configFile: string
before(async () => {
  sandbox = createSandbox('connector')
  database = await startPostgres({ auth: 'trust' })
  await createTables(database)
  serverKeys = await makeKeys('server', [
    '--generate_acraserver_keys',
    '--generate_acrawriter_keys',
    '--generate_symmetric_storage_key',
  ])
  connectorKeys = await makeKeys('connector', ['--generate_acraconnector_keys'])
  exchange(connectorKeys, serverKeys, `${client}.pub`)
  exchange(serverKeys, connectorKeys, `${client}_server.pub`)
  configFile = join(sandbox.folder, 'encryptor.yaml')
  writeFileSync(configFile, encryptorConfig)
})
after(async () => {
  await sandbox.remove()
  await database.stop()
})

test('an application speaks to the database by Secure Session, as the client whose keys were exchanged', async () => {
  const { server, connector } = await chain()
  assert.deepEqual(readdirSync(connectorKeys.folder).sort(), [
    'someid',
    'someid.pub',
    'someid_server.pub',
  ])
  assert.equal(statSync(connectorKeys.folder).mode & 0o777, 0o700)
  assert.equal(statSync(join(connectorKeys.folder, client)).mode & 0o777, 0o600)
  await withClient(connector, async (application) => {
    const photo = randomBytes(300_000)
    await application.query('INSERT INTO people VALUES ($1, $2, $3, $4)', [
      1,
      'Ann',
      'ann@example.com',
      photo,
    ])
    const { rows } = await application.query('SELECT email, photo FROM people WHERE id = 1')
    assert.equal(rows[0].email, 'ann@example.com')
    assert.ok(photo.equals(rows[0].photo))
  })
  await withClient(database, async (direct) => {
    const { rows } = await direct.query('SELECT email FROM people WHERE id = 1')
    assert.ok(!rows[0].email.includes('ann@example.com'), 'it is encrypted where it lies')
  })
  await says(server, 'client_id=someid')
  await Promise.all([connector.stop(), server.stop()])
  assert.deepEqual([await connector.ended, await server.ended], [0, 0])
})

test('over TLS neither side needs a transport key, and the certificate says who the client is', async () => {
  const authority = createAuthority(sandbox.folder, 'authority')
  const [shown, own] = [authority.server('server'), authority.client('application-certificate')]
  const server = await startAcraServer(sandbox, {
    clientId: client,
    keys: serverKeys,
    database,
    encryptorConfig: configFile,
    flags: [
      '--acraconnector_tls_transport_enable',
      '--tls_client_id_from_cert=false',
      `--tls_client_cert=${shown.certFile}`,
      `--tls_client_key=${shown.keyFile}`,
      `--tls_client_ca=${authority.certFile}`,
    ],
  })
  const none = { ...connectorKeys, folder: join(sandbox.folder, 'no-keys') }
  const connector = await startService(sandbox, 'acra-connector', none, [
    `--client_id=${client}`,
    '--user_check_disable',
    `--acraserver_connection_string=tcp://localhost:${server.port}`,
    '--acraserver_tls_transport_enable',
    `--tls_ca=${authority.certFile}`,
    `--tls_cert=${own.certFile}`,
    `--tls_key=${own.keyFile}`,
  ])
  await withClient(connector, async (application) => {
    await application.query('INSERT INTO people VALUES (2, $1, $2)', ['Bob', 'bob@example.com'])
    const { rows } = await application.query('SELECT email FROM people WHERE id = 2')
    assert.equal(rows[0].email, 'bob@example.com')
  })
  await Promise.all([connector.stop(), server.stop()])
})

test('a connection without encryption reaches a server that takes sessions too, the trace before it left out', async () => {
  const server = await startServer(['--client_id=someid'])
  const connector = await startConnector(server, ['--acraserver_transport_encryption_disable'])
  for (const front of [connector, server]) {
    await withClient(front, async (application) => {
      const { rows } = await application.query("SELECT 'hello' AS word")
      assert.equal(rows[0].word, 'hello')
    })
  }
  await Promise.all([connector.stop(), server.stop()])
})

for (const [what, spoil, hint] of [
  [
    'renamed',
    (path: string, other: string) => renameSync(other, path),
    'someid: this is the acra-connector transport key of otherid under another name; rename it back to ',
  ],
  [
    'overwritten by another',
    (path: string, other: string) => copyFileSync(other, path),
    'someid: overwritten by a copy of the acra-connector transport key of otherid; restore it from a backup.',
  ],
  [
    'overwritten',
    (path: string) => writeFileSync(path, Buffer.alloc(89), { mode: 0o600 }),
    'someid: this is not a key any more; restore it from a backup.',
  ],
  [
    'brought from another keystore',
    (path: string) => copyFileSync(join(serverKeys.folder, `${client}_server`), path),
    'it is the key of nobody in this keystore: the file was brought from another keystore, or overwritten.',
  ],
] as const) {
  test(`a transport key that was ${what}: the three lines of the connector and the two of the server; renamed back it works`, async () => {
    const { server, connector } = await chain()
    const path = join(connectorKeys.folder, client)
    const kept = join(sandbox.folder, 'kept')
    await makeKeys('connector', ['--generate_acraconnector_keys'], 'otherid')
    const other = join(connectorKeys.folder, 'otherid')
    renameSync(path, kept)
    spoil(path, other)
    const [before, beforeServer] = [said(connector).length, said(server).length]
    await assert.rejects(withClient(connector, async () => {}))
    const lines = (await saysMore(connector, before, 'Close connection with client')).split('\n')
    const at = lines.findIndex((line) => line.includes('Connect to AcraServer'))
    const [first, second, third] = lines.slice(at, at + 3)
    const text = `tcp://127.0.0.1:${server.port}`
    assert.equal(
      first,
      `level=info msg="Connect to AcraServer" client_id=someid connection_string="${text}"`,
    )
    const [start, end] = [
      'level=error msg="Can\'t wrap connection" client_id=someid code=538 error="Failed to unprotect data" hint="',
      '" reason=key_decrypt_failed',
    ]
    assert.ok(second?.startsWith(start) && second.endsWith(end) && second.includes(hint), second)
    assert.equal(third, 'level=info msg="Close connection with client" client_id=someid')
    const atServer = (await saysMore(server, beforeServer, 'wrap connection')).split('\n')
    assert.match(
      atServer[0] ?? '',
      /^level=info msg="Got new connection to AcraServer: 127\.0\.0\.1:\d+" connection_string="tcp:\/\/127\.0\.0\.1:\d+\/" from_descriptor=false session_id=\d+$/,
    )
    assert.match(
      atServer[1] ?? '',
      /^level=error msg="Can't wrap connection from acra-connector" code=538 error=EOF hint="[^"]+" reason=peer_closed session_id=\d+$/,
    )
    rmSync(path)
    renameSync(kept, path)
    rmSync(other, { force: true })
    rmSync(`${other}.pub`)
    await withClient(connector, async (application) => {
      await application.query('SELECT 1')
    })
    await Promise.all([connector.stop(), server.stop()])
  })
}

test('a transport key of the server: what has become of it stands in the line of the server', async () => {
  const server = await startServer([
    '--keystore_cache_size=-1',
    '--keystore_cache_on_start_enable=false',
  ])
  const connector = await startConnector(server, [])
  const path = join(serverKeys.folder, `${client}_server`)
  const kept = join(sandbox.folder, 'kept-of-server')
  await makeKeys('server', ['--generate_acraserver_keys'], 'otherid')
  const other = join(serverKeys.folder, 'otherid_server')
  renameSync(path, kept)
  for (const [spoil, hint] of [
    [
      () => copyFileSync(other, path),
      'someid_server: overwritten by a copy of the acra-server transport key of otherid; restore it from a backup.',
    ],
    [
      () => copyFileSync(join(connectorKeys.folder, client), path),
      'it is the key of nobody in this keystore: the file was brought from another keystore, or overwritten.',
    ],
    [
      () => renameSync(other, path),
      `someid_server: this is the acra-server transport key of otherid under another name; rename it back to ${other}.`,
    ],
  ] as const) {
    spoil()
    const [before, beforeServer] = [said(connector).length, said(server).length]
    await assert.rejects(withClient(connector, async () => {}))
    const line = await saysMore(server, beforeServer, "Can't wrap")
    assert.match(
      line,
      /msg="Can't wrap connection from acra-connector" code=538 error="Failed to unprotect data" hint="[^"]*" reason=key_decrypt_failed/,
    )
    assert.ok(line.includes(hint), line)
    assert.match(
      await saysMore(connector, before, "Can't wrap"),
      /code=538 error=EOF .*reason=peer_closed/,
    )
  }
  rmSync(`${other}.pub`)
  renameSync(kept, path)
  await withClient(connector, (application) => application.query('SELECT 1'))
  await Promise.all([connector.stop(), server.stop()])
})

test('of two clients the one without a key at the server fails, and only it', async () => {
  const { server, connector } = await chain()
  await makeKeys('connector', ['--generate_acraconnector_keys'], 'otherid')
  copyFileSync(
    join(connectorKeys.folder, `${client}_server.pub`),
    join(connectorKeys.folder, 'otherid_server.pub'),
  )
  const second = await startConnector(server, [], 'otherid')
  await assert.rejects(withClient(second, async () => {}))
  assert.match(await saysMore(second, 0, "Can't wrap"), /code=538 error=EOF .*reason=peer_closed/)
  const refused = await saysMore(server, 0, 'reason=key_not_found')
  assert.match(refused, /code=538 .*reason=key_not_found/)
  await withClient(connector, (application) => application.query('SELECT 1'))
  for (const name of ['otherid', 'otherid.pub', 'otherid_server.pub'])
    rmSync(join(connectorKeys.folder, name))
  await Promise.all([connector.stop(), second.stop(), server.stop()])
})

test('strangers who stop half-way, or say anything else, keep nobody waiting and stop nothing', async () => {
  const { server, connector } = await chain()
  const said = [
    '\x06\0\0\0someid',
    '\x06\0\0\0someid\xff\xff\xff\xff',
    '\xff\xff\xff\x7f',
    '\x10\0\0\0../../etc/passwd',
  ]
  const strangers = said.flatMap((bytes) =>
    Array.from({ length: 25 }, () => {
      const socket = connect(server.port, server.host).on('error', () => {})
      socket.write(Buffer.from(bytes, 'latin1'))
      return socket
    }),
  )
  await withClient(connector, (application) => application.query('SELECT 1'))
  for (const socket of strangers) socket.destroy()
  await Promise.all([connector.stop(), server.stop()])
  assert.deepEqual([await connector.ended, await server.ended], [0, 0])
})

async function chain(): Promise<{ server: AcraServer; connector: AcraServer }> {
  const server = await startServer([])
  return { server, connector: await startConnector(server, []) }
}

function startServer(flags: readonly string[]): Promise<AcraServer> {
  const options = { clientId: '', keys: serverKeys, database, encryptorConfig: configFile, flags }
  return startAcraServer(sandbox, options)
}

function startConnector(
  server: AcraServer,
  flags: readonly string[],
  clientId = client,
): Promise<AcraServer> {
  return startService(sandbox, 'acra-connector', connectorKeys, [
    `--client_id=${clientId}`,
    '--user_check_disable',
    `--acraserver_connection_string=tcp://127.0.0.1:${server.port}`,
    ...flags,
  ])
}

/** Keys of a host, under a master key of its own. */
function makeKeys(host: string, flags: readonly string[], clientId = client): Promise<Keys> {
  return makeKeysOf(sandbox, host, clientId, flags)
}

/** What a program has printed, the times left out. */
function said({ logFile }: AcraServer): string {
  return readFileSync(logFile, 'utf8').replace(/time="[^"]*" /g, '')
}

/** What it has printed behind `before`, once `text` is there and its line whole. */
async function saysMore(service: AcraServer, before: number, text: string): Promise<string> {
  for (let patience = 0; patience < 1000; patience++) {
    const more = said(service).slice(before)
    if (more.includes(text) && more.endsWith('\n')) return more
    await sleep(10)
  }
  assert.fail(`it did not say: ${text}\n${said(service)}`)
}

async function withClient<T>(
  { host, port }: { readonly host: string; readonly port: number },
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  return work(client).finally(() => client.end())
}
