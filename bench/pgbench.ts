/** pgbench as a measuring instrument: transactions, the CPU that whoever stands in between took, and the latency of each. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Contestant } from './contestants.ts'
import { cpuTimeNs } from './machine.ts'

const run = promisify(execFile)
const OUTPUT_MAX = 64 << 20

export interface Load {
  readonly protocol: 'simple' | 'prepared'
  readonly clients: number
  readonly seconds: number
  /** Null for the built-in select-only. */
  readonly script: string | null
}

/** One run. */
export interface Sample {
  readonly tps: number
  /** CPU time of what stands in between, all its processes and threads, in microseconds; null where there is nothing. */
  readonly cpuUs: number | null
  /** Milliseconds a transaction took, as its client saw it. */
  readonly meanMs: number
  /** Percentiles in microseconds, with one client only. */
  readonly latency: Latency | null
}

export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** Makes the tables of pgbench itself. */
export function initialize(port: number): Promise<string> {
  return pgbench(port, false, ['-i', '-q', '-s', '5'])
}

/** Transactions of each client without which a run says nothing: connecting took its time. */
const TRANSACTIONS_MIN = 20
/** How often such a run is begun again. */
const ATTEMPTS = 5

/** Puts `load` on the contestant; `folder` is for scripts and logs. Throws where a transaction fails, or where there are too few. */
export async function measure(contestant: Contestant, load: Load, folder: string): Promise<Sample> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const sample = await tryOnce(contestant, load, folder)
    if (sample !== null) return sample
  }
  throw new Error(`hardly anything goes through ${contestant.name}: the machine is too busy`)
}

async function tryOnce(contestant: Contestant, load: Load, folder: string): Promise<Sample | null> {
  const { processId, port, usesTls, name } = contestant
  const own = await mkdtemp(join(folder, 'pgbench-'))
  const file = join(own, 'script.sql')
  if (load.script !== null) await writeFile(file, load.script)
  const isSingle = load.clients === 1
  const common = [
    ...(load.script === null ? ['-S'] : ['-f', file]),
    ...['-n', '-M', load.protocol, '-c', String(load.clients), '-j', '1'],
  ]
  const log = isSingle ? ['-l', `--log-prefix=${join(own, 'log')}`] : []
  const time = () => (processId === null ? 0 : cpuTimeNs(processId))
  const start = time()
  await pgbench(port, usesTls, [...common, '-t', '1'])
  const connected = time()
  const output = await pgbench(port, usesTls, [...common, ...log, '-T', String(load.seconds)])
  // Connecting again costs what it did the first time: what counts is what the further transactions take.
  const cpuNs = processId === null ? null : time() - connected - (connected - start)
  const transactions = number(output, /transactions actually processed: (\d+)/)
  const failed = number(output, /number of failed transactions: (\d+)/)
  if (transactions < load.clients * TRANSACTIONS_MIN) return null
  if (failed > 0) throw new Error(`${failed} transactions failed through ${name}`)
  const latency = isSingle ? await latencyOf(own) : null
  await rm(own, { recursive: true })
  return {
    tps: number(output, /tps = ([\d.]+) \(without initial connection time\)/),
    cpuUs: cpuNs === null ? null : cpuNs / 1000 / Math.max(1, transactions - load.clients),
    meanMs: number(output, /latency average = ([\d.]+) ms/),
    latency,
  }
}

/** The third field of each line of pgbench's log is the latency in microseconds. */
async function latencyOf(folder: string): Promise<Latency> {
  const logs = (await readdir(folder)).filter((name) => name.startsWith('log'))
  const texts = await Promise.all(logs.map((name) => readFile(join(folder, name), 'latin1')))
  const all = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''))
  const sorted = Float64Array.from(all, (line) => Number(line.split(' ')[2])).sort()
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

async function pgbench(port: number, usesTls: boolean, args: readonly string[]): Promise<string> {
  const connection = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', 'postgres']
  const { stdout } = await run('pgbench', [...args, ...connection], {
    maxBuffer: OUTPUT_MAX,
    env: { ...process.env, PGSSLMODE: usesTls ? 'require' : 'disable', PGGSSENCMODE: 'disable' },
  })
  return stdout
}

function number(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1]
  if (found === undefined) throw new Error(`pgbench did not say what was expected:\n${output}`)
  return Number(found)
}
