import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GrpcTranslator } from '@acra-ts/sdk/node'
import {
  type Environment,
  masterKeyFromEnvironment,
  openKeystore,
} from '../../../keystore/index.ts'
import { clientIdOfCertificate } from '../../../net/identity/index.ts'
import { type Address, parseAddress } from '../../../net/index.ts'
import { type Authority, createAuthority } from '../../../net/tls/testing/index.ts'
import { createLogger, plaintext } from '../../../observe/index.ts'
import type { OptionTable, OptionValues } from '../../../options/index.ts'
import { type TranslatorOptions, translatorOptions } from '../options.ts'
import { Translator } from '../translator.ts'

type TcpAddress = Address & { readonly kind: 'tcp' }
type Identity = { readonly cert: string; readonly key: string }

export interface CallOptions {
  readonly method?: string
  readonly body?: string | Buffer
  readonly type?: string
  readonly client?: Identity | null
  readonly chunked?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  json(): unknown
}

export interface TestTranslator {
  readonly service: Translator
  readonly folder: string
  readonly authority: Authority
  readonly ann: Identity
  readonly bob: Identity
  /** A zone that has keys. */
  readonly zone: string
  readonly http: TcpAddress
  readonly grpc: TcpAddress
  /** What was logged. */
  readonly lines: readonly string[]
  /** Calls HTTP v2 with an object. */
  json(
    name: string,
    body: object | string,
    options?: CallOptions,
  ): Promise<{ status: number; body: Record<string, unknown>; text: string }>
  /** Calls HTTP as `ann`, unless another client is named. */
  call(path: string, options?: CallOptions): Promise<Answer>
  /** A client of the gRPC interface; to be closed. */
  grpcClient(identity: Identity, options?: { readonly clientId?: string }): GrpcTranslator
  stop(): Promise<void>
}

/** The master key of the test's keys. */
export const masterKey: string = Buffer.alloc(32, 5).toString('base64')
const environment = { ACRA_MASTER_KEY: masterKey }
const zone = 'DDDDDDDDaaaaaaaaaaaaaaaa'

/** Starts the service on free ports, with keys for `ann`, `bob` and the zone. */
export async function startTestTranslator(
  given: Partial<TranslatorOptions> = {},
  surroundings: Environment = environment,
): Promise<TestTranslator> {
  const folder = mkdtempSync(join(tmpdir(), 'acra-translator-'))
  const authority = createAuthority(folder, 'authority')
  const shown = authority.server('server')
  const [ann, bob] = [authority.client('ann'), authority.client('bob')]
  const keysFolder = join(folder, 'keys')
  await makeKeys(keysFolder, [ann, bob])
  const lines: string[] = []
  const service = await start(lines, surroundings, {
    incoming_connection_http_string: 'http://127.0.0.1:0/',
    incoming_connection_grpc_string: 'grpc://127.0.0.1:0/',
    tls_cert: shown.certFile,
    tls_key: shown.keyFile,
    tls_ca: authority.certFile,
    request_size_max: 100_000,
    incoming_connection_close_timeout: 0,
    keys_dir: keysFolder,
    ...given,
  })
  const [grpc, http] = service.addresses.map(parseAddress) as [TcpAddress, TcpAddress]
  const call = (path: string, options: CallOptions = {}) =>
    callHttp(http, authority, path, { client: ann, ...options })
  return {
    service,
    folder,
    authority,
    ann,
    bob,
    zone,
    http,
    grpc,
    lines,
    call,
    async json(name, body, options = {}) {
      const answer = await call(`/v2/${name}`, {
        ...options,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        type: 'application/json; charset=utf-8',
      })
      return {
        status: answer.status,
        body: answer.json() as Record<string, unknown>,
        text: answer.body.toString(),
      }
    },
    grpcClient: ({ cert, key }, options = {}) =>
      new GrpcTranslator({
        address: `localhost:${grpc.port}`,
        tls: { ca: Buffer.from(authority.cert), cert: Buffer.from(cert), key: Buffer.from(key) },
        timeoutMs: 10_000,
        ...options,
      }),
    async stop() {
      await service.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

async function makeKeys(folder: string, clients: readonly Identity[]): Promise<void> {
  const wrapper = masterKeyFromEnvironment(environment)
  const keystore = await openKeystore({ folder, wrapper, warn: () => {} })
  for (const { cert } of clients) {
    const owner = clientIdOfCertificate(new X509Certificate(cert).raw, 'distinguished_name')
    for (const purpose of ['storage', 'storage-symmetric', 'hmac'] as const) {
      await keystore.generate({ purpose, owner })
    }
  }
  for (const purpose of ['zone', 'zone-symmetric'] as const) {
    await keystore.generate({ purpose, owner: zone })
  }
}

async function start(
  lines: string[],
  environment: Environment,
  given: Partial<TranslatorOptions>,
): Promise<Translator> {
  const table: OptionTable = translatorOptions
  const rows = Object.entries(table).map(([name, row]) => [name, row.default])
  const options = {
    ...(Object.fromEntries(rows) as OptionValues<typeof translatorOptions>),
    ...given,
  }
  const log = createLogger({
    level: 'info',
    outputs: [{ format: plaintext, sink: { write: (line) => lines.push(line) } }],
    clock: { now: Date.now, zone: () => 0 },
  })
  const product = { name: 'acra-translator', version: '0.0.0' }
  return Translator.start(options, { environment, log, product, startScript: () => true })
}

function callHttp(
  { host, port }: TcpAddress,
  authority: Authority,
  path: string,
  { method = 'POST', body = '', type = 'text/plain', client = null, chunked }: CallOptions,
): Promise<Answer> {
  const agent = new Agent({ ca: authority.cert, ...client })
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': type,
      ...(chunked === true ? {} : { 'Content-Length': Buffer.byteLength(body) }),
    }
    const request = httpsRequest({ host, port, path, method, headers, agent })
    request.on('error', reject)
    request.on('response', async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const all = Buffer.concat(chunks)
      agent.destroy()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string | undefined>,
        body: all,
        json: () => JSON.parse(all.toString()),
      })
    })
    request.end(body)
  })
}

export function base64(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64')
}
