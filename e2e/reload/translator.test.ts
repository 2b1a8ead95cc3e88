/** acra-translator under load reads its configuration again: over TLS, and behind acra-connector by Secure Session; HTTP and gRPC. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { fetchWith, GrpcTranslator, HttpTranslator, type Translator } from '@acra-ts/sdk/node'
import { type Authority, type Certificate, createAuthority } from '#testing/certificates'
import { freePort } from '../../tools/postgres.ts'
import { type AcraServer, type Keys, startService } from '../../tools/programs.ts'
import { createSandbox, type Sandbox } from '../../tools/sandbox.ts'
import { exchange, makeKeys } from '../hosts.ts'
import { Load, logOf, readerOf, reload, signals, sinceReload } from './load.ts'

const annsId = createHash('sha512').update('CN=ann').digest('hex')
const session = 'someid'
const storage = ['--generate_symmetric_storage_key']
const rest = ['--incoming_connection_close_timeout=0']

let sandbox: Sandbox
let keys: Keys
let connectorKeys: Keys
let authority: Authority
let ann: Certificate
before(async () => {
  sandbox = createSandbox('reload-translator')
  keys = await makeKeys(sandbox, 'translator', annsId, storage)
  await makeKeys(sandbox, 'translator', 'otherid', storage)
  await makeKeys(sandbox, 'translator', session, [...storage, '--generate_acratranslator_keys'])
  connectorKeys = await makeKeys(sandbox, 'connector', session, ['--generate_acraconnector_keys'])
  exchange(connectorKeys, keys, `${session}.pub`)
  exchange(keys, connectorKeys, `${session}_translator.pub`)
  authority = createAuthority(sandbox.folder, 'authority')
  ann = authority.client('ann')
})
after(() => sandbox.remove())

test('over TLS no call of HTTP or gRPC is lost, certificate, keys and options are taken up, and what cannot be used is not', async () => {
  const [first, second] = [authority.server('first'), authority.server('second')]
  const own = { cert: join(sandbox.folder, 'own.crt'), key: join(sandbox.folder, 'own.key') }
  const show = ({ certFile, keyFile }: Certificate) => {
    copyFileSync(certFile, own.cert)
    copyFileSync(keyFile, own.key)
  }
  show(first)
  const config = join(sandbox.folder, 'translator.yaml')
  const configure = (line: string) => writeFileSync(config, `version: 0.96.0\n${line}\n`)
  configure('')
  const grpcPort = await freePort()
  const flags = [
    `--config_file=${config}`,
    `--incoming_connection_grpc_string=grpc://127.0.0.1:${grpcPort}/`,
    `--tls_cert=${own.cert}`,
    `--tls_key=${own.key}`,
    `--tls_ca=${authority.certFile}`,
    ...rest,
  ]
  const at = 'incoming_connection_http_string'
  const translator = await startService(sandbox, 'acra-translator', keys, flags, at)
  const [http, grpc] = [overHttps(translator.port), overGrpcs(grpcPort)]
  const old = await http.encryptSym('before everything')
  const load = new Load({
    'HTTP on one connection': () => roundTrip(http),
    'HTTP on new connections': () => callOnce(translator.port),
    'gRPC on one connection': () => roundTrip(grpc),
    async 'gRPC on new connections'() {
      const fresh = overGrpcs(grpcPort)
      await roundTrip(fresh)
      fresh.close()
    },
  })
  await signals(4, load, translator)

  show(second)
  await reload(translator)
  for (const port of [translator.port, grpcPort]) assert.equal(await shownAt(port), 'second')
  await load.goesOn()

  await makeKeys(sandbox, 'translator', annsId, storage)
  await reload(translator)
  const reader = await readerOf(keys, annsId)
  for (const api of [http, grpc]) {
    assert.equal(reader.decryptText(await api.encryptSym('by the new key')), 'by the new key')
    assert.equal(textOf(await api.decryptSym(old)), 'before everything')
  }
  assert.throws(() => reader.decrypt(old), { code: 'DECRYPT_FAILED' })

  const another = overGrpcs(grpcPort, 'otherid')
  const isAnns = async () =>
    grpc.decryptSym(await another.encryptSym('whose is it')).then(
      () => true,
      () => false,
    )
  assert.equal(await isAnns(), true)
  configure('acratranslator_client_id_from_connection_enable: false')
  await reload(translator)
  assert.equal(await isAnns(), false)
  another.close()
  await load.goesOn()

  configure('acratranslator_client_id_from_connection_enabled: true')
  const told = await reload(translator, /the old one stays/)
  assert.match(told, /code=\d+ error=".*translator\.yaml:2:1: .*_enabled/)
  configure('')
  writeFileSync(own.cert, 'no certificate')
  await reload(translator, /the old one stays" code=\d+ error=.*Can't parse TLS certificate/)
  show(second)
  chmodSync(keys.folder, 0o755)
  await reload(translator, /the old one stays" code=\d+ error=.*chmod 700/)
  chmodSync(keys.folder, 0o700)
  assert.equal(await isAnnsStill(grpcPort), false, 'nothing of what was refused is used')
  for (const port of [translator.port, grpcPort]) assert.equal(await shownAt(port), 'second')
  await load.goesOn()
  await load.end()
  grpc.close()
  assert.doesNotMatch(sinceReload(translator), /code=7\d\d (?!error="can't decrypt data")/)
  await translator.stop()
  assert.equal(await translator.ended, 0)
})

/** A connection that is new has what the last good reload has brought. */
async function isAnnsStill(port: number): Promise<boolean> {
  const [own, other] = [overGrpcs(port), overGrpcs(port, 'otherid')]
  const sealed = await other.encryptSym('whose is it')
  const isOpened = await own.decryptSym(sealed).then(
    () => true,
    () => false,
  )
  own.close()
  other.close()
  return isOpened
}

test('by Secure Session no call of HTTP or gRPC is lost while translator and connectors are reloaded, and exchanged keys are taken up', async () => {
  const grpcPort = await freePort()
  const flags = [`--incoming_connection_grpc_string=grpc://127.0.0.1:${grpcPort}/`, ...rest]
  const at = 'incoming_connection_http_string'
  const translator = await startService(sandbox, 'acra-translator', keys, flags, at)
  const config = join(sandbox.folder, 'connector.yaml')
  const pointTo = (host: string) =>
    writeFileSync(
      config,
      `version: 0.96.0\nacratranslator_connection_string: http://${host}:${translator.port}\n`,
    )
  pointTo('127.0.0.1')
  const [toHttp, toGrpc] = await Promise.all([
    connectorTo(`--config_file=${config}`),
    connectorTo(`--acratranslator_connection_string=grpc://127.0.0.1:${grpcPort}`),
  ])
  const programs = [translator, toHttp, toGrpc]
  const http = overHttp(toHttp.port)
  const grpc = new GrpcTranslator({ address: `127.0.0.1:${toGrpc.port}` })
  const kept = new Load({ HTTP: () => roundTrip(http), gRPC: () => roundTrip(grpc) })
  const onNewConnections = () => ({
    'HTTP anew': () => roundTrip(overHttp(toHttp.port, { Connection: 'close' })),
    async 'gRPC anew'() {
      // Another name for the same place: connections to places of one name are shared.
      const fresh = new GrpcTranslator({ address: `localhost:${toGrpc.port}` })
      await roundTrip(fresh)
      fresh.close()
    },
  })
  const before = new Load(onNewConnections())
  await signals(3, before, ...programs)
  await kept.goesOn()
  await before.end()

  // Between the making of a pair and the exchange of its public half nobody can come in.
  await makeKeys(sandbox, 'connector', session, ['--generate_acraconnector_keys'])
  exchange(connectorKeys, keys, `${session}.pub`)
  await makeKeys(sandbox, 'translator', session, ['--generate_acratranslator_keys', ...storage])
  exchange(keys, connectorKeys, `${session}_translator.pub`)
  pointTo('localhost')
  for (const program of programs) await reload(program)
  const after = new Load(onNewConnections())
  await after.goesOn()
  await kept.goesOn()
  assert.match(logOf(toHttp), /Connect to AcraServer".*connection_string="?http:\/\/localhost:/)
  const reader = await readerOf(keys, session)
  assert.equal(reader.decryptText(await http.encryptSym('by the new key')), 'by the new key')

  writeFileSync(config, 'version: 0.96.0\nacratranslator_connection_string: nowhere\n')
  await reload(toHttp, /the old one stays" code=\d+ error=.*nowhere/)
  await signals(2, after, ...programs)
  await Promise.all([after.end(), kept.goesOn()])
  await kept.end()
  grpc.close()
  for (const program of programs) assert.doesNotMatch(sinceReload(program), /code=(538|711)/)
  await Promise.all(programs.map((program) => program.stop()))
  for (const { ended } of programs) assert.equal(await ended, 0)
})

async function connectorTo(flag: string): Promise<AcraServer> {
  const flags = ['--mode=AcraTranslator', `--client_id=${session}`, '--user_check_disable']
  return startService(sandbox, 'acra-connector', connectorKeys, [...flags, flag, ...rest])
}

let calls = 0

async function roundTrip(api: Translator): Promise<void> {
  const value = `value ${++calls}`
  assert.equal(textOf(await api.decryptSym(await api.encryptSym(value))), value)
}

function overHttps(port: number): HttpTranslator {
  const connection = { ca: authority.cert, cert: ann.cert, key: ann.key }
  return new HttpTranslator({
    url: `https://localhost:${port}`,
    retries: 0,
    fetch: fetchWith(connection),
  })
}

function overHttp(port: number, headers: Record<string, string> = {}): HttpTranslator {
  return new HttpTranslator({
    url: `http://127.0.0.1:${port}`,
    retries: 0,
    fetch: (input, init) =>
      fetch(input, { ...init, headers: { ...(init?.headers as object), ...headers } }),
  })
}

/** It names the client of its certificate, or another one. */
function overGrpcs(port: number, clientId = annsId): GrpcTranslator {
  const [ca, cert, key] = [authority.cert, ann.cert, ann.key].map((pem) => Buffer.from(pem))
  if (!ca || !cert || !key) throw new Error('a file is missing')
  return new GrpcTranslator({ address: `localhost:${port}`, tls: { ca, cert, key }, clientId })
}

/** One call on a connection of its own. */
async function callOnce(port: number): Promise<void> {
  const { cert, key } = ann
  const call = request({
    ...{ host: 'localhost', port, path: '/v2/encryptSym', method: 'POST', agent: false },
    ...{ ca: authority.cert, cert, key, headers: { 'Content-Type': 'application/json' } },
  })
  call.end(JSON.stringify({ data: Buffer.from('a value').toString('base64') }))
  const [answer] = await once(call, 'response')
  let body = ''
  for await (const chunk of answer) body += chunk
  assert.equal(answer.statusCode, 200, body)
}

/** The common name of the certificate that a new connection sees. */
async function shownAt(port: number): Promise<string> {
  const { cert, key } = ann
  const socket: TLSSocket = connect({ host: 'localhost', port, ca: authority.cert, cert, key })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.resume().end()
  await once(socket, 'close')
  return String(subject.CN)
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
