/**
 * What standing between an application and PostgreSQL costs: pgbench through nothing, PgBouncer, HAProxy, the smallest relay in
 * Node, and acra-server in its ways; idle connections and slow readers. All run in turn, on one machine: only ratios
 * within a run mean anything.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { type Postgres, startPostgres } from '../tools/postgres.ts'
import { root } from '../tools/repository.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { type Contestant, type Name, start } from './contestants.ts'
import { writeSection } from './document.ts'
import { prepareGround } from './ground.ts'
import { type IdleRow, idleNames, measureIdle } from './idle.ts'
import { machine } from './machine.ts'
import { installPrograms } from './programs.ts'
import { measureAll, type Settings } from './rounds.ts'
import { measureSlowReader, type SlowRow, slowNames } from './slow-reader.ts'
import { type Report, tablesOf } from './tables.ts'
import { workloads } from './workloads.ts'

const everybody = [
  ...new Set([
    ...Object.values(workloads).flatMap(({ scripts }) => Object.keys(scripts) as Name[]),
    ...idleNames,
    ...slowNames,
  ]),
]

const usage = `npm run bench -- proxy [--seconds=3] [--rounds=3] [--idle=5000] [--only=NAME,...] [--json=FILE] [--from=FILE] [--write]
  --idle   idle connections; 0 leaves them out
  --only   of: ${everybody.join(', ')}
  --json   where every sample goes, after each round; default .build/bench-proxy.json
  --from   makes the tables from such a file
  --write  puts the tables into docs/benchmarks.md`

export async function proxyBench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      idle: { type: 'string', default: '5000' },
      only: { type: 'string', default: '' },
      json: { type: 'string', default: join(root, '.build/bench-proxy.json') },
      from: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const selected = select(values.only)
  if (!(await installThem(selected))) return 1
  const settings = {
    seconds: whole('seconds', values.seconds, 1),
    rounds: whole('rounds', values.rounds, 1),
  }
  const save = (report: Report) =>
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  const report = values.from
    ? (JSON.parse(readFileSync(values.from, 'utf8')) as Report)
    : await measure(selected, settings, whole('idle', values.idle, 0), save)
  save(report)
  const tables = tablesOf(report)
  console.log(`\n${tables}\n\n${values.json}`)
  if (values.write) writeSection('proxy', tables)
  return 0
}

function select(only: string): Name[] {
  if (only === '') return everybody
  return only.split(',').map((part) => {
    const found = everybody.find((name) => name === part)
    if (found === undefined) throw new Error(`nothing to measure is called "${part}"`)
    return found
  })
}

function whole(name: string, text: string, min: number): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= min) return Number(text)
  throw new Error(`--${name} is a whole number, at least ${min}`)
}

/** Sees to it that what is measured is there. */
function installThem(selected: readonly Name[]): Promise<boolean> {
  const isThere = (word: string) => selected.some((name) => name.startsWith(word))
  return installPrograms([
    { program: 'pgbench', package: 'postgresql' },
    { program: 'openssl', package: 'openssl', version: 'version' },
    ...(isThere('pgbouncer') ? [{ program: 'pgbouncer', package: 'pgbouncer' }] : []),
    ...(isThere('haproxy') ? [{ program: 'haproxy', package: 'haproxy', version: '-v' }] : []),
  ])
}

async function measure(
  selected: readonly Name[],
  settings: Settings,
  idleCount: number,
  save: (report: Report) => void,
): Promise<Report> {
  const sandbox = createSandbox('bench')
  const postgres = await startPostgres({ auth: 'trust', settings: { max_connections: '600' } })
  try {
    const at = machine()
    const versions = await versionsOf(postgres)
    const ground = await prepareGround(sandbox, postgres)
    const contestants = new Map<Name, Contestant>()
    for (const name of selected) contestants.set(name, await start(name, ground))
    const idle: IdleRow[] =
      idleCount === 0 ? [] : await measureIdle(among(idleNames, selected), ground, idleCount)
    const partly = (cells: Report['cells']) =>
      save({ machine: at, versions, settings, cells, slow: [], idle })
    const cells = await measureAll(contestants, settings, sandbox.folder, partly)
    const slow: SlowRow[] = []
    for (const name of slowNames) {
      const contestant = contestants.get(name)
      if (contestant !== undefined) slow.push(await measureSlowReader(contestant))
    }
    return { machine: at, versions, settings, cells, slow, idle }
  } finally {
    await sandbox.remove()
    await postgres.stop()
  }
}

function among(names: readonly Name[], selected: readonly Name[]): Name[] {
  return names.filter((name) => selected.includes(name))
}

async function versionsOf(postgres: Postgres): Promise<string[]> {
  const client = new pg.Client({ connectionString: postgres.url() })
  await client.connect()
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
  await client.end()
  return [
    `PostgreSQL ${rows[0]?.server_version}`,
    version('pgbench', '--version'),
    version('pgbouncer', '--version'),
    version('haproxy', '-v').replace(/ - .*/, ''),
  ].filter((version) => version !== '')
}

/** The first line that the program says of its version; empty where it cannot be run. */
function version(program: string, flag: string): string {
  const { stdout } = spawnSync(program, [flag], { encoding: 'utf8' })
  return stdout?.split('\n')[0]?.trim() ?? ''
}
