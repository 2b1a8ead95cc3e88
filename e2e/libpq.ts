/** psql by its command line: with the system's libpq, or with that of PostgreSQL 18, which knows newer options. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { findBinaries } from '../tools/postgres-binaries.ts'

export interface PsqlResult {
  readonly ok: boolean
  /** What it printed, errors with it. */
  readonly output: string
}

/** Runs one statement; `options` are libpq's, as in a connection string. */
export function psql(
  options: Readonly<Record<string, string | number>>,
  sql: string,
  libpq: 'system' | '18' = 'system',
): Promise<PsqlResult> {
  const words = Object.entries(options).map(([name, value]) => `${name}='${value}'`)
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8' }
  return new Promise((resolve) => {
    execFile(
      'psql',
      ['-X', '-A', '-t', '-c', sql, words.join(' ')],
      { env: { ...env, ...(libpq === '18' ? newerLibrary() : {}) } },
      (error, stdout, stderr) =>
        resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() }),
    )
  })
}

function newerLibrary() {
  const library = join(findBinaries('18').folder, 'lib')
  return { LD_LIBRARY_PATH: library, LD_PRELOAD: join(library, 'libpq.so.5.18') }
}
