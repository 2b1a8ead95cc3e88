/** What end-to-end tests stand on: a database, keys by acra-keymaker, acra-server, and a tap between the two. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Postgres, type PostgresOptions, startPostgres } from '../tools/postgres.ts'
import { createKeys, type Keys, startAcraServer } from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { openTap, type Tap } from './tap.ts'

/** The client id of every acra-server that names no other. */
export const clientId = 'application'

export interface FrontOptions {
  /** The encryptor config, as YAML. */
  readonly encryptorConfig?: string
  readonly clientId?: string
  /** Further flags of acra-server. */
  readonly flags?: readonly string[]
  /** No acra-server: the tap alone, to see what a database does by itself. */
  readonly direct?: boolean
}

/** Where applications connect. */
export interface Front {
  readonly host: string
  readonly port: number
  /** The process id of acra-server; 0 where there is none. */
  readonly pid: number
  /** Between acra-server and the database. */
  readonly tap: Tap
  /** What acra-server has printed so far. */
  log(): string
}

export interface Lab {
  readonly database: Postgres
  /** The keys of every acra-server here. */
  keys(): Promise<Keys>
  front(options?: FrontOptions): Promise<Front>
  stop(): Promise<void>
}

export interface LabOptions extends PostgresOptions {
  /** Client ids that have keys, besides the usual ones. */
  readonly clientIds?: readonly string[]
}

/** Starts a database; each front that is asked for stands in front of it. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const sandbox = createSandbox('e2e')
  const database = await startPostgres(options)
  const taps: Tap[] = []
  let made: Promise<Keys> | null = null
  const keys = () => {
    made ??= createKeys(sandbox.folder, [clientId, 'stranger', ...(options.clientIds ?? [])])
    return made
  }
  return {
    database,
    keys,
    async front(front = {}) {
      const tap = await openTap({ host: database.host, port: database.port })
      taps.push(tap)
      if (front.direct) return { host: tap.host, port: tap.port, pid: 0, tap, log: () => '' }
      return startFront(sandbox, await keys(), tap, front)
    },
    async stop() {
      await sandbox.remove()
      for (const tap of taps) await tap.stop()
      await database.stop()
    },
  }
}

async function startFront(
  sandbox: Sandbox,
  keys: Keys,
  tap: Tap,
  options: FrontOptions,
): Promise<Front> {
  const config = join(sandbox.folder, `encryptor-config-${tap.port}.yaml`)
  if (options.encryptorConfig !== undefined) await writeFile(config, options.encryptorConfig)
  const server = await startAcraServer(sandbox, {
    clientId: options.clientId ?? clientId,
    keys,
    database: tap,
    ...(options.encryptorConfig === undefined ? {} : { encryptorConfig: config }),
    ...(options.flags ? { flags: options.flags } : {}),
  })
  return {
    host: server.host,
    port: server.port,
    pid: server.pid,
    tap,
    log: () => readFileSync(server.logFile, 'utf8'),
  }
}
