/**
 * What a keystore of many clients costs: opening a key, listing, changing the master key, starting a server.
 *
 *     npm run bench -- keys [--clients=10000] [--write]
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type KeyRef,
  masterKeyFromEnvironment,
  openKeystore,
  rewrapFiles,
  rewrapState,
  storeFor,
  wipeKeys,
} from '@acra-ts/suite/keystore'
import { keyFiles } from '#testing/key-files'
import { RedisServer } from '#testing/redis'
import { freePort } from '../tools/postgres.ts'
import { root } from '../tools/repository.ts'
import { table, writeSection } from './document.ts'
import { machine, median } from './machine.ts'

const { values: settings } = parseArgs({
  options: {
    clients: { type: 'string', default: '10000' },
    /** Puts the table into docs/benchmarks.md. */
    write: { type: 'boolean', default: false },
  },
})
const CLIENTS = Number(settings.clients)
if (!Number.isInteger(CLIENTS) || CLIENTS < 100) throw new Error('--clients is a number above 99')
const ROUNDS = 5
const CACHE = 1000
const SAMPLES = 500
const AT_ONCE = [4, 16, 32]
const KEY_FILE_SIZE = 76
/** Has a program say how much memory it had at most, and its CPU time. */
const MEMORY_AT_EXIT =
  'data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write("\\nrss="+u.maxRSS+" cpu="+(u.userCPUTime+u.systemCPUTime))})'

const folder = mkdtempSync(join(tmpdir(), 'acra-bench-keys-'))
const refs: readonly KeyRef[] = Array.from({ length: CLIENTS }, (_, n) => ({
  purpose: 'storage-symmetric',
  owner: `client${n}`,
}))
const bytes = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const pair = (byte: number) => `{"encryption":"${bytes(byte)}","signature":"${bytes(byte + 100)}"}`
const masterKeys = { v1: bytes(1), v2: Buffer.from(pair(1)).toString('base64') }

interface Row {
  readonly question: string
  readonly measured: string
  readonly target: string
}

const redis = await RedisServer.start()
try {
  const rows = await measured()
  const { cpu, cores, memoryGiB, node, commit, load } = machine()
  const lines = [
    `${CLIENTS} clients; medians of ${ROUNDS} turns. Commit ${commit}. ${cpu}, ${cores} cores (load ${load.toFixed(1)}), ${memoryGiB} GiB; Node ${node}.`,
    '',
    ...table(
      ['question', 'measured', 'to reach'],
      rows.map(({ question, measured, target }) => [question, measured, target]),
    ),
  ]
  console.log(lines.join('\n'))
  writeFileSync(join(root, '.build/bench-keys.json'), `${JSON.stringify({ ...machine(), rows })}\n`)
  if (settings.write) writeSection('keys', lines.join('\n'))
} finally {
  await redis.stop()
  rmSync(folder, { recursive: true })
}

async function measured(): Promise<Row[]> {
  const rows: Row[] = []
  for (const version of ['v1', 'v2'] as const) {
    const files = await keyFiles(version, refs)
    writeFiles(version, files)
    await writeRedis(version, files)
    rows.push(listing(version, 'files', []))
    const database = version === 'v1' ? 1 : 2
    rows.push(
      listing(version, 'Redis', [
        `--redis_host_port=${redis.hostPort}`,
        `--redis_db_keys=${database}`,
      ]),
    )
  }
  rows.push(...(await opening()))
  rows.push(await serverStart())
  rows.push(...(await masterKeyChange()))
  return rows
}

function writeFiles(version: 'v1' | 'v2', files: ReadonlyMap<string, Buffer>): void {
  const store = join(folder, version)
  mkdirSync(store, { mode: 0o700 })
  if (version === 'v2') writeFileSync(join(store, 'version'), 'Acra Keystore v2')
  for (const [path, content] of files) {
    mkdirSync(dirname(join(store, path)), { recursive: true, mode: 0o700 })
    writeFileSync(join(store, path), content, { mode: 0o600 })
  }
}

/** Under the names that the programs look for, which are those of the files. */
async function writeRedis(version: 'v1' | 'v2', files: ReadonlyMap<string, Buffer>): Promise<void> {
  const commands = [`SELECT ${version === 'v1' ? 1 : 2}`]
  if (version === 'v2') commands.push(`SET ${folder}/${version}/version "Acra Keystore v2"`)
  for (const [path, content] of files)
    commands.push(`SET ${folder}/${version}/${path} ${content.toString('base64')}`)
  const input = `${commands.join('\n')}\n`
  const done = spawnSync('redis-cli', ['-h', redis.host, '-p', String(redis.port)], { input })
  if (done.status !== 0) throw new Error(`redis-cli: ${done.stderr}`)
}

/** The time and the memory of a whole `acra-keys list`. */
function listing(version: 'v1' | 'v2', place: string, flags: readonly string[]): Row {
  const runs = Array.from({ length: ROUNDS }, () =>
    timed(version, ['list', '--json', `--keys_dir=${folder}/${version}`, ...flags]),
  )
  const seconds = median(runs.map((run) => run.ms)) / 1000
  const cpuSeconds = median(runs.map((run) => run.cpuUs)) / 1e6
  const mebibytes = median(runs.map((run) => run.mebibytes))
  return {
    question: `acra-keys list, ${version}, ${place}`,
    measured: `${seconds.toFixed(2)} s (CPU ${cpuSeconds.toFixed(2)} s), ${mebibytes.toFixed(0)} MB`,
    target: '2 s, 150 MB',
  }
}

function timed(version: 'v1' | 'v2', words: readonly string[]) {
  const begun = performance.now()
  const program = join(root, 'packages/suite/bin/acra-keys.js')
  const done = spawnSync(process.execPath, ['--import', MEMORY_AT_EXIT, program, ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    env: { PATH: process.env.PATH, ACRA_MASTER_KEY: masterKeys[version] },
  })
  const ms = performance.now() - begun
  const found = done.stdout.split('"KeyID"').length - 1
  if (done.status !== 0 || found !== CLIENTS)
    throw new Error(`acra-keys ${words.join(' ')}: ${found} keys; ${done.stderr}`)
  const cpuUs = Number(/cpu=(\d+)/.exec(done.stderr)?.[1])
  return { ms, cpuUs, mebibytes: Number(/rss=(\d+)/.exec(done.stderr)?.[1]) / 1024 }
}

/** One key: not in memory, then in memory. */
async function opening(): Promise<Row[]> {
  const rows: Row[] = []
  for (const version of ['v1', 'v2'] as const) {
    const wrapper = masterKeyFromEnvironment({ ACRA_MASTER_KEY: masterKeys[version] }, version)
    const warn = (sentence: string) => console.error(sentence)
    const cacheSize = CACHE
    const keystore = await openKeystore({
      folder: `${folder}/${version}`,
      wrapper,
      warn,
      cacheSize,
    })
    const asked = refs.slice(0, SAMPLES)
    const [cold, warm] = [await openAll(), await openAll()]
    wrapper.wipe()
    rows.push({
      question: `a key is opened, ${version}, files`,
      measured: `${cold.toFixed(0)} µs cold, ${warm.toFixed(1)} µs warm`,
      target: 'warm: no call of the system',
    })

    async function openAll(): Promise<number> {
      const times: number[] = []
      for (const ref of asked) {
        const begun = performance.now()
        const found = keystore.keys(ref)
        // What is in memory comes at once: nothing was waited for, so that nothing was asked of the system.
        const keys = found instanceof Promise ? await found : found
        times.push((performance.now() - begun) * 1000)
        wipeKeys(keys)
      }
      return median(times)
    }
  }
  return rows
}

/** From its start until acra-server takes connections. */
async function serverStart(): Promise<Row> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) times.push(await startOnce())
  return {
    question: `acra-server starts, v1, cache of ${CACHE}`,
    measured: `${(median(times) / 1000).toFixed(2)} s`,
    target: '1.5 s',
  }
}

async function startOnce(): Promise<number> {
  const begun = performance.now()
  const args = [
    join(root, 'packages/suite/bin/acra-server.js'),
    `--keys_dir=${folder}/v1`,
    '--client_id=client0',
    '--db_host=127.0.0.1',
    `--keystore_cache_size=${CACHE}`,
    `--incoming_connection_string=tcp://127.0.0.1:${await freePort()}`,
    '-v',
  ]
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ACRA_MASTER_KEY: masterKeys.v1 },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  for await (const chunk of child.stderr) {
    said += String(chunk)
    if (said.includes('Listening on')) break
  }
  const ms = performance.now() - begun
  child.kill('SIGKILL')
  if (!said.includes('Listening on')) throw new Error(`acra-server: ${said}`)
  return ms
}

/** Slices of the store are wrapped anew in turns with as many files that are written, synced and renamed. */
async function masterKeyChange(): Promise<Row[]> {
  const store = await storeFor({ folder: `${folder}/v1` })
  const environment = (byte: number) => ({ ACRA_MASTER_KEY: bytes(byte) })
  const around = {
    ...store!,
    from: masterKeyFromEnvironment(environment(1)),
    to: masterKeyFromEnvironment(environment(2)),
    warn: (sentence: string) => console.error(sentence),
    advance() {},
  }
  const { pending } = await rewrapState(around)
  const size = Math.floor(pending.length / ROUNDS)
  const [rates, bareRates]: [number[], number[]] = [[], []]
  const cpu: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const bare: number[] = []
    for (const atOnce of AT_ONCE) bare.push(await bareRate(size, `${round}-${atOnce}`, atOnce))
    bareRates.push(Math.max(...bare))
    const before = process.cpuUsage()
    const begun = performance.now()
    await rewrapFiles(around, pending.slice(round * size, (round + 1) * size))
    rates.push((size / (performance.now() - begun)) * 1000)
    const { user, system } = process.cpuUsage(before)
    cpu.push((user + system) / size)
  }
  const ratio = median(rates.map((rate, round) => rate / bareRates[round]!))
  return [
    {
      question: 'acra-keys rotate-master, v1, files, to bare write, sync, rename',
      measured: `${ratio.toFixed(2)} (${median(rates).toFixed(0)} to ${median(bareRates).toFixed(0)} files/s)`,
      target: '0.8',
    },
    {
      question: 'CPU of a key that is wrapped anew',
      measured: `${median(cpu).toFixed(0)} µs`,
      target: '-',
    },
  ]
}

/** Files per second, the best that so many at once give. */
async function bareRate(count: number, name: string, atOnce: number): Promise<number> {
  const place = join(folder, `bare-${name}`)
  mkdirSync(place)
  const content = Buffer.alloc(KEY_FILE_SIZE)
  const numbers = Array.from({ length: count }, (_, n) => n).values()
  const worker = async () => {
    for (const n of numbers) {
      const file = await open(`${place}/new-${n}`, 'wx', 0o600)
      await file.writeFile(content)
      await file.sync()
      await file.close()
      await rename(`${place}/new-${n}`, `${place}/${n}`)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: atOnce }, worker))
  const rate = (count / (performance.now() - begun)) * 1000
  rmSync(place, { recursive: true })
  return rate
}
