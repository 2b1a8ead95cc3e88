/** What the database says of values - plans, and errors that quote them - shows what it was given: ciphertext. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { findCanary, searchable } from './canary.ts'
import { type Lab, startLab } from './setup.ts'

const encryptorConfig = `
schemas:
  - table: cards
    columns: [id, pan, holder, note]
    encrypted:
      - { column: pan, searchable: true, data_type: str }
      - { column: holder, data_type: str }
  - table: odd
    columns: [id, value]
    encrypted:
      - { column: value, data_type: str }
`
const PAN = '4929123456781234'
const HOLDER = 'ann heron97011k'

let lab: Lab
let client: pg.Client
before(async () => {
  lab = await startLab({ auth: 'trust' })
  const direct = new pg.Client({ connectionString: lab.database.url() })
  await direct.connect()
  await direct.query(`
    CREATE TABLE cards (id int PRIMARY KEY, pan bytea, holder bytea CHECK (length(holder) <> 0), note text);
    CREATE UNIQUE INDEX ON cards (substr(pan, 1, 33));
    CREATE TABLE odd (id int PRIMARY KEY, value int)`)
  await direct.end()
  const front = await lab.front({ encryptorConfig })
  const { host, port } = front
  client = new pg.Client({ host, port, user: lab.database.user, database: 'postgres' })
  await client.connect()
  await client.query(`INSERT INTO cards (id, pan, holder) VALUES (1, '${PAN}', '${HOLDER}')`)
})
after(async () => {
  await client.end()
  await lab.stop()
})

function assertHidden(text: string): void {
  const bytes = searchable(Buffer.from(text))
  for (const canary of [PAN, HOLDER]) assert.equal(findCanary(canary, bytes), null, text)
}

async function plan(statement: string | { text: string; values: string[] }): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(statement as string)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

async function failure(statement: string | { text: string; values: string[] }) {
  const error = await client.query(statement as string).then(
    () => assert.fail('it should fail'),
    (reason: pg.DatabaseError) => reason,
  )
  assertHidden(JSON.stringify({ ...error, message: error.message }))
  return error
}

for (const output of ['hex', 'escape']) {
  test(`EXPLAIN shows the ciphertext, bytea_output ${output}`, async () => {
    await client.query(`SET bytea_output = '${output}'`)
    const search = await plan(`EXPLAIN SELECT id FROM cards WHERE pan = '${PAN}'`)
    assertHidden(search)
    assert.match(search, /substr\(pan, 1, 33\).*(\\x7f|\\177)/)
    const insert = `INSERT INTO cards (id, pan, holder) VALUES (2, '${PAN}', '${HOLDER}')`
    const stored = await plan(`EXPLAIN (VERBOSE, COSTS OFF) ${insert}`)
    assertHidden(stored)
    assert.match(stored, output === 'hex' ? /'\\x252525/ : /%%%/)
    assertHidden(await plan({ text: 'EXPLAIN SELECT id FROM cards WHERE pan = $1', values: [PAN] }))
    await client.query('PREPARE q (text) AS SELECT id FROM cards WHERE pan = $1')
    const executed = await plan(`EXPLAIN EXECUTE q ('${PAN}')`)
    assertHidden(executed)
    assert.match(executed, /substr\(pan, 1, 33\).*(\\x7f|\\177)/)
    await client.query('DEALLOCATE q')
    await client.query('RESET bytea_output')
  })
}

test('the DETAIL of a violated unique index quotes the search hash', async () => {
  for (const statement of [
    `INSERT INTO cards (id, pan) VALUES (3, '${PAN}')`,
    { text: 'INSERT INTO cards (id, pan) VALUES (3, $1)', values: [PAN] },
  ]) {
    const { code, detail } = await failure(statement)
    assert.equal(code, '23505')
    assert.match(detail ?? '', /^Key \(substr\(pan, 1, 33\)\)=\(\\x7f[0-9a-f]+\) already exists\.$/)
  }
})

test('a row that violates a constraint is quoted as it would be stored', async () => {
  const { code, detail } = await failure(
    `INSERT INTO cards (id, pan, holder) VALUES (NULL, '4000111122223333', '${HOLDER}')`,
  )
  assert.equal(code, '23502')
  assert.match(detail ?? '', /^Failing row contains \(null, \\x7f[0-9a-f.]+, \\x252525[0-9a-f.]+/)
})

test('a literal that is none of its type is quoted as it was rewritten', async () => {
  const { code, message } = await failure(`INSERT INTO odd (id, value) VALUES (1, '${PAN}')`)
  assert.equal(code, '22P02')
  assert.match(message, /^invalid input syntax for type integer: "\\x252525/)
})
