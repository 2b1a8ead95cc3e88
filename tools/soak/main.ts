/**
 * A long run under load: `npm run soak -- [--seconds=120] [--idle=1000] [--busy=50]`. Idle and busy connections through acra-server, SIGHUP
 * every 10 s and, where acra-server has workers, one of them killed every 20 s. Ends with 1 where anything fails that no kill explains, or
 * where memory grows after the warm-up.
 */
import { spawnSync } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { encryptorConfig, schema } from '../../e2e/people.ts'
import { startPostgres } from '../postgres.ts'
import { childrenOf, memoryOf } from '../processes.ts'
import { createKeys, startAcraServer } from '../programs.ts'
import { root } from '../repository.ts'
import { createSandbox } from '../sandbox.ts'
import { beBusy, beIdle, Tally } from './load.ts'

const RELOAD_SECONDS = 10
const KILL_SECONDS = 20
/** Connections that are opened at a time. */
const OPEN_COUNT = 50
const OPEN_PAUSE_MS = 200
/** The share of the run that is warm-up, and what memory may vary by afterwards, in MiB. */
const WARM_UP = 0.4
const GROWTH_MAX = 48

const options = {
  seconds: { type: 'string', default: '120' },
  idle: { type: 'string', default: '1000' },
  busy: { type: 'string', default: '50' },
} as const
const { values } = parseArgs({ options })
const [seconds, idleCount, busyCount] = [values.seconds, values.idle, values.busy].map(Number)
if (!seconds || idleCount === undefined || busyCount === undefined) {
  throw new Error('--seconds, --idle and --busy are whole numbers')
}
process.exitCode = await soak(seconds, idleCount, busyCount)

async function soak(duration: number, idle: number, busy: number): Promise<number> {
  const sandbox = createSandbox('soak')
  const postgres = await startPostgres({
    settings: { max_connections: String(idle + busy + 50) },
    inMemory: true,
  })
  try {
    const owner = new pg.Client({ connectionString: postgres.url() })
    await owner.connect()
    await owner.query(schema)
    await owner.end()
    const config = join(sandbox.folder, 'encryptor-config.yaml')
    await writeFile(config, encryptorConfig)
    const hasWorkers = knowsWorkers()
    const server = await startAcraServer(sandbox, {
      clientId: 'application',
      keys: await createKeys(sandbox.folder, ['application']),
      database: postgres,
      encryptorConfig: config,
      flags: hasWorkers ? ['--workers=2'] : [],
    })
    const { user, password, database } = postgres
    const address = { server, user, password, database }
    const tally = new Tally()
    const stop = new AbortController()
    setMaxListeners(0, stop.signal)
    const all: Promise<void>[] = []
    for (let opened = 0; opened < idle; opened++) {
      all.push(beIdle(address, tally, stop.signal))
      if (opened % OPEN_COUNT === OPEN_COUNT - 1) await sleep(OPEN_PAUSE_MS)
    }
    for (let number = 0; number < busy; number++) {
      all.push(beBusy(address, number, tally, stop.signal))
    }
    const counts = { reloads: 0, kills: 0 }
    const memory: number[] = []
    for (let second = 1; second <= duration; second++) {
      await sleep(1000)
      memory.push(memoryOf(server.pid))
      if (second % RELOAD_SECONDS === 0) {
        process.kill(server.pid, 'SIGHUP')
        counts.reloads++
      }
      // The last one is soon enough for everybody to be connected again at the end.
      const isKill = second % KILL_SECONDS === 0 && second + KILL_SECONDS / 2 < duration
      const [worker] = hasWorkers && isKill ? childrenOf(server.pid) : []
      if (worker === undefined) continue
      tally.killed()
      process.kill(worker, 'SIGKILL')
      counts.kills++
    }
    stop.abort()
    await Promise.all(all)
    return report(duration, idle, busy, hasWorkers, counts, memory, tally)
  } finally {
    await sandbox.remove()
    await postgres.stop()
  }
}

function knowsWorkers(): boolean {
  const program = join(root, 'packages/suite/bin/acra-server.js')
  const { stdout, stderr } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' })
  return `${stdout}${stderr}`.includes('--workers')
}

function report(
  duration: number,
  idle: number,
  busy: number,
  hasWorkers: boolean,
  { reloads, kills }: { readonly reloads: number; readonly kills: number },
  memory: readonly number[],
  tally: Tally,
): number {
  const steady = memory.slice(Math.floor(memory.length * WARM_UP))
  const part = Math.max(1, Math.floor(steady.length / 4))
  const early = mean(steady.slice(0, part))
  const late = mean(steady.slice(-part))
  const unexplained = [...tally.failures.values()].reduce((sum, count) => sum + count, 0)
  const rows: readonly (readonly [string, string])[] = [
    ['seconds', String(duration)],
    ['connections', `${idle} idle, ${busy} busy`],
    ['steps done', String(tally.done)],
    ['reloads', String(reloads)],
    ['workers killed', hasWorkers ? String(kills) : 'acra-server has no workers'],
    ['lost to a kill', String(tally.explained)],
    ['failed', String(unexplained)],
    ['memory, most', `${Math.max(...memory).toFixed(0)} MiB`],
    ['memory behind the warm-up', `${early.toFixed(0)} MiB`],
    ['memory at the end', `${late.toFixed(0)} MiB`],
  ]
  for (const [name, value] of rows) console.log(`${name.padEnd(28)}${value}`)
  for (const [reason, count] of tally.failures) console.log(`  ${count} times: ${reason}`)
  if (late - early > GROWTH_MAX) console.log('memory has grown')
  return unexplained === 0 && late - early <= GROWTH_MAX ? 0 : 1
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
