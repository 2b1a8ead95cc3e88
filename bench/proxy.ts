/**
 * What standing between an application and PostgreSQL costs: pgbench, select-only, through nothing, PgBouncer, the smallest
 * relay in Node, our relay and frame cutter alone, and acra-server with nothing configured. All run in turn, round after
 * round, on one machine: only ratios within a run mean anything.
 */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { root } from '../tools/repository.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { type Contestant, type Name, names, start } from './contestants.ts'
import { cpuTimeNs, type Machine, machine, median } from './machine.ts'

const run = promisify(execFile)

const protocols = ['simple', 'prepared'] as const
type Protocol = (typeof protocols)[number]

/** One run of pgbench. */
interface Sample {
  readonly tps: number
  /** CPU time of the process in between, in microseconds; null where there is none. */
  readonly cpuUsPerTransaction: number | null
}

interface Row {
  readonly name: string
  readonly protocol: Protocol
  readonly samples: readonly Sample[]
}

interface Report {
  readonly machine: Machine
  readonly versions: {
    readonly postgres: string
    readonly pgbench: string
    readonly pgbouncer: string
  }
  readonly clients: number
  readonly seconds: number
  readonly rounds: number
  readonly rows: readonly Row[]
}

const usage = `npm run bench -- proxy [--seconds=3] [--rounds=5] [--clients=16] [--only=NAME,...] [--json=FILE] [--write]
  --only   of: ${names.join(', ')}
  --write  puts the table into docs/benchmarks.md`

export async function proxyBench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '5' },
      clients: { type: 'string', default: '16' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const selected = select(values.only)
  if (!(await installPrograms(selected))) return 1
  const settings = {
    clients: whole('clients', values.clients),
    seconds: whole('seconds', values.seconds),
    rounds: whole('rounds', values.rounds),
  }
  const report = await measure(selected, settings)
  const table = tableOf(report)
  console.log(`\n${table}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  if (values.write) writeTable(table)
  return 0
}

function select(only: string): Name[] {
  if (only === '') return [...names]
  return only.split(',').map((part) => {
    const found = names.find((name) => name === part)
    if (found === undefined) throw new Error(`nothing to measure is called "${part}"`)
    return found
  })
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${name} is a whole number above 0`)
  return Number(text)
}

/** Sees to it that what is measured is there, as the tests do for theirs; says what is missing where it cannot. */
async function installPrograms(selected: readonly Name[]): Promise<boolean> {
  const programs = [
    { program: 'pgbench', package: 'postgresql' },
    { program: 'psql', package: 'postgresql-client' },
    ...(selected.includes('pgbouncer') ? [{ program: 'pgbouncer', package: 'pgbouncer' }] : []),
  ]
  const debian = (await import(pathToFileURL(join(root, 'tools/bootstrap/debian.mjs')).href)) as {
    installPrograms(list: typeof programs, needed: string): Promise<boolean>
  }
  return debian.installPrograms(programs, 'The bench needs')
}

/** The first line that the program says of its version; empty where it cannot be run. */
function version(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return stdout?.split('\n')[0]?.trim() ?? ''
}

type Settings = Pick<Report, 'clients' | 'seconds' | 'rounds'>

async function measure(selected: readonly Name[], settings: Settings): Promise<Report> {
  const sandbox = createSandbox('bench')
  const postgres = await startPostgres({ auth: 'trust', settings: { max_connections: '200' } })
  try {
    await pgbench(postgres.port, ['-i', '-q', '-s', '5'])
    const contestants: Contestant[] = []
    for (const name of selected) contestants.push(await start(name, postgres, sandbox))
    const rows = await rounds(contestants, settings)
    return {
      machine: machine(),
      versions: {
        postgres: await serverVersion(postgres),
        pgbench: version('pgbench'),
        pgbouncer: version('pgbouncer'),
      },
      ...settings,
      rows,
    }
  } finally {
    await postgres.stop()
    await sandbox.remove()
  }
}

/** What is compiled while it runs is compiled by then. */
const WARM_UP_SECONDS = 2

/** Every contestant in turn, each round beginning with another one; before them, a turn for each that does not count. */
async function rounds(contestants: readonly Contestant[], settings: Settings): Promise<Row[]> {
  for (const protocol of protocols) {
    for (const contestant of contestants) {
      await pgbenchRun(contestant, protocol, { ...settings, seconds: WARM_UP_SECONDS })
    }
  }
  const samples = new Map<string, Sample[]>()
  const keyOf = (name: string, protocol: Protocol) => `${protocol} ${name}`
  for (let round = 0; round < settings.rounds; round++) {
    for (const protocol of protocols) {
      for (let turn = 0; turn < contestants.length; turn++) {
        const contestant = contestants[(round + turn) % contestants.length]
        const sample = await pgbenchRun(contestant, protocol, settings)
        const key = keyOf(contestant.name, protocol)
        samples.set(key, [...(samples.get(key) ?? []), sample])
        const cpu = sample.cpuUsPerTransaction?.toFixed(1) ?? '-'
        console.log(
          `round ${round + 1} ${key.padEnd(32)} ${sample.tps.toFixed(0).padStart(7)} tps ${cpu.padStart(6)} µs`,
        )
      }
    }
  }
  return protocols.flatMap((protocol) =>
    contestants.map(({ name }) => ({
      name,
      protocol,
      samples: samples.get(keyOf(name, protocol)) ?? [],
    })),
  )
}

async function pgbenchRun(
  contestant: Contestant,
  protocol: Protocol,
  { clients, seconds }: Settings,
): Promise<Sample> {
  const { processId } = contestant
  const before = processId === null ? 0 : cpuTimeNs(processId)
  const load = ['-S', '-n', '-M', protocol, '-c', String(clients), '-j', '1', '-T', String(seconds)]
  const output = await pgbench(contestant.port, load)
  const cpuNs = processId === null ? null : cpuTimeNs(processId) - before
  const transactions = number(output, /transactions actually processed: (\d+)/)
  const failed = number(output, /number of failed transactions: (\d+)/)
  if (failed > 0) throw new Error(`${failed} transactions failed through ${contestant.name}`)
  return {
    tps: number(output, /tps = ([\d.]+) \(without initial connection time\)/),
    cpuUsPerTransaction: cpuNs === null ? null : cpuNs / 1000 / transactions,
  }
}

function number(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1]
  if (found === undefined) throw new Error(`pgbench did not say what was expected:\n${output}`)
  return Number(found)
}

async function pgbench(port: number, args: readonly string[]): Promise<string> {
  const connection = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', 'postgres']
  const { stdout } = await run('pgbench', [...args, ...connection], {
    env: { ...process.env, PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' },
  })
  return stdout
}

async function serverVersion(postgres: Postgres): Promise<string> {
  const { stdout } = await run('psql', ['-XAtc', 'show server_version', postgres.url()])
  return `PostgreSQL ${stdout.trim()}`
}

/** The report as Markdown. Ratios are medians of the ratios of each round. */
function tableOf(report: Report): string {
  const { machine: at, versions } = report
  const lines = [
    `pgbench select-only, ${report.clients} clients, scale 5, everything on loopback. Medians of ${report.rounds} interleaved rounds of`,
    `${report.seconds} s after a warm-up of ${WARM_UP_SECONDS} s. CPU is that of the process in between, all threads. Commit ${at.commit}.`,
    '',
    `${at.cpu}, ${at.cores} cores shared by database, pgbench and proxy, ${at.memoryGiB} GiB; ${at.kernel}; Node ${at.node};`,
    `${versions.postgres}; ${versions.pgbench}; ${versions.pgbouncer || 'no PgBouncer'}.`,
  ]
  for (const protocol of protocols) {
    const rows = report.rows.filter((row) => row.protocol === protocol)
    const find = (name: string) => rows.find((row) => row.name === name)
    lines.push(
      '',
      `| ${protocol} protocol | tps | CPU µs per transaction | tps to PgBouncer | CPU to PgBouncer | tps to bare | CPU to bare |`,
      '|---|---|---|---|---|---|---|',
      ...rows.map((row) => {
        const cells = [
          row.name,
          median(row.samples.map(({ tps }) => tps)).toFixed(0),
          format(medianOf(row.samples.map((sample) => sample.cpuUsPerTransaction)), 1),
          ...['pgbouncer', 'bare'].flatMap((other) => ratios(row, find(other))),
        ]
        return `| ${cells.join(' | ')} |`
      }),
    )
  }
  return lines.join('\n')
}

function ratios(row: Row, other: Row | undefined): string[] {
  const ratio = (pick: (sample: Sample) => number | null) =>
    medianOf(
      row.samples.map((sample, round) => {
        const against = other?.samples[round]
        const [mine, theirs] = [pick(sample), against === undefined ? null : pick(against)]
        return mine === null || theirs === null ? null : mine / theirs
      }),
    )
  return [
    format(
      ratio((sample) => sample.tps),
      2,
    ),
    format(
      ratio((sample) => sample.cpuUsPerTransaction),
      2,
    ),
  ]
}

function medianOf(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null)
  return there.length === 0 ? null : median(there)
}

function format(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits)
}

const BEGIN = '<!-- proxy: begin -->'
const END = '<!-- proxy: end -->'

/** Puts the table between its two marks in docs/benchmarks.md. */
function writeTable(table: string): void {
  const path = join(root, 'docs/benchmarks.md')
  const text = readFileSync(path, 'utf8')
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error(`${path} has no place for the table`)
  writeFileSync(path, `${before}${BEGIN}\n${table}\n${END}${after}`)
}
