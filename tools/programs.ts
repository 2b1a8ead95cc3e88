/** Our own programs, started by their command lines as an operator does it. */
import { execFile } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './postgres.ts'
import { root } from './repository.ts'
import { type EndSignal, end, type Sandbox } from './sandbox.ts'

const run = promisify(execFile)
const startTimeoutMs = 60_000

/** A folder of keys and what opens it. */
export interface Keys {
  readonly folder: string
  /** The environment of a program that uses the keys. */
  readonly environment: { readonly ACRA_MASTER_KEY: string }
  /** The command lines that made them. */
  readonly commands: readonly string[]
}

/** Makes, by acra-keymaker, a master key and for each client id the keys of AcraStructs and AcraBlocks. */
export async function createKeys(folder: string, clientIds: readonly string[]): Promise<Keys> {
  const masterKey = join(folder, 'master.key')
  const keys = join(folder, 'keys')
  const makeMasterKey = [`--generate_master_key=${masterKey}`, '--keystore=v1']
  await runProgram('acra-keymaker', makeMasterKey, folder)
  const environment = { ACRA_MASTER_KEY: (await readFile(masterKey)).toString('base64') }
  const commands = [commandLine('acra-keymaker', makeMasterKey)]
  for (const clientId of clientIds) {
    const args = [
      `--client_id=${clientId}`,
      '--keystore=v1',
      '--generate_acrawriter_keys',
      '--generate_symmetric_storage_key',
      '--generate_hmac_key',
      `--keys_output_dir=${keys}`,
      `--keys_public_output_dir=${keys}`,
    ]
    await runProgram('acra-keymaker', args, folder, environment)
    commands.push(commandLine('acra-keymaker', args))
  }
  return { folder: keys, environment, commands }
}

export interface AcraServerOptions {
  readonly clientId: string
  readonly keys: Keys
  /** Where the database listens; a host that begins with a slash is the folder of its unix socket. */
  readonly database: { readonly host: string; readonly port: number }
  /** Path of the encryptor config. */
  readonly encryptorConfig?: string
  /** A folder to listen in, on a unix socket of the name that libpq looks for; without it, on loopback. */
  readonly socketFolder?: string
  /** Further flags. */
  readonly flags?: readonly string[]
}

export interface AcraServer {
  /** Where it listens: a folder of a unix socket, or the loopback address. */
  readonly host: string
  readonly port: number
  readonly pid: number
  /** The file that holds what it printed. */
  readonly logFile: string
  /** The command line that started it. */
  readonly command: string
  /** Its exit code, once it has ended; null where a signal ended it. */
  readonly ended: Promise<number | null>
  stop(signal?: EndSignal): Promise<void>
}

/** Starts acra-server on a free loopback port and waits until it takes connections. It ends with the sandbox at the latest. */
export function startAcraServer(sandbox: Sandbox, options: AcraServerOptions): Promise<AcraServer> {
  const host = options.socketFolder ?? '127.0.0.1'
  const args = [
    ...(options.clientId === '' ? [] : [`--client_id=${options.clientId}`]),
    `--db_host=${options.database.host}`,
    `--db_port=${options.database.port}`,
    ...(options.encryptorConfig ? [`--encryptor_config_file=${options.encryptorConfig}`] : []),
    ...(options.flags ?? []),
  ]
  return startListener(sandbox, 'acra-server', options.keys, args, host)
}

/** Starts acra-connector or acra-translator, as `startAcraServer` does. */
export function startService(
  sandbox: Sandbox,
  name: 'acra-connector' | 'acra-translator',
  keys: Keys,
  flags: readonly string[],
  listenOption = 'incoming_connection_string',
): Promise<AcraServer> {
  return startListener(sandbox, name, keys, flags, '127.0.0.1', listenOption)
}

async function startListener(
  sandbox: Sandbox,
  name: string,
  keys: Keys,
  flags: readonly string[],
  host: string,
  listenOption = 'incoming_connection_string',
): Promise<AcraServer> {
  // Another process may take a free port before the server does: then the next one.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const address = host.startsWith('/')
      ? `unix://${socketPath(host, port)}`
      : `tcp://${host}:${port}/`
    const args = [`--keys_dir=${keys.folder}`, `--${listenOption}=${address}`, '-v', ...flags]
    const logFile = join(sandbox.folder, `${name}-${port}.log`)
    const log = await open(logFile, 'w')
    const child = sandbox.spawn(process.execPath, [program(name), ...args], 'TERM', {
      env: { ...process.env, ...keys.environment },
      stdio: ['ignore', log.fd, log.fd],
    })
    await log.close()
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null
    if (await takesConnections(host, port, hasEnded)) {
      const command = commandLine(name, args)
      const stop = (signal: EndSignal = 'TERM') => end(child, signal)
      return { host, port, pid: Number(child.pid), logFile, command, ended, stop }
    }
    await end(child, 'TERM')
    const said = await readFile(logFile, 'utf8')
    if (attempt === 3 || !/in use/i.test(said)) throw new Error(`${name} did not start:\n${said}`)
  }
}

async function takesConnections(
  host: string,
  port: number,
  hasEnded: () => boolean,
): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs
  while (!hasEnded() && Date.now() < deadline) {
    if (await answers(host, port)) return true
    await sleep(20)
  }
  return false
}

/** Where libpq looks for a server in a folder. */
function socketPath(folder: string, port: number): string {
  return join(folder, `.s.PGSQL.${port}`)
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(host.startsWith('/') ? { path: socketPath(host, port) } : { host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Runs a program to its end; throws with what it printed where it fails. */
export async function runProgram(
  name: string,
  args: readonly string[],
  folder: string,
  environment = {},
): Promise<void> {
  const options = { cwd: folder, env: { ...process.env, ...environment } }
  try {
    await run(process.execPath, [program(name), ...args], options)
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string; stderr: string }
    throw new Error(`${commandLine(name, args)} failed:\n${stdout}${stderr}`, { cause })
  }
}

function program(name: string): string {
  return join(root, 'packages/suite/bin', `${name}.js`)
}

function commandLine(name: string, args: readonly string[]): string {
  return [name, ...args].join(' ')
}
