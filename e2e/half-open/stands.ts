/** Our programs with something behind them, the ways to begin a connection to each, and a client that behaves. */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { GrpcTranslator, HttpTranslator } from '@acra-ts/sdk/node'
import { type Certificate, createAuthority } from '#testing/certificates'
import { type Postgres, startPostgres } from '../../tools/postgres.ts'
import {
  type AcraServer,
  type Keys,
  runProgram,
  startAcraServer,
  startService,
} from '../../tools/programs.ts'
import type { Sandbox } from '../../tools/sandbox.ts'
import { exchange, makeKeys } from '../hosts.ts'
import { RawClient } from '../raw-client.ts'
import {
  halfHello,
  halfInsideTls,
  halfSession,
  halfStartup,
  type Opening,
  type Place,
  silence,
} from './openings.ts'

const client = 'someid'

/** A program that listens, in a process of its own. */
export interface Stand {
  readonly name: string
  readonly place: Place
  readonly pid: number
  readonly openings: readonly Opening[]
  /** Connects, is served, and leaves; rejects where it is not served. */
  serve(): Promise<void>
  /** What it has logged. */
  log(): string
  stop(): Promise<void>
}

export const standNames = [
  'acra-server',
  'acra-translator, HTTP',
  'acra-translator, gRPC',
  'acra-translator, session',
  'acra-connector',
] as const
export type StandName = (typeof standNames)[number]

/** What the programs share: keys, certificates, a database. */
export interface Ground {
  start(name: StandName, flags?: readonly string[]): Promise<Stand>
  stop(): Promise<void>
}

export async function openGround(sandbox: Sandbox): Promise<Ground> {
  const database = await startPostgres({ auth: 'trust' })
  const authority = createAuthority(sandbox.folder, 'authority')
  const [shown, own] = [authority.server('server'), authority.client('own')]
  const serverKeys = await serverKeysOf(sandbox, own)
  const connectorKeys = await makeKeys(sandbox, 'connector', client, [
    '--generate_acraconnector_keys',
  ])
  exchange(connectorKeys, serverKeys, `${client}.pub`)
  exchange(serverKeys, connectorKeys, `${client}_server.pub`)
  exchange(serverKeys, connectorKeys, `${client}_translator.pub`)
  const certificates = [`--tls_cert=${shown.certFile}`, `--tls_key=${shown.keyFile}`]
  const tls = [...certificates, `--tls_ca=${authority.certFile}`]
  const trusted = { ca: authority.cert, cert: own.cert, key: own.key }
  const hello = await halfHello('nothing')
  const stand = (
    name: StandName,
    program: AcraServer,
    rest: Pick<Stand, 'openings' | 'serve'>,
  ) => ({
    ...{ name, place: { host: program.host, port: program.port }, pid: program.pid },
    log: () => readFileSync(program.logFile, 'utf8'),
    stop: () => program.stop(),
    ...rest,
  })
  const server = (flags: readonly string[]) =>
    startAcraServer(sandbox, {
      clientId: client,
      keys: serverKeys,
      database,
      flags: [
        ...tls,
        '--tls_client_auth=0',
        '--tls_client_id_from_cert=false',
        '--tls_database_mode=disable',
        ...flags,
      ],
    })
  const translator = (over: 'http' | 'grpc', flags: readonly string[]) =>
    startService(
      sandbox,
      'acra-translator',
      serverKeys,
      ['--incoming_connection_close_timeout=0', ...flags],
      `incoming_connection_${over}_string`,
    )
  const connector = (flags: readonly string[]) =>
    startService(sandbox, 'acra-connector', connectorKeys, [
      `--client_id=${client}`,
      '--user_check_disable',
      '--incoming_connection_close_timeout=0',
      ...flags,
    ])
  const starts: Record<StandName, (flags: readonly string[]) => Promise<Stand>> = {
    async 'acra-server'(flags) {
      const program = await server(flags)
      const openings = [
        silence,
        halfStartup,
        await halfHello('postgres'),
        hello,
        ...halfSession(client),
      ]
      return stand('acra-server', program, { openings, serve: () => ask(program, database) })
    },
    async 'acra-translator, HTTP'(flags) {
      const program = await translator('http', [...tls, ...flags])
      const openings = [silence, hello, halfInsideTls('http', own)]
      const serve = () => post(program, trusted)
      return stand('acra-translator, HTTP', program, { openings, serve })
    },
    async 'acra-translator, gRPC'(flags) {
      const program = await translator('grpc', [...tls, ...flags])
      const openings = [silence, hello, halfInsideTls('http2', own)]
      const serve = () => call(program, trusted)
      return stand('acra-translator, gRPC', program, { openings, serve })
    },
    async 'acra-translator, session'(flags) {
      const program = await translator('http', flags)
      const front = await connector([
        '--mode=AcraTranslator',
        `--acratranslator_connection_string=http://127.0.0.1:${program.port}/`,
      ])
      const url = `http://127.0.0.1:${front.port}`
      const serve = async () => {
        await new HttpTranslator({ url, retries: 0 }).encryptSym('a value')
      }
      const openings = [silence, ...halfSession(client)]
      const made = stand('acra-translator, session', program, { openings, serve })
      return { ...made, stop: () => stopAll(front, program) }
    },
    async 'acra-connector'(flags) {
      const behind = await server(flags)
      const program = await connector([
        `--acraserver_connection_string=tcp://127.0.0.1:${behind.port}/`,
        ...flags,
      ])
      const openings = [silence, halfStartup]
      const serve = () => ask(program, database)
      const made = stand('acra-connector', program, { openings, serve })
      return { ...made, stop: () => stopAll(program, behind) }
    },
  }
  return { start: (name, flags = []) => starts[name](flags), stop: () => database.stop() }
}

async function stopAll(...programs: readonly AcraServer[]): Promise<void> {
  for (const program of programs) await program.stop()
}

async function serverKeysOf(sandbox: Sandbox, { certFile }: Certificate): Promise<Keys> {
  const flags = [
    '--generate_acraserver_keys',
    '--generate_acratranslator_keys',
    '--generate_symmetric_storage_key',
  ]
  const keys = await makeKeys(sandbox, 'server', client, flags)
  const words = [
    '--keystore=v1',
    '--client_id=',
    `--tls_cert=${certFile}`,
    `--keys_output_dir=${keys.folder}`,
  ]
  const more = [...words, '--generate_symmetric_storage_key']
  await runProgram('acra-keymaker', more, sandbox.folder, keys.environment)
  return keys
}

async function ask({ host, port }: Place, { user, database }: Postgres): Promise<void> {
  const connection = await RawClient.connect({ host, port, user, database })
  await connection.query('SELECT 1')
  await connection.close()
}

interface Trusted {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

function post({ host, port }: Place, trusted: Trusted): Promise<void> {
  const body = '{"data":"YSB2YWx1ZQ=="}'
  const headers = { 'Content-Type': 'application/json' }
  const path = '/v2/encryptSym'
  const agent = new Agent({ ...trusted, servername: 'localhost' })
  return new Promise((resolve, reject) => {
    request({ host, port, path, method: 'POST', headers, agent }, (response) => {
      response.resume().once('close', () => agent.destroy())
      if (response.statusCode === 200) resolve()
      else reject(new Error(`status ${response.statusCode}`))
    })
      .on('error', reject)
      .end(body)
  })
}

async function call({ port }: Place, { ca, cert, key }: Trusted): Promise<void> {
  const tls = { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) }
  const api = new GrpcTranslator({ address: `localhost:${port}`, tls })
  try {
    await api.encryptSym('a value')
  } finally {
    api.close()
  }
}
