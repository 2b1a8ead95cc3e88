/** Private PostgreSQL servers for the demo, the end-to-end tests and the benches. */
import { type ChildProcess, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  appendFile,
  chmod,
  chown,
  cp,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { copyBinaries, findBinaries, type Owner, serverOwner } from './postgres-binaries.ts'
import { createSandbox, type EndSignal, end, type Sandbox } from './sandbox.ts'

export { postgresVersions } from './postgres-binaries.ts'

const run = promisify(execFile)

export interface PostgresOptions {
  /** Major version: '18' (default) comes with the packages, others must be installed: see `postgresVersions`. */
  readonly version?: string
  /**
   * How clients prove who they are, on every socket; by certificate only over TCP, while everybody is trusted on the unix socket.
   * Default: scram-sha-256.
   */
  readonly auth?: 'scram-sha-256' | 'md5' | 'password' | 'trust' | 'cert'
  /** Lines of pg_hba.conf for who comes over TCP, in the place of the one that `auth` makes. */
  readonly access?: readonly string[]
  /** Keeps the data in memory where there is room: for tests that make many databases. */
  readonly inMemory?: boolean
  /** Settings of postgresql.conf on top of ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Variables of the server's environment on top of ours. */
  readonly environment?: Readonly<Record<string, string>>
  /** PEM files; with them the server takes TLS connections too. `caFile` is what client certificates are checked with. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile?: string }
}

/** A running server: UTF-8, locale C, time zone UTC, data that need not outlive it. */
export interface Postgres {
  readonly host: '127.0.0.1'
  readonly port: number
  /** The folder of the unix socket, which libpq and `pg` take as a host. */
  readonly socketFolder: string
  /** The superuser, and the database of the same name. */
  readonly user: 'postgres'
  readonly password: string
  readonly database: 'postgres'
  /** `postgresql://…` over TCP, for a database of this server (default: postgres). */
  url(database?: string): string
  /** The server's first process; the others are its children. */
  readonly pid: number
  /** Ends the server, as `pg_ctl stop -m MODE` does, and keeps its data; `start` starts it again in the same place. */
  halt(mode: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
  /** Ends the server and removes all of it. */
  stop(): Promise<void>
}

const user = 'postgres'
const password = 'postgres'
const startTimeoutMs = 60_000

/** Starts a server of its own on a free loopback port and a unix socket. Takes about a second, less with a template. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const sandbox = createSandbox('postgres')
  try {
    return await startIn(sandbox, options)
  } catch (error) {
    await sandbox.remove()
    throw error
  }
}

async function startIn(sandbox: Sandbox, options: PostgresOptions): Promise<Postgres> {
  const owner = serverOwner()
  const data = join(options.inMemory ? sandbox.memory : sandbox.folder, 'data')
  const socketFolder = join(sandbox.folder, 'socket')
  const server = await createCluster(sandbox.folder, data, options.version ?? '18', owner)
  await mkdir(socketFolder)
  if (owner) await chown(socketFolder, owner.uid, owner.gid)
  await configure(data, socketFolder, options, owner)

  // Another process may take a free port before the server does: then the next one.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const log = join(sandbox.folder, `log-${attempt}`)
    const launch = () => launchServer(sandbox, server, data, port, log, owner, options.environment)
    let child = await launch()
    if (await isReady(data, child)) {
      if (options.auth === 'md5') await storePasswordAsMd5(port)
      return {
        host: '127.0.0.1',
        port,
        socketFolder,
        user,
        password,
        database: 'postgres',
        url: (database = 'postgres') =>
          `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`,
        get pid() {
          return Number(child.pid)
        },
        halt: (mode) => end(child, stopSignals[mode]),
        async start() {
          child = await launch()
          if (!(await isReady(data, child))) throw await startError(log)
        },
        stop: () => sandbox.remove(),
      }
    }
    await end(child, 'QUIT')
    const error = await startError(log)
    if (attempt === 5 || !error.message.includes('could not bind')) throw error
  }
}

/** The signals that pg_ctl sends. */
const stopSignals = { fast: 'INT', immediate: 'QUIT' } as const satisfies Record<string, EndSignal>

async function launchServer(
  sandbox: Sandbox,
  server: string,
  data: string,
  port: number,
  log: string,
  owner: Owner | null,
  variables: PostgresOptions['environment'] = {},
): Promise<ChildProcess> {
  const output = await open(log, 'a')
  const child = sandbox.spawn(server, ['-D', data, '-p', String(port)], 'QUIT', {
    ...owner,
    env: { ...environment, ...variables },
    stdio: ['ignore', output.fd, output.fd],
  })
  await output.close()
  return child
}

async function startError(log: string): Promise<Error> {
  return new Error(`PostgreSQL did not start:\n${await readFile(log, 'utf8')}`)
}

/** The method md5 also takes a password that is stored for SCRAM, and uses SCRAM then. */
async function storePasswordAsMd5(port: number): Promise<void> {
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres' })
  await client.connect()
  await client.query(`ALTER ROLE ${user} PASSWORD '${password}'`)
  await client.end()
}

const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Makes the folder `data` and returns the path of the server program, which may stand in `folder`. Where a test run
 * shares a folder, the first to come makes a template there.
 */
async function createCluster(
  folder: string,
  data: string,
  version: string,
  owner: Owner | null,
): Promise<string> {
  const shared = process.env.ACRA_TESTS_SHARED
  if (!shared) return initialize(folder, data, version, owner)

  const template = join(shared, `postgres-${version}`)
  if (await isMine(`${template}-making`)) {
    await mkdir(`${template}-new`)
    await initialize(`${template}-new`, `${template}-new/data`, version, owner)
    await rename(`${template}-new`, template)
  }
  const deadline = Date.now() + startTimeoutMs
  while (!existsSync(template)) {
    if (Date.now() > deadline) throw new Error(`nobody made the template ${template}`)
    await sleep(20)
  }
  await run('cp', ['-a', '--reflink=auto', join(template, 'data'), data])
  const binaries = findBinaries(version)
  return join(binaries.inPlace ? binaries.folder : join(template, 'native'), 'bin/postgres')
}

async function isMine(lock: string): Promise<boolean> {
  try {
    await mkdir(lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function initialize(
  folder: string,
  data: string,
  version: string,
  owner: Owner | null,
): Promise<string> {
  const binaries = findBinaries(version)
  const native = join(folder, 'native')
  if (!binaries.inPlace) await copyBinaries(binaries.folder, native)
  const bin = join(binaries.inPlace ? binaries.folder : native, 'bin')

  await mkdir(data, { mode: 0o700 })
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  if (owner) {
    await chmod(folder, 0o711)
    await chown(data, owner.uid, owner.gid)
    await chown(passwordFile, owner.uid, owner.gid)
  }
  const access = ['-U', user, '--pwfile', passwordFile, '--auth', 'scram-sha-256']
  const content = ['--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--no-instructions']
  const args = ['-D', data, ...access, ...content]
  await run(join(bin, 'initdb'), args, { ...owner, env: environment, cwd: '/' })
  await rm(passwordFile)
  return join(bin, 'postgres')
}

async function configure(
  data: string,
  socketFolder: string,
  { auth = 'scram-sha-256', access, settings = {}, tls }: PostgresOptions,
  owner: Owner | null,
): Promise<void> {
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketFolder,
    // Data need not outlive the server, and nothing may stay behind in shared memory.
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    autovacuum: 'off',
    max_wal_size: '128MB',
    min_wal_size: '32MB',
    dynamic_shared_memory_type: 'mmap',
    password_encryption: auth === 'md5' ? 'md5' : 'scram-sha-256',
    timezone: 'UTC',
    ...(tls ? await tlsSettings(data, tls, owner) : {}),
    ...settings,
  }
  const lines = Object.entries(all).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  )
  await appendFile(join(data, 'postgresql.conf'), lines.join(''))
  const [host, local] = auth === 'cert' ? ['hostssl', 'trust'] : ['host', auth]
  await writeFile(
    join(data, 'pg_hba.conf'),
    [
      `local all all ${local}`,
      ...(access ?? [`${host} all all 127.0.0.1/32 ${auth}`]),
      `local replication all ${local}`,
      '',
    ].join('\n'),
  )
}

async function tlsSettings(
  data: string,
  tls: NonNullable<PostgresOptions['tls']>,
  owner: Owner | null,
): Promise<Record<string, string>> {
  const files = { ssl_cert_file: tls.certFile, ssl_key_file: tls.keyFile, ssl_ca_file: tls.caFile }
  const settings: Record<string, string> = { ssl: 'on' }
  for (const [name, source] of Object.entries(files)) {
    if (source === undefined) continue
    const target = join(data, `${name}.pem`)
    await cp(source, target)
    await chmod(target, 0o600)
    if (owner) await chown(target, owner.uid, owner.gid)
    settings[name] = target
  }
  return settings
}

/** A loopback port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** Waits until the server says in its own file that it takes connections; false where it ended before. */
async function isReady(data: string, server: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs
  while (server.exitCode === null && server.signalCode === null && Date.now() < deadline) {
    const file = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
    // The first line is the process, the eighth its state.
    const lines = file.split('\n')
    if (lines[0] === String(server.pid) && lines[7]?.trim() === 'ready') return true
    await sleep(20)
  }
  return false
}
