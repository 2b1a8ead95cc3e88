/** Calls of acra-translator, and of the bare servers that they are compared with. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GrpcTranslator } from '@acra-ts/sdk/node'
import { createAuthority } from '#testing/certificates'
import { type Keys, runProgram, startService } from '../../tools/programs.ts'
import type { Sandbox } from '../../tools/sandbox.ts'
import { Http2Client } from './http2-client.ts'
import type { Contestant } from './turns.ts'

const CALLS = 1000
const CALLS_AT_ONCE = 8
const BULK = 1000
const VALUE =
  'a value of a hundred bytes or so, as they stand in columns of names, addresses, numbers and notes ......'

/** Contestants that are ready, and how to end them. */
export interface Ready {
  readonly contestants: readonly Contestant[]
  /** What a figure is for. */
  readonly unit: string
  end(): Promise<void>
}

const HTTP_ECHO = 'HTTP, bare echo'
const HTTP2_ECHO = 'HTTP/2, bare echo'
const GRPC_ECHO = 'gRPC, bare echo'
const DIRECT = 'crypto package alone, AcraBlock, encrypt'

/** What makes an envelope and what opens it, by its kind. */
const envelopes = [
  ['AcraBlock', 'encryptSym', 'decryptSym'],
  ['AcraStruct', 'encrypt', 'decrypt'],
] as const

export async function callContestants(sandbox: Sandbox): Promise<Ready> {
  const authority = createAuthority(sandbox.folder, 'authority')
  const [shown, own] = [authority.server('server'), authority.client('own')]
  const keys = await keysOfCertificate(sandbox, own.certFile)
  const flags = [
    `--tls_cert=${shown.certFile}`,
    `--tls_key=${shown.keyFile}`,
    `--tls_ca=${authority.certFile}`,
  ]
  const start = (option: string) => startService(sandbox, 'acra-translator', keys, flags, option)
  const bare = await startBare(shown)
  const sealing = await startBare(shown)
  const direct = forked('direct.js')
  await once(direct, 'message')
  const http = await start('incoming_connection_http_string')
  const grpc = await start('incoming_connection_grpc_string')

  const identity = { ca: authority.cert, cert: own.cert, key: own.key }
  const agent = new Agent({ ...identity, keepAlive: true, maxSockets: CALLS_AT_ONCE })
  const clientOf = (port: number) =>
    new GrpcTranslator({
      address: `localhost:${port}`,
      tls: {
        ca: Buffer.from(identity.ca),
        cert: Buffer.from(identity.cert),
        key: Buffer.from(identity.key),
      },
    })
  const clients = {
    bare: clientOf(bare.grpc),
    sealing: clientOf(sealing.grpc),
    translator: clientOf(grpc.port),
  }
  const overHttp2 = {
    bare: new Http2Client(bare.http2, identity),
    translator: new Http2Client(http.port, identity),
  }
  const value = Buffer.from(VALUE)
  const encoded = JSON.stringify({ data: value.toString('base64') })
  const single = { calls: CALLS, callsAtOnce: CALLS_AT_ONCE, amount: 1 }
  const post = (port: number, name: string, body: string) => ask(agent, port, `/v2/${name}`, body)

  const contestants: Contestant[] = [
    {
      what: HTTP_ECHO,
      base: null,
      target: null,
      ...single,
      processId: bare.processId,
      call: () => post(bare.http, 'echo', encoded),
    },
  ]
  for (const [kind, seal, open] of envelopes) {
    for (const [verb, name] of [
      ['encrypt', seal],
      ['decrypt', open],
    ] as const) {
      const bodyFor = async (port: number) =>
        verb === 'encrypt' ? encoded : String(await post(port, seal, encoded))
      const [bareBody, body] = [await bodyFor(sealing.http), await bodyFor(http.port)]
      const what = `${kind}, ${verb}`
      const floor = `HTTP, echo with the crypto package, ${what}`
      contestants.push(
        {
          what: floor,
          base: HTTP_ECHO,
          target: null,
          ...single,
          processId: sealing.processId,
          call: () => post(sealing.http, name, bareBody),
        },
        {
          what: `HTTP, ${what}`,
          base: HTTP_ECHO,
          target: 0.75,
          ...single,
          processId: http.pid,
          call: () => post(http.port, name, body),
        },
      )
    }
  }
  contestants.push(
    {
      what: HTTP2_ECHO,
      base: null,
      target: null,
      ...single,
      processId: bare.processId,
      call: () => overHttp2.bare.post('/v2/echo', encoded),
    },
    {
      what: 'HTTP/2, AcraBlock, encrypt',
      base: HTTP2_ECHO,
      target: 0.75,
      ...single,
      processId: http.pid,
      call: () => overHttp2.translator.post('/v2/encryptSym', encoded),
    },
    {
      what: GRPC_ECHO,
      base: null,
      target: null,
      ...single,
      processId: bare.processId,
      call: () => clients.bare.decryptSym(value),
    },
    {
      what: 'gRPC, echo with the crypto package, AcraBlock, encrypt',
      base: GRPC_ECHO,
      target: null,
      ...single,
      processId: sealing.processId,
      call: () => clients.sealing.encryptSym(value),
    },
    {
      what: 'gRPC, AcraBlock, encrypt',
      base: GRPC_ECHO,
      target: 0.75,
      ...single,
      processId: grpc.pid,
      call: () => clients.translator.encryptSym(value),
    },
    {
      what: DIRECT,
      base: null,
      target: null,
      processId: Number(direct.pid),
      calls: 1,
      callsAtOnce: 1,
      amount: 10 * BULK,
      call: () => told(direct, { value: VALUE, count: 10 * BULK }),
    },
    {
      what: `HTTP, bulk of ${BULK}, a value`,
      base: DIRECT,
      target: 0.7,
      processId: http.pid,
      calls: 8,
      callsAtOnce: CALLS_AT_ONCE,
      amount: BULK,
      call: bulkCall((body) => post(http.port, 'bulkProcessing', body)),
    },
  )
  return {
    contestants,
    unit: 'a value',
    async end() {
      agent.destroy()
      for (const client of Object.values(overHttp2)) client.close()
      for (const client of Object.values(clients)) client.close()
      for (const { child } of [bare, sealing]) child.kill()
      direct.kill()
      await Promise.all([http.stop(), grpc.stop()])
    },
  }
}

/** A bare server in a process of its own. */
async function startBare({ certFile, keyFile }: { certFile: string; keyFile: string }) {
  const child = forked('echo.js', certFile, keyFile)
  const [ports] = (await once(child, 'message')) as [{ http: number; http2: number; grpc: number }]
  return { child, processId: Number(child.pid), ...ports }
}

function forked(file: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args)
}

async function told(child: ChildProcess, message: object): Promise<void> {
  child.send(message)
  await once(child, 'message')
}

function bulkCall(post: (body: string) => Promise<Buffer>): () => Promise<Buffer> {
  const request_data = { data: Buffer.from(VALUE).toString('base64') }
  const operation = 'encryptSym'
  const requests = Array.from({ length: BULK }, (_, request_id) => ({
    request_id,
    operation,
    request_data,
  }))
  const body = JSON.stringify({ requests })
  return () => post(body)
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

function ask(agent: Agent, port: number, path: string, body: string): Promise<Buffer> {
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
