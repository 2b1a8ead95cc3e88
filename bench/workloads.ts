/** What is asked through the contestants: tables, the scripts of pgbench, and which contestants are compared by which of them. */
import pg from 'pg'
import type { Name } from './contestants.ts'

/** Rows of a group, and groups. */
const GROUP_ROWS = 50
const GROUPS = 200
/** Characters of a text. */
const TEXT_SIZE = 100

/** The tables: the same rows, once as they are and once with three protected columns. */
export const schema = `
CREATE TABLE clear (id int PRIMARY KEY, grp int, a text, b text, c text, d int, e int);
CREATE TABLE sealed (id int PRIMARY KEY, grp int, a bytea, b bytea, c bytea, d int, e int);
CREATE TABLE clear_log (id int, a text, b text, c text);
CREATE TABLE sealed_log (id int, a bytea, b bytea, c bytea);
`
const indexes = `
CREATE INDEX ON clear (grp);
CREATE INDEX ON sealed (grp);
VACUUM ANALYZE clear;
VACUUM ANALYZE sealed;
`

const columns = ['a', 'b', 'c'].map(
  (name) => `      - {column: ${name}, crypto_envelope: acrablock, data_type: str}\n`,
)
export const encryptorConfig = `schemas:
  - table: sealed
    columns: [id, grp, a, b, c, d, e]
    encrypted:
${columns.join('')}  - table: sealed_log
    columns: [id, a, b, c]
    encrypted:
${columns.join('')}`

const textOf = (id: number, column: string) => `${column}${id}`.padEnd(TEXT_SIZE, 'x')

/**
 * Fills the tables, `sealed` through the contestant at `port` that protects it, and makes sure that its values are sealed in the
 * database and come back.
 */
export async function fill(databaseUrl: string, port: number): Promise<void> {
  const database = new pg.Client({ connectionString: databaseUrl })
  const front = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  await database.connect()
  await front.connect()
  for (let group = 1; group <= GROUPS; group++) {
    for (const [client, table] of [
      [database, 'clear'],
      [front, 'sealed'],
    ] as const) {
      await client.query(`INSERT INTO ${table} VALUES ${rowsOf(group).join(', ')}`)
    }
  }
  await database.query('CHECKPOINT')
  for (const statement of indexes.trim().split('\n')) await database.query(statement)
  const ask = 'SELECT a FROM sealed WHERE id = 1'
  const opened = await front.query<{ a: string }>(ask)
  const stored = await database.query<{ a: Buffer }>(ask)
  if (opened.rows[0]?.a !== textOf(1, 'a')) throw new Error('a protected value does not come back')
  if (stored.rows[0]?.a[0] !== 0x25) throw new Error('a protected value is not protected')
  await front.end()
  await database.end()
}

function rowsOf(group: number): string[] {
  return Array.from({ length: GROUP_ROWS }, (_, at) => {
    const id = (group - 1) * GROUP_ROWS + at + 1
    const texts = ['a', 'b', 'c'].map((column) => `'${textOf(id, column)}'`)
    return `(${id}, ${group}, ${texts.join(', ')}, ${id}, ${group})`
  })
}

const oneRow = (table: string) =>
  `\\set id random(1, ${GROUPS * GROUP_ROWS})\nSELECT id, a, b, c, d, e FROM ${table} WHERE id = :id;\n`
const group = (table: string) =>
  `\\set grp random(1, ${GROUPS})\nSELECT id, a, b, c, d, e FROM ${table} WHERE grp = :grp;\n`
const insert = (table: string) =>
  `\\set id random(1, 1000000)\nINSERT INTO ${table} (id, a, b, c) VALUES (:id, '${textOf(1, 'a')}', '${textOf(1, 'b')}', '${textOf(1, 'c')}');\n`

/** A load, and who is compared under it. */
export interface Workload {
  readonly title: string
  readonly protocol: 'simple' | 'prepared'
  readonly clients: readonly number[]
  /** A script for each contestant; null for pgbench's own select-only. */
  readonly scripts: Readonly<Partial<Record<Name, string | null>>>
}

/** The same script for all of them. */
function all(names: readonly Name[], script: string | null): Workload['scripts'] {
  return Object.fromEntries(names.map((name) => [name, script]))
}

const proxies: readonly Name[] = [
  'direct',
  'pgbouncer',
  'haproxy',
  'bare',
  'acra-server',
  'unix socket',
]
const variants: readonly Name[] = ['bare', 'frames', 'acra-server', 'public api', 'no scan']

export const workloads = {
  simple: {
    title: 'select-only, simple protocol',
    protocol: 'simple',
    clients: [1, 16, 64],
    scripts: all(proxies, null),
  },
  prepared: {
    title: 'select-only, prepared',
    protocol: 'prepared',
    clients: [1, 16, 64],
    scripts: all(proxies, null),
  },
  variants: {
    title: 'select-only, prepared, other ways',
    protocol: 'prepared',
    clients: [16],
    scripts: all([...variants, 'pgbouncer tls', 'tls', '2 workers'], null),
  },
  rows: {
    title: '50 rows of 6 columns, prepared',
    protocol: 'prepared',
    clients: [16],
    scripts: {
      ...all([...proxies, 'no scan', 'pgbouncer 64k', 'pgbouncer tls', 'tls'], group('clear')),
      ...all(['protected', 'protected, 2 workers'], group('sealed')),
    },
  },
  row: {
    title: 'one row with three protected columns, prepared',
    protocol: 'prepared',
    clients: [1, 16],
    scripts: { 'acra-server': oneRow('clear'), protected: oneRow('sealed') },
  },
  insert: {
    title: 'INSERT with three protected literals, simple protocol',
    protocol: 'simple',
    clients: [16],
    scripts: { 'acra-server': insert('clear_log'), protected: insert('sealed_log') },
  },
} as const satisfies Record<string, Workload>

export type WorkloadName = keyof typeof workloads
