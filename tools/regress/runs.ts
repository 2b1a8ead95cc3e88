/** One run of the suite: a database of its own, and a way to it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { type Postgres, startPostgres } from '../postgres.ts'
import { createKeys, startAcraServer } from '../programs.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'
import { trustedFunctions } from './trusted-functions.ts'

/** How to come to the database through acra-server. */
export const ways = ['plain', 'protected', 'trusted'] as const
export type Way = (typeof ways)[number]

export interface Suite {
  /** `src/test/regress` of PostgreSQL. */
  readonly sources: string
  /** SQL files without their ending. */
  readonly files: readonly string[]
  /** Gets the outputs. */
  readonly folder: string
  /** Of PostgreSQL. */
  readonly version: string
  /** The folder of regress.so. */
  readonly library: string
}

const clientId = 'regress'
const database = 'regression'
const FILE_TIMEOUT_MS = 600_000

/** One protected table, whose columns have names that others have too. It is there in every run. */
const schema = 'CREATE TABLE acra_people (id integer, name bytea, email bytea)'
const encryptorConfig = `schemas:
  - table: acra_people
    encrypted:
      - { column: name, data_type: str }
      - { column: email, data_type: str, searchable: true }
`
const trusting = `trusted_functions: [${trustedFunctions.join(', ')}]\n`
const protecting = ['--schema_introspection', '--schema_introspection_user=postgres']

/** Runs all files one after the other, as pg_regress does: `psql -X -a -q`, its output in a file. */
export async function runFiles(way: Way | 'direct', suite: Suite): Promise<void> {
  const sandbox = createSandbox('regress')
  const postgres = await startPostgres({
    version: suite.version,
    auth: 'trust',
    inMemory: true,
    settings: { max_prepared_transactions: '2', autovacuum: 'on' },
  })
  try {
    await prepareDatabase(postgres)
    const address = way === 'direct' ? postgres : await serve(way, sandbox, postgres)
    for (const file of suite.files) await runFile(file, address, suite)
  } finally {
    await sandbox.remove()
    await postgres.stop()
  }
}

async function prepareDatabase(postgres: Postgres): Promise<void> {
  const statements = [
    [postgres.database, `CREATE DATABASE ${database} TEMPLATE template0`],
    ...['lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time'].map((name) => [
      database,
      `ALTER DATABASE ${database} SET ${name} TO 'C'`,
    ]),
    [database, `ALTER DATABASE ${database} SET timezone_abbreviations TO 'Default'`],
    [database, schema],
  ] as const
  for (const [name, statement] of statements) {
    const client = new pg.Client({ connectionString: postgres.url(name) })
    await client.connect()
    await client.query(statement ?? '')
    await client.end()
  }
}

async function serve(
  way: Way,
  sandbox: Sandbox,
  postgres: Postgres,
): Promise<{ host: string; port: number }> {
  const keys = await createKeys(sandbox.folder, [clientId])
  const common = { clientId, keys, database: postgres }
  if (way === 'plain') return startAcraServer(sandbox, common)
  const config = join(sandbox.folder, 'encryptor_config.yaml')
  await writeFile(config, way === 'trusted' ? encryptorConfig + trusting : encryptorConfig)
  return startAcraServer(sandbox, { ...common, encryptorConfig: config, flags: protecting })
}

async function runFile(
  file: string,
  address: { readonly host: string; readonly port: number },
  { sources, folder, library }: Suite,
): Promise<void> {
  const input = openSync(join(sources, 'sql', `${file}.sql`), 'r')
  const output = openSync(join(folder, `${file}.out`), 'w')
  const settings = ['-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on']
  const args = ['-X', '-a', '-q', '-d', database, ...settings]
  try {
    const child = spawn('psql', args, {
      cwd: folder,
      stdio: [input, output, output],
      timeout: FILE_TIMEOUT_MS,
      env: {
        PATH: process.env.PATH,
        PGHOST: address.host,
        PGPORT: String(address.port),
        PGUSER: 'postgres',
        PGTZ: 'PST8PDT',
        PGDATESTYLE: 'Postgres, MDY',
        PGOPTIONS: '-c intervalstyle=postgres_verbose',
        LC_MESSAGES: 'C',
        PG_ABS_SRCDIR: sources,
        PG_ABS_BUILDDIR: folder,
        PG_LIBDIR: library,
        PG_DLSUFFIX: '.so',
      },
    })
    await once(child, 'exit')
  } finally {
    closeSync(input)
    closeSync(output)
  }
}
