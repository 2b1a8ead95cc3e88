/**
 * `npm run bench:translator`: what a call of acra-translator costs beside a bare echo of the same frameworks, and what acra-connector costs with
 * Secure Session beside its own TLS. Counted is the processor time of the program under test, so that other work on the machine matters little.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { BlockKey, generateSymmetricKey, sealBlockInContainer } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { GrpcTranslator } from '@acra-ts/sdk/node'
import { createAuthority } from '#testing/certificates'
import { exchange, makeKeys } from '../e2e/hosts.ts'
import { printTable } from '../tools/demo/table.ts'
import { type AcraServer, type Keys, runProgram, startService } from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'

const CALLS = 10_000
const AT_ONCE = 8
const BULK = 1000
const client = 'someid'
const VALUE =
  'a value of a hundred bytes or so, as they stand in columns of names, addresses, numbers and notes ......'

/** One line of the result. */
interface Line {
  readonly what: string
  readonly callsPerCpuSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export async function translatorBench(): Promise<number> {
  const sandbox = createSandbox('bench-translator')
  try {
    const lines = await calls(sandbox)
    const rows = lines.map(({ what, callsPerCpuSecond, p50Ms, p99Ms }) => [
      what,
      callsPerCpuSecond.toFixed(0),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
    ])
    console.log(printTable(['call', 'per second of CPU', 'p50 ms', 'p99 ms'], rows, 120))
    const transports = await connectorCosts(sandbox)
    console.log(printTable(['acra-connector', 'MB per second of CPU'], transports, 120))
    return 0
  } finally {
    await sandbox.remove()
  }
}

async function calls(sandbox: Sandbox): Promise<Line[]> {
  const authority = createAuthority(sandbox.folder, 'authority')
  const [shown, own] = [authority.server('server'), authority.client('own')]
  const keys = await keysOfCertificate(sandbox, own.certFile)
  const tls = [
    `--tls_cert=${shown.certFile}`,
    `--tls_key=${shown.keyFile}`,
    `--tls_ca=${authority.certFile}`,
  ]
  const start = (option: string) => startService(sandbox, 'acra-translator', keys, tls, option)
  const agent = new Agent({
    ca: authority.cert,
    cert: own.cert,
    key: own.key,
    keepAlive: true,
    maxSockets: AT_ONCE,
  })
  const lines: Line[] = []

  const echo = fork(fileURLToPath(new URL('translator-echo.js', import.meta.url)), [
    shown.certFile,
    shown.keyFile,
  ])
  const [{ http, grpc }] = (await once(echo, 'message')) as [{ http: number; grpc: number }]
  const encoded = JSON.stringify({ data: Buffer.from(VALUE).toString('base64') })
  const pid = Number(echo.pid)
  lines.push(
    await measured('HTTP, bare echo', pid, CALLS, () => post(agent, http, '/echo', encoded)),
  )
  const credentials = {
    ca: Buffer.from(authority.cert),
    cert: Buffer.from(own.cert),
    key: Buffer.from(own.key),
  }
  const grpcEcho = new GrpcTranslator({ address: `localhost:${grpc}`, tls: credentials })
  lines.push(
    await measured('gRPC, bare echo', pid, CALLS, () => grpcEcho.decryptSym(Buffer.from(VALUE))),
  )
  grpcEcho.close()
  echo.kill()

  const overHttp = await start('incoming_connection_http_string')
  const call = (name: string, body: string) => post(agent, overHttp.port, `/v2/${name}`, body)
  for (const [kind, name, back] of [
    ['AcraBlock', 'encryptSym', 'decryptSym'],
    ['AcraStruct', 'encrypt', 'decrypt'],
  ] as const) {
    const sealed = String(await call(name, encoded))
    lines.push(
      await measured(`HTTP, ${kind}, encrypt`, overHttp.pid, CALLS, () => call(name, encoded)),
    )
    lines.push(
      await measured(`HTTP, ${kind}, decrypt`, overHttp.pid, CALLS, () => call(back, sealed)),
    )
  }
  const item = { operation: 'encryptSym', request_data: JSON.parse(encoded) }
  const requests = Array.from({ length: BULK }, (_, request_id) => ({ request_id, ...item }))
  const bulk = JSON.stringify({ requests })
  const batch = await measured('HTTP, AcraBlock, bulk', overHttp.pid, 20, () =>
    call('bulkProcessing', bulk),
  )
  lines.push({
    ...batch,
    what: 'HTTP, bulk of 1,000, a value',
    callsPerCpuSecond: batch.callsPerCpuSecond * BULK,
  })
  await overHttp.stop()

  const overGrpc = await start('incoming_connection_grpc_string')
  const api = new GrpcTranslator({ address: `localhost:${overGrpc.port}`, tls: credentials })
  lines.push(
    await measured('gRPC, AcraBlock, encrypt', overGrpc.pid, CALLS, () => api.encryptSym(VALUE)),
  )
  api.close()
  await overGrpc.stop()
  lines.push(direct())
  agent.destroy()
  return lines
}

/** The crypto package by itself. */
function direct(): Line {
  const key = new BlockKey(nodePrimitives, generateSymmetricKey(nodePrimitives))
  const plain = Buffer.from(VALUE)
  const out = {
    bytes: Buffer.alloc(4096),
    length: 0,
    reserve(size: number) {
      this.length += size
      return this.length - size
    },
    truncate(length: number) {
      this.length = length
    },
  }
  const begin = process.cpuUsage()
  for (let i = 0; i < 50_000; i++) {
    out.length = 0
    sealBlockInContainer(key, plain, out)
  }
  const { user, system } = process.cpuUsage(begin)
  const callsPerCpuSecond = 50_000 / ((user + system) / 1e6)
  return { what: 'crypto package, AcraBlock, encrypt', callsPerCpuSecond, p50Ms: 0, p99Ms: 0 }
}

async function keysOfCertificate(sandbox: Sandbox, certificate: string): Promise<Keys> {
  const folder = join(sandbox.folder, 'translator-keys')
  const masterKey = join(sandbox.folder, 'translator.master.key')
  mkdirSync(folder, { mode: 0o700 })
  await runProgram(
    'acra-keymaker',
    [`--generate_master_key=${masterKey}`, '--keystore=v1'],
    sandbox.folder,
  )
  const environment = { ACRA_MASTER_KEY: readFileSync(masterKey).toString('base64') }
  const words = [
    '--keystore=v1',
    `--tls_cert=${certificate}`,
    `--keys_output_dir=${folder}`,
    '--generate_acrawriter_keys',
    '--generate_symmetric_storage_key',
    '--generate_hmac_key',
  ]
  await runProgram('acra-keymaker', words, sandbox.folder, environment)
  return { folder, environment, commands: [] }
}

/** Makes `count` calls, `AT_ONCE` at a time, after half as many to warm up. */
async function measured(
  what: string,
  pid: number,
  count: number,
  call: () => Promise<unknown>,
): Promise<Line> {
  const times: number[] = []
  const run = async (calls: number) => {
    let left = calls
    const one = async () => {
      while (left-- > 0) {
        const begin = performance.now()
        await call()
        times.push(performance.now() - begin)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one))
  }
  await run(Math.ceil(count / 2))
  times.length = 0
  const begin = cpuSecondsOf(pid)
  await run(count)
  const seconds = cpuSecondsOf(pid) - begin
  times.sort((a, b) => a - b)
  const at = (part: number) => times[Math.floor(times.length * part)] ?? 0
  return { what, callsPerCpuSecond: count / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function post(agent: Agent, port: number, path: string, body: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    }
    const call = request({ host: 'localhost', port, path, method: 'POST', headers, agent })
    call.on('error', reject).on('response', async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      if (response.statusCode === 200) resolve(Buffer.concat(chunks))
      else reject(new Error(`status ${response.statusCode} of ${path}`))
    })
    call.end(body)
  })
}

/** Bytes through acra-connector and back, by transport and size of writes. */
async function connectorCosts(sandbox: Sandbox): Promise<string[][]> {
  const authority = createAuthority(sandbox.folder, 'front')
  const shown = authority.server('front-server')
  const serverKeys = await makeKeys(sandbox, 'server', client, ['--generate_acraserver_keys'])
  const connectorKeys = await makeKeys(sandbox, 'connector', client, [
    '--generate_acraconnector_keys',
  ])
  exchange(connectorKeys, serverKeys, `${client}.pub`)
  exchange(serverKeys, connectorKeys, `${client}_server.pub`)
  const tls = createTlsServer({ cert: shown.cert, key: shown.key }, echoBack)
  const session = createServer((socket) => void sessionEcho(socket, serverKeys))
  const rows: string[][] = []
  for (const [what, server, flags] of [
    ['TLS 1.3', tls, ['--acraserver_tls_transport_enable', `--tls_ca=${authority.certFile}`]],
    ['Secure Session', session, []],
  ] as const) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const connector = await startService(sandbox, 'acra-connector', connectorKeys, [
      `--client_id=${client}`,
      '--user_check_disable',
      '--trace_frame_disable',
      `--acraserver_connection_string=tcp://localhost:${port}`,
      ...flags,
    ])
    for (const size of [16 * 1024, 1024 * 1024]) {
      const rate = await throughput(connector, size)
      rows.push([`${what}, writes of ${size / 1024} KiB`, rate.toFixed(0)])
    }
    await connector.stop()
    server.close()
  }
  return rows
}

/** Megabytes, counted once for the way there and back, for each second of the connector's processor time. */
async function throughput(connector: AcraServer, size: number): Promise<number> {
  const total = 128 * 1024 * 1024
  const socket = connect(connector.port, connector.host)
  const chunk = Buffer.alloc(size, 'x')
  const begin = cpuSecondsOf(connector.pid)
  let received = 0
  socket.on('data', (data) => {
    received += data.length
  })
  for (let sent = 0; sent < total; sent += size) {
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  while (received < total) await once(socket, 'data')
  const seconds = cpuSecondsOf(connector.pid) - begin
  socket.destroy()
  return total / 1024 / 1024 / seconds
}

function echoBack(socket: NodeJS.ReadWriteStream): void {
  socket.on('error', () => {})
  socket.pipe(socket)
}

/** A server's half of a Secure Session that says back what it hears. */
async function sessionEcho(socket: Socket, { folder, environment }: Keys): Promise<void> {
  const suite = new URL('../../packages/suite/dist/', import.meta.url).href
  const { acceptSession } = await import(`${suite}net/secure-session/index.js`)
  const { masterKeyFromEnvironment, openKeystore } = await import(`${suite}keystore/index.js`)
  const wrapper = masterKeyFromEnvironment(environment)
  const keystore = await openKeystore({ folder, wrapper, warn: () => {} })
  const keysOf = async (owner: string) => {
    const [own] = await keystore.keys({ purpose: 'transport-server', owner })
    const [clientKey] = await keystore.publicKeys({ purpose: 'transport-connector', owner })
    return { privateKey: own.secret, clientKey }
  }
  const settings = { serverId: 'acra_server', keysOf, timeoutMs: 5000 }
  try {
    echoBack((await acceptSession(socket, settings)).stream)
  } catch {
    socket.destroy() // A connection that was made to see whether the connector is there.
  }
}

/** Processor time of a process so far, of the kernel's part too. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
