/** Long lists of values that are compared with a searchable column: they mean what they mean in a database without acra-server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { addressOf, directly } from '../people.ts'
import { type Front, type Lab, startLab } from '../setup.ts'

const config = `schemas:
  - table: found
    columns: [id, email]
    encrypted:
      - { column: email, data_type: str, searchable: true }
`
const rows = 2000
const schema = `
CREATE TABLE found (id integer PRIMARY KEY, email bytea);
CREATE INDEX found_search ON found (pg_catalog.substr(email, 1, 33));
`

let lab: Lab
let front: Front
let client: pg.Client
before(async () => {
  lab = await startLab({ auth: 'trust' })
  await directly(lab.database, (own) => own.query(schema))
  front = await lab.front({ encryptorConfig: config })
  client = new pg.Client(addressOf(lab.database, front))
  await client.connect()
  const values = Array.from({ length: rows }, (_, id) => `(${id}, '${nameOf(id)}')`)
  await client.query(`INSERT INTO found VALUES ${values.join(', ')}, (-1, NULL)`)
  await directly(lab.database, (own) => own.query('ANALYZE found'))
})
after(async () => {
  await client?.end()
  await lab?.stop()
})

const nameOf = (id: number) => `user${id}@example.org`

/** A list of `count` values, of which the first and the last are those of rows. */
function listOf(count: number): string[] {
  const others = Array.from({ length: count - 2 }, (_, index) => `'nobody${index}@example.org'`)
  return [`'${nameOf(1)}'`, ...others, `'${nameOf(2)}'`]
}

async function ids(condition: string, values: unknown[] = []): Promise<number[]> {
  const sql = `SELECT id FROM found WHERE ${condition} ORDER BY id`
  const { rows: found } = await client.query<{ id: number }>(sql, values)
  return found.map(({ id }) => id)
}

for (const count of [2, 32, 33, 64, 65, 1000, 20_000]) {
  test(`IN, = ANY (ARRAY[...]), NOT IN and NOT (... IN ...) of ${count} values`, async () => {
    const list = listOf(count).join(', ')
    assert.deepEqual(await ids(`email IN (${list})`), [1, 2])
    assert.deepEqual(await ids(`email = ANY (ARRAY[${list}])`), [1, 2])
    const others = rows - 2
    assert.equal((await ids(`email NOT IN (${list})`)).length, others)
    assert.equal((await ids(`NOT (email IN (${list}))`)).length, others)
    assert.equal((await ids(`email <> ALL (ARRAY[${list}])`)).length, others)
  })
}

test('NULL in a long list leaves what is not found unknown', async () => {
  const list = listOf(5000).toSpliced(2500, 1, 'NULL').join(', ')
  assert.deepEqual(await ids(`email IN (${list})`), [1, 2])
  assert.deepEqual(await ids(`email NOT IN (${list})`), [])
  assert.equal((await ids(`(email IN (${list})) IS NULL`)).length, rows - 2 + 1)
})

test('parameters, values that are computed and literals stand in one long list', async () => {
  const list = listOf(3000)
  list.splice(100, 1, '$1')
  list.splice(2000, 1, "lower('USER7@example.org')")
  list.splice(2900, 1, '$2')
  const found = await ids(`email IN (${list.join(', ')})`, [nameOf(5), null])
  assert.deepEqual(found, [1, 2, 5, 7])
})

test('60,000 parameters stand in one list', async () => {
  const values = [nameOf(3), ...Array.from({ length: 59_999 }, (_, index) => `nobody${index}`)]
  const list = values.map((_, index) => `$${index + 1}`).join(', ')
  assert.deepEqual(await ids(`email IN (${list})`, values), [3])
})

test('rows are compared with a long list of rows', async () => {
  const pairs = listOf(2000).map((value, index) => `(${value}, ${index === 0 ? 1 : -5})`)
  assert.deepEqual(await ids(`(email, id) IN (${pairs.join(', ')})`), [1])
})

test('the index for searches serves lists of every length, with literals and with parameters', async () => {
  // In so small a table reading all of it may be as cheap: what matters is that the index can serve.
  await client.query('SET enable_seqscan = off')
  for (const count of [2, 100]) {
    const sql = `EXPLAIN SELECT id FROM found WHERE email IN (${listOf(count).join(', ')})`
    const { rows: plan } = await client.query<{ 'QUERY PLAN': string }>(sql)
    assert.match(plan.map((line) => line['QUERY PLAN']).join('\n'), /Index.*found_search/s)
  }
  await client.query('SET plan_cache_mode = force_generic_plan')
  const list = Array.from({ length: 50 }, (_, index) => `$${index + 1}`)
  const values = list.map((_, index) => nameOf(index))
  await client.query(
    `PREPARE many (${list.map(() => 'text').join(', ')}) AS SELECT id FROM found WHERE email IN (${list.join(', ')})`,
  )
  const given = values.map((value) => `'${value}'`).join(', ')
  const { rows: plan } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN EXECUTE many (${given})`,
  )
  assert.match(plan.map((line) => line['QUERY PLAN']).join('\n'), /Index.*found_search/s)
  await client.query('RESET plan_cache_mode')
  await client.query('RESET enable_seqscan')
})

test('a long OR of comparisons is answered', async () => {
  const list = listOf(5000).map((value) => `email = ${value}`)
  assert.deepEqual(await ids(list.join(' OR ')), [1, 2])
})
