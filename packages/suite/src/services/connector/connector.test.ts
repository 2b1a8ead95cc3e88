import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { type Environment, masterKeyFromEnvironment, openKeystore } from '../../keystore/index.ts'
import { VaultStandIn } from '../../keystore/master-key/testing/index.ts'
import { parseAddress } from '../../net/index.ts'
import { acceptSession, TRACE_FRAME_SIZE } from '../../net/secure-session/index.ts'
import { createAuthority } from '../../net/tls/testing/index.ts'
import { createLogger, plaintext } from '../../observe/index.ts'
import type { OptionTable, OptionValues } from '../../options/index.ts'
import { Connector } from './connector.ts'
import { type ConnectorOptions, connectorOptions } from './options.ts'
import { exchangeKeys, generate, type KeyExchange } from './testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-connector-'))
const product = { name: 'acra-connector', version: '0.0.0' }
let exchanged: KeyExchange
const running = new Set<Connector>()
const servers = new Set<Server>()
let lines: string[] = []

before(async () => {
  exchanged = await exchangeKeys(['someid', 'otherid'])
})
afterEach(async () => {
  for (const connector of running) await connector.stop()
  for (const server of servers) server.close()
  running.clear()
  servers.clear()
  lines = []
})
after(() => {
  exchanged.remove()
  rmSync(folder, { recursive: true })
})

test('what an application says goes through Secure Session and comes back, behind the frame of a trace', async () => {
  const { port, arrived } = await sessionServer()
  const connector = await start({ acraserver_connection_string: `tcp://127.0.0.1:${port}` })
  const sent = randomBytes(5_000_000)
  const received = await echoed(connector, sent)
  assert.ok(received.subarray(TRACE_FRAME_SIZE).equals(sent))
  assert.equal(received.subarray(0, 6).toString('hex'), '1d0000000000')
  assert.deepEqual(arrived, ['someid'])
})

test('a translator is spoken to with its own keys and id', async () => {
  const { port, arrived } = await sessionServer('acra_translator', 'transport-translator')
  const options = {
    mode: 'AcraTranslator',
    acratranslator_connection_string: `grpc://127.0.0.1:${port}`,
  }
  const connector = await start({ ...options, trace_frame_disable: true })
  assert.equal(String(await echoed(connector, Buffer.from('hello'))), 'hello')
  assert.deepEqual(arrived, ['someid'])
})

test('over TLS no transport key is needed, and the name of the server is checked', async () => {
  const authority = createAuthority(folder, 'authority')
  const { cert, key } = authority.server('server')
  const server = createTlsServer({ cert, key }, (socket) => socket.pipe(socket))
  const port = await listening(server)
  const tls = {
    acraserver_connection_string: `tcp://localhost:${port}`,
    acraserver_tls_transport_enable: true,
    tls_ca: authority.certFile,
    keys_dir: join(folder, 'none'),
  }
  const connector = await start(tls)
  const received = await echoed(connector, Buffer.from('hello'))
  assert.equal(String(received.subarray(TRACE_FRAME_SIZE)), 'hello')
  const deceived = await start({ ...tls, tls_acraserver_sni: 'other.example' })
  assert.equal((await echoed(deceived, Buffer.from('hello'))).length, 0)
  assert.match(
    lines.join(''),
    /msg="Can't wrap connection" client_id=someid code=538 .*other\.example.* reason=tls/,
  )
})

test('raw bytes go as they are, over unix sockets on both sides', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  const path = join(folder, 'server.sock')
  servers.add(server)
  server.listen(path)
  await once(server, 'listening')
  const own = join(folder, 'connector.sock')
  const connector = await start({
    acraserver_connection_string: `unix://${path}`,
    acraserver_transport_encryption_disable: true,
    incoming_connection_string: `unix://${own}`,
    user_check_disable: false,
    keys_dir: join(folder, 'none'),
    trace_frame_disable: true,
  })
  assert.equal(statSync(own).mode & 0o777, 0o066)
  if (process.geteuid?.() === 0) {
    assert.equal(String(await echoed(connector, Buffer.from('hello'))), 'hello')
  } else {
    await assert.rejects(echoed(connector, Buffer.from('hello')), { code: 'EACCES' })
  }
})

test('an application of our own user is refused, unless the check is off', async () => {
  const { port } = await sessionServer()
  const connector = await start({
    acraserver_connection_string: `tcp://127.0.0.1:${port}`,
    user_check_disable: false,
  })
  assert.equal((await echoed(connector, Buffer.from('hello'))).length, 0)
  assert.match(
    lines.join(''),
    /level=error msg="Client application and ssproxy need to be start from different users" client_id=someid code=534\n/,
  )
})

test('the HTTP API has an entrance of its own', async () => {
  const [data, api] = [await sessionServer(), await sessionServer()]
  const connector = await start({
    http_api_enable: true,
    acraserver_connection_string: `tcp://127.0.0.1:${data.port}`,
    acraserver_api_connection_string: `tcp://127.0.0.1:${api.port}`,
  })
  assert.equal(connector.addresses.length, 2)
  await echoed(connector, Buffer.from('GET /getNewZone HTTP/1.1\r\n\r\n'), 1)
  assert.deepEqual([data.arrived, api.arrived], [[], ['someid']])
  assert.match(lines.join(''), /Got new connection to HTTP API: 127\.0\.0\.1:/)
})

test('a server that is not there yet is waited for', async () => {
  const spare = createServer()
  const port = await listening(spare)
  spare.close()
  await once(spare, 'close')
  const connector = await start({
    acraserver_connection_string: `tcp://127.0.0.1:${port}`,
    connect_retry_time: 30,
  })
  const answer = echoed(connector, Buffer.from('hello'))
  await sessionServer('acra_server', 'transport-server', port)
  assert.equal(String((await answer).subarray(TRACE_FRAME_SIZE)), 'hello')
})

test('a server that is not there is told, and the application let go', async () => {
  const connector = await start({ acraserver_connection_string: 'tcp://127.0.0.1:1' })
  assert.equal((await echoed(connector, Buffer.from('hello'))).length, 0)
  assert.match(
    lines.join(''),
    /level=error msg="Can't connect to AcraServer" client_id=someid code=534 error=.*ECONNREFUSED/,
  )
})

test('more connections than are allowed are refused', async () => {
  const { port } = await sessionServer()
  const connector = await start({
    acraserver_connection_string: `tcp://127.0.0.1:${port}`,
    max_connections: 1,
  })
  const first = dialConnector(connector)
  first.write('x')
  await once(first, 'data')
  assert.equal((await echoed(connector, Buffer.from('hello'))).length, 0)
  first.destroy()
})

test('stopping cuts what does not end in time', async () => {
  const { port } = await sessionServer()
  const connector = await start({
    acraserver_connection_string: `tcp://127.0.0.1:${port}`,
    incoming_connection_close_timeout: 0,
  })
  const client = dialConnector(connector)
  client.write('x')
  await once(client, 'data')
  const closed = once(client, 'close')
  await connector.stop()
  await closed
})

test('a new key and other options are used by the next connection after a reload', async () => {
  const { port } = await sessionServer()
  const place = { acraserver_connection_string: `tcp://127.0.0.1:${port}` }
  const connector = await start({ acraserver_connection_string: 'tcp://127.0.0.1:1' })
  await connector.reload(options(place))
  assert.ok((await echoed(connector, Buffer.from('hello'))).length > 0)
  await assert.rejects(connector.reload(options({ ...place, client_id: 'absent' })))
  await assert.rejects(connector.reload(options({ ...place, client_id: '../..' })))
  assert.ok((await echoed(connector, Buffer.from('hello'))).length > 0)
})

test('a start without a key is refused in the words of the original', async () => {
  const place = { acraserver_connection_string: 'tcp://127.0.0.1:1' }
  await assert.rejects(start({ ...place, client_id: 'nobody' }), {
    message:
      "Configuration error: Can't check that AcraConnector private key exists, got error - there is no key of client id nobody",
  })
  await generate(exchanged.connector, { purpose: 'transport-connector', owner: 'lonely' })
  await assert.rejects(start({ ...place, client_id: 'lonely' }), {
    message:
      /^Configuration error: Can't check that AcraServer public key exists, got error - Copy the public half of the acra-server transport key/,
  })
})

const wrapLine = (hint: string) =>
  new RegExp(
    `msg="Can't wrap connection" client_id=someid code=538 error="Failed to unprotect data" hint="[^\\n]*${hint}[^\\n]*" reason=key_decrypt_failed\\n`,
  )

test('an own key that does not open is told by three lines, with what has become of it', async () => {
  const { port } = await sessionServer()
  const place = { acraserver_connection_string: `tcp://127.0.0.1:${port}` }
  const path = (name: string) => join(exchanged.connector.folder, name)
  const kept = path('someid.kept')
  renameSync(path('someid'), kept)
  const foreign = await exchangeKeys(['someid'])
  const failures: [() => void, string][] = [
    [
      () => copyFileSync(path('otherid'), path('someid')),
      'someid: overwritten by a copy of the acra-connector transport key of otherid;',
    ],
    [
      () => renameSync(path('otherid'), path('someid')),
      'someid: this is the acra-connector transport key of otherid under another name; rename it back to .*otherid',
    ],
    [
      () => {
        copyFileSync(path('someid'), path('otherid'))
        writeFileSync(path('someid'), Buffer.alloc(89, 7))
      },
      'someid: this is not a key any more; restore it from a backup',
    ],
    [
      () => copyFileSync(path('someid_server.pub'), path('someid')),
      'someid: this is the public half of the acra-server transport key of someid, and no private key;',
    ],
    [
      () => copyFileSync(join(foreign.server.folder, 'someid_server'), path('someid')),
      'the master key is right, and it is the key of nobody in this keystore: the file was brought from another keystore',
    ],
  ]
  for (const [spoil, hint] of failures) {
    spoil()
    chmodSync(path('someid'), 0o600)
    lines = []
    const connector = await start(place)
    assert.equal((await echoed(connector, Buffer.from('hello'))).length, 0)
    const told = lines.slice(-3).map((line) => line.replace(/time="[^"]*"/, 'time="..."'))
    assert.equal(
      told[0],
      `time="..." level=info msg="Connect to AcraServer" client_id=someid connection_string="tcp://127.0.0.1:${port}"\n`,
    )
    assert.match(told[1] ?? '', wrapLine(hint))
    assert.equal(
      told[2],
      'time="..." level=info msg="Close connection with client" client_id=someid\n',
    )
  }
  // Renamed back it opens again, without a restart.
  foreign.remove()
  const connector = await start(place)
  renameSync(kept, path('someid'))
  assert.ok((await echoed(connector, Buffer.from('hello'))).length > 0)
})

test('what stands in the place of the public key of the server, and is none, is told with what to copy', async () => {
  const { port } = await sessionServer()
  const connector = await start({ acraserver_connection_string: `tcp://127.0.0.1:${port}` })
  const path = join(exchanged.connector.folder, 'someid_server.pub')
  const kept = readFileSync(path)
  for (const content of [Buffer.alloc(45), randomBytes(89), Buffer.from('-----BEGIN PUBLIC KEY')]) {
    writeFileSync(path, content)
    lines = []
    assert.equal((await echoed(connector, Buffer.from('hello'))).length, 0)
    assert.match(
      lines.join(''),
      /client_id=someid code=538 error=.* hint="not a key of this kind: [^"]*someid_server\.pub does not hold the public half of the acra-server transport key of someid\. Copy the public half of [^"]* from its host into this keystore\." reason=key_not_found\n/,
    )
  }
  writeFileSync(path, kept)
  assert.ok((await echoed(connector, Buffer.from('hello'))).length > 0)
})

test('another master key ends the start, and is told apart from a key that was overwritten', async () => {
  const { port } = await sessionServer()
  const place = { acraserver_connection_string: `tcp://127.0.0.1:${port}` }
  const environment = { ACRA_MASTER_KEY: Buffer.alloc(32, 9).toString('base64') }
  await assert.rejects(start(place, environment), {
    code: 'other-master-key',
    message: /: made with another master key.*; set ACRA_MASTER_KEY/,
  })
  const connector = await start(place)
  const foreign = await exchangeKeys(['someid'])
  const paths = readdirSync(exchanged.connector.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pub'))
    .map(({ name, parentPath }) => join(parentPath, name))
  const kept = paths.map((path) => readFileSync(path))
  for (const path of paths) {
    writeFileSync(path, readFileSync(join(foreign.server.folder, 'someid_server')))
  }
  foreign.remove()
  lines = []
  assert.equal((await echoed(connector, Buffer.from('hello'))).length, 0)
  assert.match(lines.join(''), wrapLine('the master key is another one'))
  for (const [index, path] of paths.entries()) writeFileSync(path, kept[index]!)
})

test('while Vault is away sessions begin as before, and after the time for that none does until it is back', async () => {
  const { port } = await sessionServer()
  const authority = createAuthority(folder, 'of-vault')
  const vault = await VaultStandIn.start(authority)
  const { ACRA_MASTER_KEY = '' } = exchanged.connector.environment
  vault.content.secrets['secret/acra'] = { acra_master_key: ACRA_MASTER_KEY }
  const connector = await start(
    {
      acraserver_connection_string: `tcp://127.0.0.1:${port}`,
      vault_connection_api_string: vault.service.url,
      vault_secrets_path: 'secret/acra',
      vault_tls_client_ca: authority.certFile,
      keystore_probe_interval: 0.02,
      keystore_offline_ttl: 1,
    },
    { VAULT_API_TOKEN: Buffer.from('hvs.a-token').toString('base64') },
  )
  vault.service.goDown()
  await said('code=2030')
  const { length } = await echoed(connector, Buffer.from('hello'))
  // On a slow machine the time may be over by now.
  if (!hasSaid('code=2032')) assert.ok(length > 0)
  await said('code=2032')
  assert.equal((await echoed(connector, Buffer.from('hello'))).length, 0)
  assert.match(lines.join(''), wrapLine('longer than keystore_offline_ttl: bring it back'))
  vault.service.comeBack()
  await said('code=2031')
  assert.ok((await echoed(connector, Buffer.from('hello'))).length > 0)
  vault.service.close()
})

async function said(text: string): Promise<void> {
  while (!hasSaid(text)) await sleep(5)
}

function hasSaid(text: string): boolean {
  return lines.some((line) => line.includes(text))
}

async function start(
  given: Partial<ConnectorOptions>,
  environment: Environment = exchanged.connector.environment,
): Promise<Connector> {
  const log = createLogger({
    level: 'info',
    outputs: [{ format: plaintext, sink: { write: (line) => lines.push(line) } }],
    clock: { now: Date.now, zone: () => 0 },
  })
  const user = process.geteuid?.() ?? null
  const connector = await Connector.start(options(given), { environment, log, product, user })
  running.add(connector)
  return connector
}

function options(given: Partial<ConnectorOptions>): ConnectorOptions {
  const table: OptionTable = connectorOptions
  const rows = Object.entries(table).map(([name, row]) => [name, row.default])
  return {
    ...(Object.fromEntries(rows) as OptionValues<typeof connectorOptions>),
    client_id: 'someid',
    keys_dir: exchanged.connector.folder,
    incoming_connection_string: 'tcp://127.0.0.1:0/',
    incoming_connection_api_string: 'tcp://127.0.0.1:0/',
    user_check_disable: true,
    ...given,
  }
}

/** A server that says back what it hears, with the keys that it has; `arrived` are the clients whose sessions it has accepted. */
async function sessionServer(
  serverId = 'acra_server',
  purpose: 'transport-server' | 'transport-translator' = 'transport-server',
  port = 0,
) {
  const arrived: string[] = []
  const { folder: keys, environment } = exchanged.server
  const wrapper = masterKeyFromEnvironment(environment)
  const keystore = await openKeystore({ folder: keys, wrapper, warn: () => {} })
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    const keysOf = async (owner: string) => {
      const [own] = await keystore.keys({ purpose, owner })
      const [clientKey] = await keystore.publicKeys({ purpose: 'transport-connector', owner })
      assert.ok(own !== undefined && clientKey !== undefined)
      return { privateKey: own.secret, clientKey }
    }
    const accepted = await acceptSession(socket, { serverId, keysOf, timeoutMs: 5000 }).catch(
      () => null,
    )
    if (accepted === null) return
    arrived.push(accepted.clientId)
    accepted.stream.on('error', () => {}).pipe(accepted.stream)
  })
  return { port: await listening(server, port), arrived }
}

async function listening(server: Server, port = 0): Promise<number> {
  servers.add(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function dialConnector(connector: Connector, index = 0): Socket {
  const address = parseAddress(connector.addresses[index] ?? '')
  const socket =
    address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host)
  return socket
}

/** Everything that comes back for `sent`. */
async function echoed(connector: Connector, sent: Buffer, index = 0): Promise<Buffer> {
  const socket: Duplex = dialConnector(connector, index)
  socket.end(sent)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer)
  } catch (error) {
    // Bytes that nobody has read reset the connection.
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
  }
  return Buffer.concat(chunks)
}
