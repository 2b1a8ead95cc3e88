/** Explanations and definitions by the schema of a real database: on the command line, through acra-server, and by the library. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Explainer, loadExplainer, type SchemaQueries } from '@acra-ts/suite/explain'
import pg from 'pg'
import { root } from '../tools/repository.ts'
import { addressOf, directly } from './people.ts'
import { type Lab, startLab } from './setup.ts'

const SECRET = 'the password of the account'
const PLAIN = 'ann@example.org'
const folder = mkdtempSync(join(tmpdir(), 'acra-explain-schema-'))
const passwordFile = join(folder, 'password')
const config = join(folder, 'encryptor_config.yaml')

/** No columns are listed, and one table of several: the database says what there is. */
const encryptorConfig = `schemas:
  - table: people
    encrypted:
      - { column: email, data_type: str, searchable: true }
      - { column: note, data_type: str }
`

const schema = `
CREATE TABLE people (id integer, name text, email bytea, note bytea) PARTITION BY LIST (id);
CREATE TABLE people_1 PARTITION OF people FOR VALUES IN (1);
CREATE VIEW contacts AS SELECT id AS number, email AS address, name FROM people;
CREATE SCHEMA archive;
CREATE TABLE archive.people (id integer, name text, email bytea, note bytea);
CREATE TABLE archive.friends (since date) INHERITS (archive.people);
`

let lab: Lab
before(async () => {
  writeFileSync(passwordFile, `${SECRET}\n`, { mode: 0o600 })
  writeFileSync(config, encryptorConfig)
  lab = await startLab({
    access: ['host all reader 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust'],
  })
  await directly(lab.database, async (client) => {
    await client.query(`CREATE ROLE reader LOGIN PASSWORD '${SECRET}'`)
    for (const name of ['one', 'wrong']) await client.query(`CREATE DATABASE ${name}`)
  })
  await directly(lab.database, (client) => client.query(schema), 'one')
  await directly(
    lab.database,
    (client) => client.query('CREATE TABLE people (mail bytea)'),
    'wrong',
  )
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

const introspection = [
  '--schema_introspection',
  '--schema_introspection_user=reader',
  `--schema_introspection_password_file=${passwordFile}`,
]

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs acra-server with these words; it has to end by itself. */
function ask(...words: readonly string[]): Outcome {
  const program = join(root, 'packages/suite/bin/acra-server.js')
  const address = [`--db_host=${lab.database.host}`, `--db_port=${lab.database.port}`]
  const flags = [...address, `--encryptor_config_file=${config}`]
  const { ACRA_SCHEMA_INTROSPECTION_PASSWORD: _, ...env } = process.env
  return spawnSync(process.execPath, [program, ...flags, ...words], {
    encoding: 'utf8',
    env,
    input: '',
  })
}

/** What is printed for a question to the database `one`. */
function told(...words: readonly string[]): string {
  const { status, stdout, stderr } = ask(
    ...introspection,
    '--schema_introspection_databases=one',
    ...words,
  )
  assert.equal(status, 0, stderr)
  return stdout
}

/** The library's explainer, by the schema of a database. */
function explainerBy(name: string): Promise<Explainer> {
  return directly(
    lab.database,
    (client) => {
      const database: SchemaQueries = {
        query: async (text, values = []) => (await client.query(text, [...values])).rows,
      }
      return loadExplainer(encryptorConfig, { database })
    },
    name,
  )
}

const insert = `INSERT INTO people VALUES (1, 'Ann', '${PLAIN}', NULL)`
const search = `SELECT * FROM contacts WHERE address = '${PLAIN}'`

test('--explain_sql knows columns and views that only the database has', () => {
  const written = told('--explain_sql', insert)
  assert.match(written, /^class: rewritten/)
  assert.match(written, /literal at 1:38: people\.email, stored as search hash/)
  const read = told('--explain_sql', `${search}; TABLE people_1`)
  assert.match(
    read,
    /rows of statement 1:\n {2}1: not protected\n {2}2: people\.email, decrypted, as str\n {2}3: not protected\n/,
  )
  assert.match(read, /rows of statement 2:\n(?: {2}.*\n){2} {2}3: people\.email/)
  assert.match(read, /CREATE INDEX .* ON people \(pg_catalog\.substr\(email, 1, 33\)\);/)
})

test('without the schema the same statements are explained by the config alone, and no database is asked', () => {
  const written = ask('--explain_sql', '--db_host=', insert).stdout
  assert.match(written, /^class: refused.*\nreason: .*no list of columns/)
  assert.match(ask('--explain_sql', '--db_host=', search).stdout, /^class: untouched/)
})

test('EXPLAIN PROTECTION says the same, also of a view that others have made a moment ago', async () => {
  const front = await lab.front({ encryptorConfig, flags: introspection })
  const client = new pg.Client({ ...addressOf(lab.database, front), database: 'one' })
  await client.connect()
  try {
    const lines = async (sql: string) =>
      (await client.query({ text: `EXPLAIN PROTECTION ${sql}`, rowMode: 'array' })).rows.join('\n')
    for (const sql of [insert, search, 'TABLE people_1', 'SELECT lower(address) FROM contacts'])
      assert.equal(await lines(sql), (await explainerBy('one')).describe(sql), sql)
    await directly(
      lab.database,
      (other) => other.query('CREATE VIEW notes AS SELECT note AS remark FROM people'),
      'one',
    )
    assert.match(await lines('TABLE notes'), /rows:\n {2}1: people\.note, decrypted, as str/)
  } finally {
    await client.end()
  }
  assert.ok(!front.tap.take().toDatabase.includes(PLAIN))
})

test('--print_ddl defines indexes where they are to stand: in each schema, on children, not on partitions and views', async () => {
  const definitions = told('--print_ddl', '--print_ddl_unique=archive.people.email')
  await directly(lab.database, (client) => client.query(definitions), 'one')
  const { rows } = await directly(
    lab.database,
    (client) =>
      client.query(
        "SELECT schemaname || '.' || indexname AS name FROM pg_indexes WHERE schemaname IN ('public', 'archive') ORDER BY 1",
      ),
    'one',
  )
  assert.deepEqual(
    rows.map(({ name }) => name),
    [
      'archive.friends_email_search',
      'archive.people_email_unique',
      // The partition's, which the database has made of its parent's.
      'public.people_1_substr_idx',
      'public.people_email_search',
    ],
  )
})

test('a config that the database contradicts is told with its place, as at start', () => {
  const databases = '--schema_introspection_databases=wrong'
  for (const words of [['--explain_sql', insert], ['--print_ddl']]) {
    const { status, stdout, stderr } = ask(...introspection, databases, ...words)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /encryptor_config\.yaml:4:\d+: .*email/)
  }
})

test('what is in the way of learning is told, and nothing is explained without it', () => {
  const one = '--schema_introspection_databases=one'
  const [, , password = ''] = introspection
  for (const [pattern, ...words] of [
    [/name it with --schema_introspection_databases/, ...introspection],
    [/needs an account of the database/, '--schema_introspection', one],
    [/password/, ...introspection.filter((flag) => flag !== password), one],
    [
      /database \\?"nowhere\\?" does not exist/,
      ...introspection,
      '--schema_introspection_databases=nowhere',
    ],
    [/db_host is empty/, ...introspection, one, '--db_host='],
  ] as const) {
    const { status, stdout, stderr } = ask(...words, '--explain_sql', insert)
    assert.equal(status, 1, String(pattern))
    assert.equal(stdout, '')
    assert.match(stderr, pattern)
    assert.ok(!stderr.includes(SECRET) && !stderr.includes(PLAIN))
  }
})

test('a program learns the schema by a session of its own', async () => {
  const explainer = await explainerBy('one')
  assert.equal(explainer.explain(insert).class, 'rewritten')
  assert.match(explainer.definitions(), / ON archive\.people /)
  await assert.rejects(explainerBy('wrong'), { code: 'encryptor-config-invalid' })
})
