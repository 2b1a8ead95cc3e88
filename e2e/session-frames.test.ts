/** Secure Sessions that somebody has recorded, cut, changed or made up, said to servers over real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { HttpTranslator } from '@acra-ts/sdk/node'
import { memoryOf } from '../tools/processes.ts'
import { type AcraServer, type Keys, startService } from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { exchange, makeKeys } from './hosts.ts'

const client = 'someid'
const GROWTH_MAX_MIB = 200

let sandbox: Sandbox
let translatorKeys: Keys
let connectorKeys: Keys
let translator: AcraServer
let connector: AcraServer
/** What acra-connector has said to acra-translator over one connection, as it was recorded in between. */
let recorded: Buffer[] = []

before(async () => {
  sandbox = createSandbox('session-frames')
  translatorKeys = await makeKeys(sandbox, 'translator', client, [
    '--generate_acratranslator_keys',
    '--generate_symmetric_storage_key',
  ])
  connectorKeys = await makeKeys(sandbox, 'connector', client, ['--generate_acraconnector_keys'])
  exchange(connectorKeys, translatorKeys, `${client}.pub`)
  exchange(translatorKeys, connectorKeys, `${client}_translator.pub`)
  translator = await startService(
    sandbox,
    'acra-translator',
    translatorKeys,
    ['--incoming_connection_close_timeout=0', '--startup_timeout=5'],
    'incoming_connection_http_string',
  )
  const between = createServer((near) => {
    const far = connect(translator.port, translator.host).on('error', () => near.destroy())
    recorded = []
    near.on('error', () => far.destroy()).on('data', (chunk: Buffer) => recorded.push(chunk))
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  between.unref()
  await once(between, 'listening')
  connector = await startService(sandbox, 'acra-connector', connectorKeys, [
    '--mode=AcraTranslator',
    `--client_id=${client}`,
    '--user_check_disable',
    '--incoming_connection_close_timeout=0',
    `--acratranslator_connection_string=http://127.0.0.1:${(between.address() as AddressInfo).port}/`,
  ])
})
after(() => sandbox.remove())

async function isServed(): Promise<void> {
  await new HttpTranslator({ url: `http://127.0.0.1:${connector.port}` }).encryptSym('a value')
}

/** Says it, and answers what came back until the server has ended the connection. */
async function say(bytes: Buffer, ends: boolean): Promise<Buffer> {
  const socket = connect(translator.port, translator.host).on('error', () => {})
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  if (ends) socket.end(bytes)
  else socket.write(bytes)
  await closed
  return Buffer.concat(chunks)
}

const log = () => readFileSync(translator.logFile, 'utf8')

/** Waits for a line of the log: it may be written a moment after the connection has ended. */
async function logged(from: number, line: RegExp, said = log): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!line.test(said().slice(from)) && Date.now() < deadline) await sleep(20)
  assert.match(said().slice(from), line)
}

const frame = (content: Buffer, size = content.length) => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(size)
  return Buffer.concat([length, content])
}

test('a connection that was recorded is not opened again: whole, cut at every byte of its handshake, or with a bit changed', async () => {
  await isServed()
  const stream = Buffer.concat(recorded)
  assert.ok(stream.length > 200)
  const before = memoryOf(translator.pid)
  const answer = await say(stream, false)
  assert.ok(!answer.includes('HTTP/1.1'))
  await logged(0, /code=711 .*reason=(not_verified|malformed)/)
  const size = 4 + client.length + 4 + stream.readUInt32LE(4 + client.length)
  const cuts = Array.from({ length: size }, (_, at) => stream.subarray(0, at))
  const changed = Array.from({ length: size }, (_, at) => {
    const copy = Buffer.from(stream)
    copy.writeUInt8(copy.readUInt8(at) ^ 0x41, at)
    return copy
  })
  const all = [...cuts, ...changed]
  for (let at = 0; at < all.length; at += 50) {
    const said = await Promise.all(all.slice(at, at + 50).map((bytes) => say(bytes, true)))
    assert.ok(said.every((bytes) => !bytes.includes('HTTP/1.1')))
  }
  await isServed()
  const growth = memoryOf(translator.pid) - before
  assert.ok(growth < GROWTH_MAX_MIB, `${growth} MiB more`)
})

for (const [what, bytes, reason] of [
  ['an id of 4 GB', frame(Buffer.from(client), 0xffffffff), 'id_too_long'],
  ['an id of 2 KB', frame(Buffer.alloc(2048, 'x')), 'id_too_long'],
  [
    'a handshake of 4 GB',
    Buffer.concat([frame(Buffer.from(client)), frame(Buffer.alloc(9), 0xffffffff)]),
    'malformed',
  ],
  [
    'an empty handshake',
    Buffer.concat([frame(Buffer.from(client)), frame(Buffer.alloc(0))]),
    'malformed',
  ],
  [
    'a handshake of zeros',
    Buffer.concat([frame(Buffer.from(client)), frame(Buffer.alloc(150))]),
    'malformed',
  ],
  ['an id of nobody', frame(Buffer.from('nobody-at-all')), 'key_not_found'],
  ['an id that is a path', frame(Buffer.from('../../etc/passwd')), '\\w+'],
] as const) {
  test(`${what} ends the connection with a line of the log`, async () => {
    const from = log().length
    assert.equal((await say(bytes, false)).length, 0)
    await logged(from, new RegExp(`code=711 .*reason=${reason}`))
    await isServed()
  })
}

test('the log has no crash, and acra-connector lives on through a server that talks nonsense', async () => {
  const liar = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(frame(Buffer.alloc(100), 0xfffffff0))
  }).listen(0, '127.0.0.1')
  await once(liar, 'listening')
  const deceived = await startService(sandbox, 'acra-connector', connectorKeys, [
    '--mode=AcraTranslator',
    `--client_id=${client}`,
    '--user_check_disable',
    `--acratranslator_connection_string=http://127.0.0.1:${(liar.address() as AddressInfo).port}/`,
  ])
  for (let i = 0; i < 2; i++) {
    const socket = connect(deceived.port, deceived.host)
      .on('error', () => {})
      .resume()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await closed
  }
  liar.close()
  const saidTwice = /code=538 .*reason=malformed[\s\S]*code=538 .*reason=malformed/
  await logged(0, saidTwice, () => readFileSync(deceived.logFile, 'utf8'))
  assert.doesNotMatch(log(), /TypeError|RangeError|code=700 /)
  await deceived.stop()
})
