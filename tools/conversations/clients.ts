/** What is recorded: clients that people use, each in every protocol that it has. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import postgres from 'postgres'

export interface Address {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** The tables that recorded clients work on. What begins with `sealed:` is an envelope when the recording is replayed. */
export const schema = `
CREATE TABLE users (id integer PRIMARY KEY, email bytea, photo bytea, note text);
CREATE TABLE notes (id integer PRIMARY KEY, text text);
INSERT INTO users VALUES (1, 'sealed:ann@example.org', NULL, 'a note'), (2, NULL, NULL, '');
INSERT INTO notes VALUES (1, 'first'), (2, NULL), (3, 'third');
`

const script =
  (sql: string, ...flags: readonly string[]) =>
  (address: Address) =>
    run('psql', ['-X', '-v', 'VERBOSITY=terse', ...flags, '-f', '-'], address, sql)

/** Recordings by name. */
export const clients: Readonly<Record<string, (address: Address) => Promise<unknown>>> = {
  'psql-statements': script(`
    SELECT id, email, note FROM users ORDER BY id;
    BEGIN;
    INSERT INTO users (id, email, note) VALUES (3, 'sealed:ben@example.org', 'it''s');
    UPDATE users SET note = 'changed' WHERE id = 3 RETURNING id, email;
    ROLLBACK;
    SELECT 1 AS one; SELECT 2 AS two;
    SELECT nothing FROM nowhere;
    DO $$ BEGIN RAISE NOTICE 'heard'; END $$;
  `),
  'psql-several-at-once': script(
    `SELECT 1 \\; SELECT note FROM users WHERE id = 1 \\; SELECT 1/0;`,
  ),
  'psql-cursor': script(`
    BEGIN;
    DECLARE c CURSOR FOR SELECT id, email FROM users ORDER BY id;
    FETCH 1 FROM c;
    FETCH ALL FROM c;
    CLOSE c;
    COMMIT;
  `),
  'psql-copy-in': script(`
COPY notes FROM STDIN;
7	seventh
8	\\N
\\.
COPY notes FROM STDIN;
wrong
\\.
DELETE FROM notes WHERE id > 6;
`),
  'psql-copy-out': script('COPY (SELECT * FROM notes ORDER BY id) TO STDOUT;'),
  'psql-describe': script('\\dt\n'),
  'pg-simple': (address) =>
    withPg(address, async (client) => {
      await client.query('SELECT id, email, note FROM users WHERE id = 1')
      await failing(client.query('SELEC 1'))
      await client.query('LISTEN news; NOTIFY news')
    }),
  'pg-prepared': (address) =>
    withPg(address, async (client) => {
      const statement = { name: 'by id', text: 'SELECT id, email FROM users WHERE id = $1' }
      await client.query({ ...statement, values: [1] })
      await client.query({ ...statement, values: [2] })
      await client.query('INSERT INTO users (id, email) VALUES ($1, $2)', [
        4,
        'sealed:eve@example.org',
      ])
      await failing(client.query('SELECT $1::integer', ['no number']))
      await client.query('DELETE FROM users WHERE id = $1', [4])
    }),
  'pg-cancelled': (address) =>
    withPg(address, async (client) => {
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
      const slow = failing(client.query('SELECT pg_sleep(60)'))
      await withPg(address, async (other) => {
        await sleep(200)
        await other.query('SELECT pg_cancel_backend($1)', [rows[0].pid])
      })
      await slow
    }),
  'postgres-js': async (address) => {
    const sql = postgres({ ...address, max: 1, fetch_types: false, onnotice: () => {} })
    await sql`SELECT id, email FROM users WHERE id = ${1}`
    await Promise.all([sql`SELECT 1 AS one`, sql`SELECT 2 AS two`, sql`SELECT id FROM users`])
    await failing(sql`SELECT nothing FROM nowhere`)
    await sql.begin(async (inside) => {
      await inside`INSERT INTO users (id, note) VALUES (${5}, ${'five'})`
      await inside`DELETE FROM users WHERE id = ${5}`
    })
    await sql`SELECT id, note FROM users ORDER BY id`.cursor(1, () => {})
    await sql.end()
  },
  ...Object.fromEntries(
    ['simple', 'extended', 'prepared'].map((protocol) => [
      `pgbench-${protocol}`,
      (address: Address) =>
        run('pgbench', ['-n', '-t', '2', '-M', protocol, '-f', '-'], address, pgbenchScript),
    ]),
  ),
  'pgbench-pipeline': (address) =>
    run('pgbench', ['-n', '-t', '2', '-M', 'prepared', '-f', '-'], address, pipelineScript),
}

const pgbenchScript = `\\set id random(1, 2)
SELECT id, email, note FROM users WHERE id = :id;
UPDATE notes SET text = 'updated' WHERE id = :id;
`

const pipelineScript = `\\set id random(1, 2)
\\startpipeline
SELECT id, email FROM users WHERE id = :id;
SELECT id, note FROM users WHERE id = :id;
\\endpipeline
`

async function withPg(address: Address, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ ...address })
  await client.connect()
  await work(client)
  await client.end()
}

/** The statement is meant to fail. */
async function failing(work: PromiseLike<unknown>): Promise<void> {
  const failed = await Promise.resolve(work).then(
    () => false,
    () => true,
  )
  if (!failed) throw new Error('a statement did not fail')
}

async function run(
  program: string,
  args: readonly string[],
  { host, port, user, database }: Address,
  input: string,
): Promise<void> {
  const environment = {
    PATH: process.env.PATH,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
    LC_ALL: 'C.UTF-8',
  }
  const child = spawn(program, args, { env: environment, stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin?.end(input)
  await once(child, 'close')
}
