/** Values that acra-server computes in the place of the database: held against what the database makes of the same expressions. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { firstSeed, type Random, randomFrom, runsOf } from './attack/random.ts'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { through } from './through.ts'

const encryptorConfig = `schemas:
  - table: cards
    columns: [id, mail, raw, number]
    encrypted:
      - { column: mail, data_type: str, searchable: true }
      - { column: raw, data_type: bytes }
      - { column: number, token_type: int32, consistent_tokenization: true }
`
const PLAIN = 'CREATE TABLE plain (id serial, mail text, raw bytea, number int)'
const PROTECTED = 'CREATE TABLE cards (id int, mail bytea, raw bytea, number int)'
const CANARY = 'heron52341quill'

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab()
  await directly(lab.database, (client) => client.query(`${PLAIN}; ${PROTECTED}`))
  front = await lab.front({ encryptorConfig })
})
after(() => lab.stop())

const STRINGS = ["'a''B(c'", "E'x\\ty)'", "U&'\\0041b'", '$$ d ( $$', "' Z-z '", "''", "'ab'::text"]

function textOf(random: Random, depth = 0): string {
  if (depth > 3 || random.oneIn(3)) return random.pick(STRINGS)
  const text = () => textOf(random, depth + 1)
  const number = () => random.pick(['0', '1', '2', '-1', '3', '7', '- 2'])
  return random.pick([
    () => `lower(${text()})`,
    () => `UPPER( ${text()} )`,
    () => `trim(${text()})`,
    () => `TRIM(LEADING 'a' FROM ${text()})`,
    () => `btrim(${text()}, 'xZ -')`,
    () => `rtrim(${text()})`,
    () => `(${text()} || ${text()})`,
    () => `${text()} /* || */ || ${text()}`,
    () => `concat(${text()}, 12, ${text()})`,
    () => `replace(${text()}, ${random.pick(STRINGS)}, 'r')`,
    () => `substring(${text()}, ${number()}, ${random.pick(['1', '2', '5'])})`,
    () => `substring(${text()} FROM ${number()})`,
    () => `pg_catalog.left(${text()}, ${number()})`,
    () => `right((${text()}), ${number()})`,
    () => `repeat(${text()}, 2)`,
    () => `(${text()})::text`,
    () => `CAST(${text()} AS varchar)`,
    () => `chr(65) || ${text()}`,
  ])()
}

function numberOf(random: Random, depth = 0): string {
  if (depth > 3 || random.oneIn(3)) return random.pick(['1', '5', '-3', '40', '7::int', '(2)'])
  const number = () => numberOf(random, depth + 1)
  return `${random.oneIn(2) ? '' : '- '}(${number()} ${random.pick(['+', '-', '*', '/', '%'])} ${number()})`
}

async function answerOf(client: pg.Client, sql: string, values: unknown[] = []): Promise<string> {
  try {
    const { rows } = await client.query({ text: sql, values, rowMode: 'array' })
    return JSON.stringify(rows)
  } catch (error) {
    return (error as pg.DatabaseError).code === '0A000' ? 'refused' : 'error'
  }
}

test('what is computed is what the database computes', async (t) => {
  const seed = firstSeed()
  t.diagnostic(`ACRA_ATTACK_SEED=${seed}`)
  const random = randomFrom(seed)
  let computed = 0
  await directly(lab.database, (plain) =>
    through(lab.database, front, async (client) => {
      for (let run = 0; run < runsOf(150); run++) {
        const isText = !random.oneIn(4)
        const [column, value] = isText ? ['mail', textOf(random)] : ['number', numberOf(random)]
        const put = (table: string) =>
          `INSERT INTO ${table} (${column}) VALUES (${value}) RETURNING ${column}`
        const found = await answerOf(client, put('cards'))
        const expected = await answerOf(plain, put('plain'))
        // A division by zero is an error here and there.
        if (found === 'refused' && (expected === 'error' || !isText)) continue
        assert.equal(found, expected, put('plain'))
        computed++
      }
    }),
  )
  assert.ok(computed > runsOf(150) / 2)
})

test('an everyday search by lower($1) finds what it does in the open, and shows nothing on the way', async () => {
  const mail = `${CANARY}@example.org`
  await through(lab.database, front, async (client) => {
    front.tap.take()
    await client.query('INSERT INTO cards (id, mail) VALUES (7, lower(trim($1)))', [
      ` ${mail.toUpperCase()} `,
    ])
    for (const [condition, value] of [
      ['mail = lower($1)', mail.toUpperCase()],
      ['lower($1::text) = mail', mail.toUpperCase()],
      ["mail = $1 || '@example.org'", CANARY],
      ['mail IN (upper($1), lower($1), $1)', mail.toUpperCase()],
    ] as const)
      assert.equal(
        await answerOf(client, `SELECT id, mail FROM cards WHERE ${condition}`, [value]),
        JSON.stringify([[7, mail]]),
        condition,
      )
    const literal = `SELECT id FROM cards WHERE mail = lower('${mail.toUpperCase()}')`
    assert.equal(await answerOf(client, literal), '[[7]]')
    await client.query(`PREPARE find AS SELECT id FROM cards WHERE mail = lower($1)`)
    assert.equal(await answerOf(client, `EXECUTE find ('${mail.toUpperCase()}')`), '[[7]]')
    const { toDatabase } = front.tap.take()
    assert.ok(!toDatabase.toString('latin1').toLowerCase().includes(CANARY))
    assert.ok(!toDatabase.toString('latin1').includes(Buffer.from(CANARY).toString('hex')))
  })
})

test('a backslash before a quote in what is computed is read by one way only', async () => {
  await through(lab.database, front, async (client) => {
    const found = await client.query<{ mail: string }>(
      "INSERT INTO cards (mail) VALUES (left($1, 3) || repeat('\\', 2)), ('a' || 'b\\' || '''') RETURNING mail",
      ['abcd'],
    )
    assert.deepEqual(
      found.rows.map(({ mail }) => mail),
      ['abc\\\\', "ab\\'"],
    )
  })
})

test('letters beyond ASCII depend on the collation of the database: their case is not changed here', async () => {
  await through(lab.database, front, async (client) => {
    assert.equal(
      await answerOf(client, 'SELECT id FROM cards WHERE mail = lower($1)', ['ÄNN']),
      'refused',
    )
    assert.equal(
      await answerOf(client, "INSERT INTO cards (mail) VALUES (upper('änn'))"),
      'refused',
    )
    assert.equal(await answerOf(client, 'SELECT id FROM cards WHERE mail = trim($1)', ['Ä']), '[]')
  })
})

test('bytes are decoded here', async () => {
  await through(lab.database, front, async (client) => {
    const put = "INSERT INTO cards (raw) VALUES (decode('Zf+A', 'base64')) RETURNING raw"
    const { rows } = await client.query<{ raw: Buffer }>(put)
    assert.equal(rows[0]?.raw.toString('hex'), '65ff80')
  })
})
