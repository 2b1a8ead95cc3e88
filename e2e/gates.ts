/** The sides of our programs that verify certificates, each with a way to show it one. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { type AddressInfo, connect as connectPlainly, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect, createSecureContext, TLSSocket } from 'node:tls'
import { type Authority, type Certificate, createAuthority } from '#testing/certificates'
import { type AcraServer, startAcraServer, startService } from '../tools/programs.ts'
import type { Sandbox } from '../tools/sandbox.ts'
import { startup } from './frontend.ts'
import { makeKeys } from './hosts.ts'

export interface MadeBy {
  readonly by?: Authority
  readonly days?: number
  readonly extensions?: readonly string[]
}

export interface Gate {
  readonly name: string
  /** Whether it is certificates of servers that it verifies. */
  readonly isServer: boolean
  /** The number of the line that tells of a refusal. */
  readonly code: number
  readonly logFile: string
  /** Makes a certificate of the kind that is shown here. */
  certify(name: string, options?: MadeBy): Certificate
  /** Whether the certificate is taken. */
  takes(certificate: Certificate): Promise<boolean>
  close(): Promise<void>
}

const client = 'someid'
/** AuthenticationOk. */
const LET_IN = Buffer.from('520000000800000000', 'hex')
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')

/** What clients say first; each is answered at once. */
const greetings = {
  http: Buffer.from('GET /v2/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  grpc: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'),
}

/** Opens them all: `flags` are further ones, by the part that names a side of acra-server (`client_`), or none. */
export async function openGates(
  sandbox: Sandbox,
  authority: Authority,
  flags: (side: string) => readonly string[],
): Promise<readonly Gate[]> {
  const keys = await makeKeys(sandbox, 'host', client, ['--generate_symmetric_storage_key'])
  const folder = join(sandbox.folder, `gates-${authority.certFile.length}-${Date.now()}`)
  mkdirSync(folder)
  const ours = createAuthority(folder, 'of-servers').server('ours')
  const own = [`--tls_cert=${ours.certFile}`, `--tls_key=${ours.keyFile}`]
  const trust = [`--tls_ca=${authority.certFile}`]
  const database = await openUpstream('postgres')
  const upstream = await openUpstream('tls')
  const byCertificate = ['--tls_client_auth=4', '--tls_client_id_from_cert=false']
  const server = { clientId: client, keys, database: { host: '127.0.0.1', port: database.port } }
  const [front, back, http, grpc, connector] = await Promise.all([
    startAcraServer(sandbox, {
      ...server,
      flags: [
        ...own,
        ...trust,
        ...byCertificate,
        '--tls_database_mode=disable',
        ...flags('client_'),
      ],
    }),
    startAcraServer(sandbox, {
      ...server,
      flags: [...trust, '--tls_database_mode=verify-ca', ...flags('database_')],
    }),
    ...(['http', 'grpc'] as const).map((over) =>
      startService(
        sandbox,
        'acra-translator',
        keys,
        [...own, ...trust, '--incoming_connection_close_timeout=0', ...flags('')],
        `incoming_connection_${over}_string`,
      ),
    ),
    startService(sandbox, 'acra-connector', keys, [
      `--client_id=${client}`,
      '--user_check_disable',
      '--acraserver_tls_transport_enable',
      `--acraserver_connection_string=tcp://127.0.0.1:${upstream.port}`,
      '--incoming_connection_close_timeout=0',
      ...trust,
      ...flags(''),
    ]),
  ])
  const ofClient = (name: string, program: AcraServer, code: number, greet: Greeting): Gate => ({
    ...{ name, isServer: false, code, logFile: program.logFile },
    certify: (leaf, { by = authority, ...options } = {}) => by.client(leaf, options),
    takes: (certificate) => greet(program, certificate),
    close: () => program.stop(),
  })
  const ofServer = (name: string, program: AcraServer, code: number, behind: Upstream): Gate => ({
    ...{ name, isServer: true, code, logFile: program.logFile },
    certify: (leaf, { by = authority, ...options } = {}) => by.server(leaf, options),
    takes: (certificate) => passes(program, behind, certificate),
    async close() {
      await program.stop()
      behind.close()
    },
  })
  if (!front || !back || !http || !grpc || !connector) throw new Error('a program is missing')
  return [
    ofClient('acra-server', front, 1302, askedByPostgres),
    ofServer('acra-server-database', back, 1302, database),
    ofClient('acra-translator-http', http, TRANSLATOR_CODE, (to, shown) =>
      asked(to, shown, greetings.http),
    ),
    ofClient('acra-translator-grpc', grpc, TRANSLATOR_CODE, (to, shown) =>
      asked(to, shown, greetings.grpc),
    ),
    ofServer('acra-connector', connector, 538, upstream),
  ]
}

const TRANSLATOR_CODE = 711

type Greeting = (program: AcraServer, certificate: Certificate) => Promise<boolean>

async function asked(
  { host, port }: AcraServer,
  { cert, key }: Certificate,
  greeting: Buffer,
): Promise<boolean> {
  const socket = connect({ host, port, cert, key, rejectUnauthorized: false })
  socket.on('error', () => {})
  socket.write(greeting)
  return (await firstBytes(socket)) !== null
}

/** Taken is who is told what the database says. */
async function askedByPostgres(
  { host, port }: AcraServer,
  { cert, key }: Certificate,
): Promise<boolean> {
  const plain = connectPlainly({ host, port }).on('error', () => {})
  plain.write(SSL_REQUEST)
  await once(plain, 'data')
  const socket = connect({ socket: plain, cert, key, rejectUnauthorized: false })
  socket.on('error', () => {})
  socket.write(startup({ user: 'postgres', database: 'postgres' }))
  return (await firstBytes(socket))?.[0] === LET_IN[0]
}

/** What comes first; null where the other side leaves before. */
async function firstBytes(socket: Socket): Promise<Buffer | null> {
  const bytes = await new Promise<Buffer | null>((resolve) => {
    socket.once('data', resolve).once('close', () => resolve(null))
  })
  socket.destroy()
  return bytes
}

/** A server behind our programs, which shows what it is told to, and notes whether anybody says anything to it. */
interface Upstream {
  readonly port: number
  certificate: Certificate | null
  /** Told of the next connection: true where something was said over TLS. */
  onEnd: (isUsed: boolean) => void
  close(): void
}

async function openUpstream(kind: 'postgres' | 'tls'): Promise<Upstream> {
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    const begin = () => {
      const shown = upstream.certificate
      if (shown === null) return socket.destroy()
      const secureContext = createSecureContext({ cert: shown.cert, key: shown.key })
      const secured = new TLSSocket(socket, { isServer: true, secureContext })
      let isUsed = false
      secured.on('error', () => {})
      secured.on('data', () => {
        isUsed = true
        secured.end()
      })
      socket.once('close', () => upstream.onEnd(isUsed))
      return
    }
    if (kind === 'tls') return begin()
    socket.once('data', (chunk: Buffer) => {
      if (!chunk.equals(SSL_REQUEST)) return socket.write(LET_IN)
      socket.pause()
      socket.write('S')
      begin()
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const upstream: Upstream = {
    port: (listener.address() as AddressInfo).port,
    certificate: null,
    onEnd: () => {},
    close: () => listener.close(),
  }
  return upstream
}

/** Sends an application through the program, to the server with this certificate. */
async function passes(
  { host, port }: AcraServer,
  upstream: Upstream,
  certificate: Certificate,
): Promise<boolean> {
  upstream.certificate = certificate
  const ended = new Promise<boolean>((resolve) => {
    upstream.onEnd = resolve
  })
  const socket = connectPlainly({ host, port }).on('error', () => {})
  socket.write(startup({ user: 'postgres', database: 'postgres' }))
  const isUsed = await ended
  socket.destroy()
  return isUsed
}
