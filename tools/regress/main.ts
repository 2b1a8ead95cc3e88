/**
 * `npm run regress -- --sources=FOLDER`: PostgreSQL's own regression suite, whose sources are not kept here, run directly and through acra-server.
 * What counts are the files whose output differs from that of the direct run. Ends with 1 where more differ than is allowed.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { postgresVersions } from '../postgres.ts'
import { printDifferences } from './differences.ts'
import { runFiles, type Way, ways } from './runs.ts'

const USAGE = `usage: npm run regress -- --sources=FOLDER [options]

Runs the SQL files of PostgreSQL's regression suite directly and through acra-server, and says which outputs differ.

  --sources=FOLDER         src/test/regress of PostgreSQL's sources, for example of \`apt-get source postgresql-15\`;
                           the folder and those above it must be readable by everybody, as the database reads from it
  --ways=WAY,...           how to come to the database besides directly: ${ways.join(', ')} (default: all)
                             plain      acra-server without an encryptor config
                             protected  one protected table, --schema_introspection
                             trusted    the same, and trusted_functions lists what the suite's files call with values,
                                        write in C or with EXECUTE, or define operators and aggregates by
  --files=NAME,...         SQL files without .sql, in this order (default: those of parallel_schedule)
  --library=FOLDER         where regress.so is, if it was built: without it what needs it fails in every run
  --postgres_version=N     the database (default: the newest of ${postgresVersions().slice(1).join(', ') || 'Debian'} that is installed, else 18)
  --differ_max_plain=N     as many files may differ (default: 0)
  --differ_max_protected=N as many files may differ (default: any number)
  --differ_max_trusted=N   as many files may differ (default: 47, as docs/testing.md has it)
  --output=FOLDER          gets NAME.out of each run, and NAME.diff where one differs (default: .build/regress)
  --help                   this text
`

const options = {
  sources: { type: 'string' },
  ways: { type: 'string', default: ways.join(',') },
  files: { type: 'string' },
  library: { type: 'string' },
  postgres_version: { type: 'string', default: postgresVersions()[1] ?? '18' },
  differ_max_plain: { type: 'string', default: '0' },
  differ_max_protected: { type: 'string', default: 'Infinity' },
  differ_max_trusted: { type: 'string', default: '47' },
  output: { type: 'string', default: '.build/regress' },
  help: { type: 'boolean', default: false },
} as const

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({ options })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const chosen = values.ways.split(',').map(wayOf)
  const sources = sourcesIn(values.sources)
  const files = values.files?.split(',') ?? scheduled(sources)
  const output = resolve(values.output)
  prepare(output)
  const run = async (way: Way | 'direct') => {
    const folder = join(output, way)
    prepare(folder)
    const began = performance.now()
    const { postgres_version: version } = values
    await runFiles(way, { sources, files, folder, version, library: values.library ?? sources })
    console.log(
      `${way}: ${files.length} files, ${Math.round((performance.now() - began) / 1000)} s`,
    )
    return folder
  }
  const direct = await run('direct')
  let fails = false
  for (const way of chosen) {
    const count = printDifferences(way, files, direct, await run(way))
    if (count > Number(values[`differ_max_${way}`])) fails = true
  }
  return fails ? 1 : 0
}

function wayOf(name: string): Way {
  const way = ways.find((known) => known === name)
  if (way === undefined) throw new Error(`--ways is one or more of ${ways.join(', ')}`)
  return way
}

function sourcesIn(folder: string | undefined): string {
  if (folder === undefined) throw new Error(`--sources is missing\n${USAGE}`)
  const inside = [folder, join(folder, 'src/test/regress')].map((path) => resolve(path))
  const sources = inside.find((path) => existsSync(join(path, 'parallel_schedule')))
  if (sources === undefined)
    throw new Error(
      `--sources=${folder} has no parallel_schedule: it is src/test/regress of PostgreSQL`,
    )
  return sources
}

/** The files of the schedule, one after the other: groups that may run side by side do not have to. */
function scheduled(sources: string): string[] {
  return readFileSync(join(sources, 'parallel_schedule'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('test:'))
    .flatMap((line) => line.slice('test:'.length).trim().split(/\s+/))
}

/** An empty folder in which the database may write, too. */
function prepare(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'results'), { recursive: true })
  for (const path of [folder, join(folder, 'results')]) chmodSync(path, 0o777)
  writeFileSync(join(folder, '.gitignore'), '*\n')
}
