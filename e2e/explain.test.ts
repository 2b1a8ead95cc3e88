/** Explanations through acra-server, and the indexes that it asks for, on a real database. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import postgres from 'postgres'
import { root } from '../tools/repository.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { message } from './frontend.ts'
import { addressOf, directly } from './people.ts'
import { RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const encryptorConfig = `schemas:
  - table: users
    columns: [id, email, token, note]
    encrypted:
      - { column: email, data_type: str, searchable: true }
      - { column: token, token_type: email, tokenized: true, consistent_tokenization: true }
`
const SECRET = 'ann@example.org'

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab({ auth: 'trust' })
  await directly(lab.database, (client) =>
    client.query(
      'CREATE TABLE users (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, email bytea, token text, note text)',
    ),
  )
  front = await lab.front({ encryptorConfig })
})
after(() => lab.stop())

async function through<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(addressOf(lab.database, front))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The lines of one column of an answer. */
async function lines(client: pg.Client, sql: string, values?: unknown[]): Promise<string[]> {
  const { rows } = await client.query({ text: sql, rowMode: 'array', ...(values && { values }) })
  return rows.map(([line]) => line)
}

test('EXPLAIN PROTECTION answers rows in a transaction, and no value of it reaches the database', async () => {
  front.tap.take()
  await through(async (client) => {
    await client.query('BEGIN')
    const said = await lines(
      client,
      `explain protection UPDATE users SET email = '${SECRET}' WHERE note = '${SECRET}'`,
    )
    assert.match(said[0]!, /^class: rewritten/)
    assert.ok(said.some((line) => /literal at 1:26: users\.email, stored as/.test(line)))
    const { rows } = await client.query('SELECT 1 AS one')
    assert.deepEqual(rows, [{ one: 1 }])
    await client.query('COMMIT')
  })
  assert.ok(!front.tap.take().toDatabase.includes(SECRET))
})

test('by the extended protocol, parameters of an explained statement stay here', async () => {
  front.tap.take()
  const sql = 'EXPLAIN PROTECTION SELECT email FROM users WHERE email = $1 AND note = $2'
  await through(async (client) => {
    const said = await lines(client, sql, [SECRET, SECRET])
    assert.ok(said.some((line) => /^ {2}\$1: users\.email, compared by/.test(line)))
    const named = { name: 'q', text: sql, values: [SECRET, null] }
    for (let run = 0; run < 2; run++)
      assert.equal((await client.query(named)).fields[0]?.name, 'QUERY PROTECTION')
  })
  const { user, ...address } = addressOf(lab.database, front)
  const other = postgres({ ...address, username: user, max: 1 })
  const refused = await other.unsafe('EXPLAIN PROTECTION SELECT lower(email) FROM users')
  assert.match(refused[0]?.['QUERY PROTECTION'], /^class: refused/)
  await other.end()
  assert.ok(!front.tap.take().toDatabase.includes(SECRET))
})

test('in a pipeline an explanation answers in its turn, also after a statement that has failed', async () => {
  const client = await RawClient.connect(addressOf(lab.database, front))
  const { parse, bind, describe, execute, sync } = message
  const ask = (sql: string) => [parse(sql), bind(), describe('P'), execute()]
  client.send(
    ...ask('SELECT 1'),
    ...ask('EXPLAIN PROTECTION SELECT email FROM users'),
    ...ask('SELECT 2'),
    sync(),
    ...ask('SELECT nothing'),
    ...ask('EXPLAIN PROTECTION SELECT 1'),
    sync(),
    ...ask('EXPLAIN PROTECTION SELECT 1'),
    sync(),
  )
  let types = ''
  for (let turn = 0; turn < 3; turn++)
    for (const { type } of await client.untilReady()) types += type
  assert.match(types, /^12TDC12TD+C12TDCZEZ12TDCZ$/)
  client.close()
})

test('with the indexes of --print_ddl equal values conflict, and =, IN and joins find by index', async () => {
  const sandbox = createSandbox('explain')
  try {
    const config = join(sandbox.folder, 'config.yaml')
    writeFileSync(config, encryptorConfig)
    const program = join(root, 'packages/suite/bin/acra-server.js')
    const flags = [
      `--encryptor_config_file=${config}`,
      '--print_ddl',
      '--print_ddl_unique=users.email',
    ]
    const definitions = execFileSync(process.execPath, [program, ...flags], { encoding: 'utf8' })
    await through((client) => client.query(definitions))
    // Its remarks are right too: the column may be given that type, or has it.
    await directly(lab.database, (client) =>
      client.query('ALTER TABLE users ALTER COLUMN token TYPE text'),
    )
  } finally {
    await sandbox.remove()
  }
  await through(async (client) => {
    const upsert =
      'INSERT INTO users (email, token) VALUES ($1, $1) ON CONFLICT (email) DO UPDATE SET note = $2 RETURNING id, email, note'
    const one = 'INSERT INTO users (email, token, note) VALUES ($1, $2, $3)'
    await client.query(one, [SECRET, SECRET, 'first'])
    await assert.rejects(client.query(one, [SECRET, SECRET, 'again']), { code: '23505' })
    const once = upsert.replace('VALUES ($1, $1)', 'VALUES ($1, $3)')
    const { rows } = await client.query(once, [SECRET, 'seen', SECRET])
    assert.deepEqual(rows, [{ id: 1, email: SECRET, note: 'seen' }])

    await client.query('SET enable_seqscan = off')
    const plan = async (sql: string) => (await lines(client, `EXPLAIN ${sql}`)).join('\n')
    for (const condition of [
      `email = '${SECRET}'`,
      `'${SECRET}' = email`,
      `email IN ('${SECRET}', 'x')`,
      `email = ANY ('{${SECRET},x}')`,
      `email IS NOT NULL AND email = '${SECRET}'::text`,
    ]) {
      const said = await plan(`SELECT id FROM users WHERE ${condition}`)
      assert.match(said, /Index Scan (?:using|on) users_email_unique/, condition)
    }
    assert.match(
      await plan(`SELECT id FROM users WHERE token = '${SECRET}'`),
      /Index Scan (?:using|on) users_token_search/,
    )
    await client.query('SET enable_hashjoin = off; SET enable_mergejoin = off')
    assert.match(
      await plan('SELECT a.id, b.id FROM users a LEFT JOIN users b ON a.email = b.email'),
      /Index Scan using users_email_unique/,
    )
  })
})

test('the command line explains a file, and says what is wrong with what it is given', async () => {
  const sandbox = createSandbox('explain')
  try {
    const config = join(sandbox.folder, 'config.yaml')
    const file = join(sandbox.folder, 'statement.sql')
    writeFileSync(config, encryptorConfig)
    writeFileSync(file, `SELECT id FROM users\nWHERE email = '${SECRET}'`)
    const program = join(root, 'packages/suite/bin/acra-server.js')
    const flags = ['--explain-sql', `--encryptor-config-file=${config}`]
    const ask = (...words: string[]) =>
      execFileSync(process.execPath, [program, ...flags, ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    const { values, class: kind } = JSON.parse(ask(`--explain-file=${file}`, '--json'))
    assert.equal(kind, 'rewritten')
    assert.deepEqual(values[0].source, { line: 2, column: 15 })
    const failing = (pattern: RegExp, ...words: string[]) =>
      assert.throws(
        () => ask(...words),
        ({ stderr }) => pattern.test(stderr),
        String(pattern),
      )
    failing(/put quotes around the statement/, 'SELECT', '1')
    failing(/cannot be given together/, `--explain-file=${file}`, 'SELECT 1')
    failing(/cannot be asked for together/, '--print-ddl', 'SELECT 1')
    failing(/encryptor_config_file is empty/, '--encryptor-config-file=', 'SELECT 1')
    failing(
      /no searchable column of this name: users\.note/,
      '--explain-sql=false',
      '--print-ddl',
      '--print-ddl-unique=users.note,users.email',
    )
    failing(/unexpected argument: SELECT 1/, '--explain-sql=false', 'SELECT 1')
  } finally {
    await sandbox.remove()
  }
})
