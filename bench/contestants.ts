/** The programs that stand between pgbench and PostgreSQL, each in a process of its own. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Postgres } from '../tools/postgres.ts'
import { serverOwner } from '../tools/postgres-binaries.ts'
import { root } from '../tools/repository.ts'
import type { Sandbox } from '../tools/sandbox.ts'

/** What pgbench connects to. */
export interface Contestant {
  readonly name: string
  readonly port: number
  /** Null where there is nothing in between. */
  readonly processId: number | null
}

export const names = ['direct', 'pgbouncer', 'bare', 'frames', 'acra-server', 'no-scan'] as const
export type Name = (typeof names)[number]

/** Starts one contestant. Throws, with what is missing, where it cannot be started. */
export async function start(name: Name, postgres: Postgres, sandbox: Sandbox): Promise<Contestant> {
  switch (name) {
    case 'direct':
      return { name, port: postgres.port, processId: null }
    case 'pgbouncer':
      return startPgBouncer(postgres, sandbox)
    case 'bare':
      return startBareRelay(postgres, sandbox)
    case 'frames':
      return startFramesRelay(postgres, sandbox)
    case 'acra-server':
      return startAcraServer(name, [], postgres, sandbox)
    case 'no-scan':
      return startAcraServer(name, ['--decrypt_unconfigured=false'], postgres, sandbox)
  }
}

async function startPgBouncer(postgres: Postgres, sandbox: Sandbox): Promise<Contestant> {
  const port = await freePort()
  const folder = join(sandbox.folder, 'pgbouncer')
  const config = join(folder, 'pgbouncer.ini')
  await mkdir(folder)
  await writeFile(
    config,
    `[databases]
postgres = host=127.0.0.1 port=${postgres.port} user=postgres dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 200
default_pool_size = 200
log_connections = 0
log_disconnections = 0
`,
  )
  const owner = serverOwner()
  if (owner) await chown(folder, owner.uid, owner.gid)
  const child = sandbox.spawn('pgbouncer', ['-q', config], 'INT', {
    ...owner,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return ready('pgbouncer', child, port)
}

async function startBareRelay(postgres: Postgres, sandbox: Sandbox): Promise<Contestant> {
  const program = join(root, '.build/bench/bare-relay.js')
  const child = sandbox.spawn(
    process.execPath,
    [program, postgres.host, String(postgres.port)],
    'TERM',
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  return { name: 'bare', port: Number(await firstLine(child)), processId: idOf(child) }
}

async function startFramesRelay(postgres: Postgres, sandbox: Sandbox): Promise<Contestant> {
  const program = join(root, 'packages/suite/dist/proxy/testing/frames-relay.js')
  const database = { kind: 'tcp', host: postgres.host, port: postgres.port }
  const code = `
    const { framesRelay } = await import(${JSON.stringify(program)})
    await framesRelay({ kind: 'tcp', host: '127.0.0.1', port: 0 }, ${JSON.stringify(database)})`
  const child = sandbox.spawn(process.execPath, ['--input-type=module', '-e', code], 'TERM', {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = /:(\d+)\/$/.exec(await firstLine(child))?.[1]
  return { name: 'frames', port: Number(port), processId: idOf(child) }
}

async function startAcraServer(
  name: Name,
  flags: readonly string[],
  postgres: Postgres,
  sandbox: Sandbox,
): Promise<Contestant> {
  const program = join(root, 'packages/suite/bin/acra-server.js')
  if (!existsSync(program)) throw new Error(`${program} does not exist`)
  const port = await freePort()
  const keys = join(sandbox.folder, `keys-${port}`)
  await mkdir(keys, { mode: 0o700 })
  const args = [
    program,
    `--db_host=${postgres.host}`,
    `--db_port=${postgres.port}`,
    `--incoming_connection_string=tcp://127.0.0.1:${port}/`,
    '--client_id=bench',
    `--keys_dir=${keys}`,
    ...flags,
  ]
  const child = sandbox.spawn(process.execPath, args, 'TERM', {
    env: { ...process.env, ACRA_MASTER_KEY: Buffer.alloc(32, 'bench').toString('base64') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return ready(name, child, port)
}

/** Waits until something answers at the port. */
async function ready(name: string, child: ChildProcess, port: number): Promise<Contestant> {
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
  return { name, port, processId: idOf(child) }
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
