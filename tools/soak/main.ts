/**
 * A long run under load: `npm run lab -- soak [--seconds=300] [--idle=1000] [--busy=50] [--workers=2]`. Idle and busy connections through
 * acra-server, which come and go; SIGHUP every 10 s; with workers, one of them killed every 20 s, and every third time frozen instead, until
 * the supervisor ends it. Ends with 1 where anything fails that the end of a worker does not explain, where a worker is not replaced, or
 * where memory grows behind the warm-up.
 */
import { setMaxListeners } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { encryptorConfig, schema } from '../../e2e/people.ts'
import { startPostgres } from '../postgres.ts'
import { childrenOf } from '../processes.ts'
import { type AcraServer, createKeys, startAcraServer } from '../programs.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'
import { beBusy, beIdle, Tally } from './load.ts'
import { MemoryCurve } from './memory.ts'

const RELOAD_SECONDS = 10
const HARM_SECONDS = 20
/** Of so many workers that are ended one is frozen, and the others are killed. */
const FREEZE_EACH = 3
/** How long a frozen worker may be silent. */
const WORKER_TIMEOUT_SECONDS = 5
/** Connections that are opened at a time. */
const OPEN_COUNT = 50
const OPEN_PAUSE_MS = 200

interface Plan {
  readonly seconds: number
  readonly idle: number
  readonly busy: number
  readonly workers: number
}

/** What was done to acra-server. */
interface Harm {
  reloads: number
  killed: number
  frozen: number
}

process.exitCode = await soak(planOf())

function planOf(): Plan {
  const options = {
    seconds: { type: 'string', default: '300' },
    idle: { type: 'string', default: '1000' },
    busy: { type: 'string', default: '50' },
    workers: { type: 'string', default: '2' },
  } as const
  const { values } = parseArgs({ options })
  const count = (name: keyof typeof options, min: number) => {
    const value = Number(values[name])
    if (Number.isInteger(value) && value >= min) return value
    throw new Error(`--${name} is a whole number, at least ${min}`)
  }
  return {
    seconds: count('seconds', 10),
    idle: count('idle', 0),
    busy: count('busy', 1),
    workers: count('workers', 1),
  }
}

async function soak(plan: Plan): Promise<number> {
  const sandbox = createSandbox('soak')
  const postgres = await startPostgres({
    settings: { max_connections: String(plan.idle + plan.busy + 100) },
    inMemory: true,
  })
  try {
    const owner = new pg.Client({ connectionString: postgres.url() })
    await owner.connect()
    await owner.query(schema)
    await owner.end()
    const server = await serve(sandbox, postgres, plan.workers)
    const { user, password, database } = postgres
    const address = { server, user, password, database }
    const tally = new Tally()
    const stop = new AbortController()
    setMaxListeners(0, stop.signal)
    const all: Promise<void>[] = []
    for (let opened = 0; opened < plan.idle; opened++) {
      all.push(beIdle(address, tally, stop.signal))
      if (opened % OPEN_COUNT === OPEN_COUNT - 1) await sleep(OPEN_PAUSE_MS)
    }
    for (let number = 0; number < plan.busy; number++) {
      all.push(beBusy(address, number, tally, stop.signal))
    }
    const first = new MemoryCurve()
    const eldest = new MemoryCurve()
    const harm = await disturb(server, plan, tally, () => {
      first.sample(server.pid)
      const [worker] = childrenOf(server.pid)
      if (worker !== undefined) eldest.sample(worker)
    })
    stop.abort()
    await Promise.all(all)
    const replaced = (await readFile(server.logFile, 'utf8')).match(/code=2014 /g)?.length ?? 0
    const curves: [string, MemoryCurve][] = [
      [plan.workers > 1 ? 'supervisor' : 'acra-server', first],
      ...(plan.workers > 1 ? [['eldest worker', eldest] as [string, MemoryCurve]] : []),
    ]
    return report(plan, harm, replaced, curves, tally)
  } finally {
    await sandbox.remove()
    await postgres.stop()
  }
}

async function serve(
  sandbox: Sandbox,
  database: { readonly host: string; readonly port: number },
  workers: number,
): Promise<AcraServer> {
  const config = join(sandbox.folder, 'encryptor-config.yaml')
  await writeFile(config, encryptorConfig)
  return startAcraServer(sandbox, {
    clientId: 'application',
    keys: await createKeys(sandbox.folder, ['application']),
    database,
    encryptorConfig: config,
    flags: [`--workers=${workers}`, `--worker_timeout=${WORKER_TIMEOUT_SECONDS}`],
  })
}

/** Does its harm until the time is over; `onSecond` is called every second. */
async function disturb(
  { pid }: AcraServer,
  { seconds, workers }: Plan,
  tally: Tally,
  onSecond: () => void,
): Promise<Harm> {
  const harm: Harm = { reloads: 0, killed: 0, frozen: 0 }
  for (let second = 1; second <= seconds; second++) {
    await sleep(1000)
    onSecond()
    if (second % RELOAD_SECONDS === 0) {
      process.kill(pid, 'SIGHUP')
      harm.reloads++
    }
    // The last one is soon enough for everybody to be connected again at the end.
    const isTime = second % HARM_SECONDS === 0 && second + HARM_SECONDS / 2 < seconds
    if (workers === 1 || !isTime) continue
    // The youngest, so that the eldest shows whether memory grows. It has its share, as connections come and go.
    const worker = childrenOf(pid).at(-1)
    if (worker === undefined) throw new Error('acra-server has no workers')
    if ((second / HARM_SECONDS) % FREEZE_EACH === 0) {
      tally.harmed((WORKER_TIMEOUT_SECONDS + 2) * 1000)
      process.kill(worker, 'SIGSTOP')
      harm.frozen++
    } else {
      tally.harmed(0)
      process.kill(worker, 'SIGKILL')
      harm.killed++
    }
  }
  return harm
}

function report(
  { seconds, idle, busy, workers }: Plan,
  { reloads, killed, frozen }: Harm,
  replaced: number,
  curves: readonly (readonly [string, MemoryCurve])[],
  tally: Tally,
): number {
  const unexplained = [...tally.failures.values()].reduce((sum, count) => sum + count, 0)
  const rows: readonly (readonly [string, string])[] = [
    ['seconds', String(seconds)],
    ['connections', `${idle} idle, ${busy} busy, ${tally.connections} in turn`],
    ['processes', workers > 1 ? `${workers} workers` : 'one'],
    ['steps done', String(tally.done)],
    ['reloads', String(reloads)],
    ['workers killed, frozen', `${killed}, ${frozen}`],
    ['workers replaced', String(replaced)],
    ['lost with a worker', String(tally.explained)],
    ['failed', String(unexplained)],
    ...curves.map(([name, curve]) => [`memory, ${name}`, textOf(curve)] as const),
  ]
  for (const [name, curve] of curves) {
    const points = curve.points().map((size) => size.toFixed(0))
    console.log(`${name}, MiB every 30 s: ${points.join(' ')}`)
  }
  for (const [name, value] of rows) console.log(`${name.padEnd(28)}${value}`)
  for (const [reason, count] of tally.failures) console.log(`  ${count} times: ${reason}`)
  const grown = curves.filter(([, curve]) => curve.hasGrown)
  for (const [name] of grown) console.log(`the memory of the ${name} has grown`)
  const isWhole = replaced === killed + frozen
  if (!isWhole) console.log('other workers were replaced than were killed or frozen')
  return unexplained === 0 && grown.length === 0 && isWhole ? 0 : 1
}

function textOf(curve: MemoryCurve): string {
  const { most, early, late } = curve.summary()
  const [a, b, c] = [early, late, most].map((size) => `${size.toFixed(0)} MiB`)
  return `${a} behind the warm-up, ${b} at the end, ${c} at most`
}
