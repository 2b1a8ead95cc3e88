/** The programs that stand between a client and its database, each in a process of its own. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync } from 'node:fs'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthority } from '#testing/certificates'
import { freePort } from '../tools/postgres.ts'
import { serverOwner } from '../tools/postgres-binaries.ts'
import { type Keys, startAcraServer } from '../tools/programs.ts'
import { root } from '../tools/repository.ts'
import type { Sandbox } from '../tools/sandbox.ts'

/** What a client connects to. */
export interface Contestant {
  readonly name: Name
  readonly port: number
  /** Null where there is nothing in between. */
  readonly processId: number | null
  readonly usesTls: boolean
}

/** What the contestants stand on. */
export interface Ground {
  readonly sandbox: Sandbox
  readonly database: { readonly host: string; readonly port: number; readonly socketFolder: string }
  readonly keys: Keys
  readonly encryptorConfig: string
  /** A folder for the certificate of those who use TLS. */
  readonly certificates: string
}

const withTls = [
  '--tls_client_auth=0',
  '--tls_client_id_from_cert=false',
  '--tls_database_mode=disable',
]

/** Every contestant; docs/benchmarks.md says what each of them is. */
const starters = {
  direct: async ({ database }) => ({ port: database.port, processId: null }),
  pgbouncer: (ground) => pgBouncer(ground, ''),
  'pgbouncer 64k': (ground) => pgBouncer(ground, 'pkt_buf = 65536\n'),
  'pgbouncer tls': (ground) => pgBouncer(ground, pgBouncerTls(certificateIn(ground))),
  haproxy: haProxy,
  bare: ({ sandbox, database }) =>
    relay(sandbox, [join(root, '.build/bench/bare-relay.js'), database.host, `${database.port}`]),
  frames: ({ sandbox, database }) => relay(sandbox, framesRelay(database)),
  'acra-server': (ground) => acra(ground, []),
  'public api': (ground) => acra(ground, ['--kept_read_buffers=false']),
  'no scan': (ground) => acra(ground, ['--decrypt_unconfigured=false']),
  'unix socket': ({ database, ...ground }) =>
    acra({ ...ground, database: { ...database, host: database.socketFolder } }, []),
  tls: (ground) => {
    const { certFile, keyFile } = certificateIn(ground)
    return acra(ground, [
      ...withTls,
      `--tls_client_cert=${certFile}`,
      `--tls_client_key=${keyFile}`,
    ])
  },
  '2 workers': (ground) => acra(ground, ['--workers=2']),
  protected: (ground) => acra(ground, [], true),
  'protected, 2 workers': (ground) => acra(ground, ['--workers=2'], true),
} as const satisfies Record<
  string,
  (ground: Ground) => Promise<{ readonly port: number; readonly processId: number | null }>
>

export type Name = keyof typeof starters

/** Starts one contestant. Throws, with what is missing, where it cannot be started. */
export async function start(name: Name, ground: Ground): Promise<Contestant> {
  return { name, usesTls: name.endsWith('tls'), ...(await starters[name](ground)) }
}

async function pgBouncer({ sandbox, database }: Ground, settings: string) {
  const port = await freePort()
  const folder = join(sandbox.folder, `pgbouncer-${port}`)
  const config = join(folder, 'pgbouncer.ini')
  await mkdir(folder)
  await writeFile(
    config,
    `[databases]
postgres = host=127.0.0.1 port=${database.port} user=postgres dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 9000
default_pool_size = 9000
log_connections = 0
log_disconnections = 0
${settings}`,
  )
  const owner = serverOwner()
  if (owner) await chown(folder, owner.uid, owner.gid)
  const child = sandbox.spawn('pgbouncer', ['-q', config], 'INT', {
    ...owner,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return ready('pgbouncer', child, port)
}

function pgBouncerTls({ certFile, keyFile }: ReturnType<typeof certificateIn>): string {
  return `client_tls_sslmode = require\nclient_tls_cert_file = ${certFile}\nclient_tls_key_file = ${keyFile}\n`
}

async function haProxy({ sandbox, database }: Ground) {
  const port = await freePort()
  const config = join(sandbox.folder, `haproxy-${port}.cfg`)
  await writeFile(
    config,
    `global
  nbthread 1
  maxconn 9000
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen bench
  bind 127.0.0.1:${port}
  server database 127.0.0.1:${database.port}
`,
  )
  const child = sandbox.spawn('haproxy', ['-q', '-f', config], 'TERM', {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return ready('haproxy', child, port)
}

async function relay(sandbox: Sandbox, args: readonly string[]) {
  const child = sandbox.spawn(process.execPath, args, 'TERM', {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = /(\d+)\/?$/.exec(await firstLine(child))?.[1]
  return { port: Number(port), processId: idOf(child) }
}

function framesRelay({ host, port }: Ground['database']): string[] {
  const program = join(root, 'packages/suite/dist/proxy/testing/frames-relay.js')
  const code = `
    const { framesRelay } = await import(${JSON.stringify(program)})
    const database = ${JSON.stringify({ kind: 'tcp', host, port })}
    await framesRelay({ kind: 'tcp', host: '127.0.0.1', port: 0 }, database)`
  return ['--input-type=module', '-e', code]
}

async function acra(
  { sandbox, database, keys, encryptorConfig }: Ground,
  flags: readonly string[],
  isProtected = false,
) {
  const { port, pid } = await startAcraServer(sandbox, {
    clientId: 'bench',
    keys,
    database,
    flags: ['-v=false', ...flags],
    ...(isProtected ? { encryptorConfig } : {}),
  })
  return { port, processId: pid }
}

/** The same certificate for all of them. */
function certificateIn({ certificates }: Ground): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(certificates, 'bench.crt'), join(certificates, 'bench.key')]
  if (!existsSync(certFile)) {
    createAuthority(certificates, 'authority').server('bench')
    chmodSync(keyFile, 0o644)
  }
  return { certFile, keyFile }
}

/** Waits until something answers at the port. */
async function ready(name: string, child: ChildProcess, port: number) {
  const deadline = Date.now() + 10_000
  let failure: Error | null = null
  child.once('error', (error) => {
    failure = error
  })
  while (!(await answers(port))) {
    if (failure !== null) throw failure
    if (child.exitCode !== null) throw new Error(`${name} ended with exit code ${child.exitCode}`)
    if (Date.now() > deadline) throw new Error(`${name} does not answer`)
    await sleep(50)
  }
  return { port, processId: idOf(child) }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('a relay without output')
  const lines = createInterface(child.stdout)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a relay did not start')))
  const [line] = await Promise.race([once(lines, 'line'), ended])
  ended.catch(() => {})
  return String(line)
}

function idOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('a program did not start')
  return child.pid
}
