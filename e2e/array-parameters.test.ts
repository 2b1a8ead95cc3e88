/** Arrays as parameters for protected columns: drivers encode them by the type that the description has. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { message } from './frontend.ts'
import { addressOf, directly } from './people.ts'
import { type BackendMessage, cellsOf, RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const encryptorConfig = `schemas:
  - table: people
    columns: [id, age, name, mail, born, raw]
    encrypted:
      - { column: age, data_type: int32 }
      - { column: name, data_type: str }
      - { column: mail, data_type: str, searchable: true }
      - { column: born, data_type: date }
      - { column: raw }
`

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab({ auth: 'trust', inMemory: true })
  await directly(lab.database, (client) =>
    client.query(
      'CREATE TABLE people (id int, age bytea, name bytea, mail bytea, born bytea, raw bytea)',
    ),
  )
  front = await lab.front({ encryptorConfig })
})
after(() => lab.stop())

const { parse, bind, describe, execute, sync, query } = message

/** An array of one dimension in binary format. */
function binaryArray(elementType: number, elements: readonly Buffer[]): Buffer {
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(4 * values.length)
    values.forEach((value, index) => {
      bytes.writeInt32BE(value, 4 * index)
    })
    return bytes
  }
  const parts = elements.flatMap((element) => [words(element.length), element])
  return Buffer.concat([words(1, 0, elementType, elements.length, 1), ...parts])
}

function integer(value: number | bigint, size: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes.subarray(8 - size)
}

function oidsOf(messages: readonly BackendMessage[]): number[] {
  const { body } = messages.find(({ type }) => type === 't') ?? { body: Buffer.alloc(2) }
  return Array.from({ length: body.readInt16BE(0) }, (_, index) => body.readUInt32BE(2 + 4 * index))
}

const insert = (column: string, array: string) =>
  `INSERT INTO people (${column}) SELECT unnest(${array})`
const texts = (...values: string[]) => values.map((value) => Buffer.from(value))

/** Statements with one array, the type it is described as, and its elements in binary and in text format. */
const cases = [
  ['age', insert('age', '$1::int[]'), 1007, 23, [integer(7, 4), integer(-8, 4)], ['7', '-8']],
  ['age', insert('age', '$1'), 1007, 23, [integer(9, 4)], ['9']],
  ['age', insert('age', '$1::bigint[]'), 1016, 20, [integer(10n, 8)], ['10']],
  ['age', insert('age', '$1::int2[]'), 1005, 21, [integer(11, 2)], ['11']],
  [
    'age',
    'INSERT INTO people (id, age) SELECT * FROM unnest(ARRAY[1], $1::int[])',
    1007,
    23,
    [integer(12, 4)],
    ['12'],
  ],
  ['name', insert('name', '$1::text[]'), 1009, 25, texts('ann', 'b"c'), ['ann', 'b"c']],
  ['name', insert('name', '$1::varchar[]'), 1015, 1043, texts('eve'), ['eve']],
  ['born', insert('born', '$1::date[]'), 1182, 1082, [integer(0, 4)], ['2000-01-01']],
  ['raw', insert('raw', '$1::text[]'), 1009, 25, texts('raw'), ['\\x726177']],
  ['raw', insert('raw', '$1::bytea[]'), 1001, 17, texts('raw'), ['\\x726177']],
] as const

for (const [column, sql, oid, elementType, elements, values] of cases) {
  test(`an array is described as what it is, and read in both formats: ${sql}`, async () => {
    const client = await RawClient.connect(addressOf(lab.database, front))
    await client.query('TRUNCATE people')
    client.send(parse(sql), describe('S'), sync())
    assert.deepEqual(oidsOf(await client.untilReady()), [oid])
    const quoted = values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`)
    client.send(
      bind([{ format: 1, bytes: binaryArray(elementType, elements) }]),
      execute(),
      bind([{ format: 0, bytes: Buffer.from(`{${quoted.join(',')}}`) }]),
      execute(),
      sync(),
    )
    assert.equal((await client.untilReady()).map(({ type }) => type).join(''), '2C2CZ')
    const rows = (await client.query(`SELECT ${column} FROM people`)).filter(
      ({ type }) => type === 'D',
    )
    const seen = rows.map((row) => cellsOf(row)[0]?.toString())
    assert.deepEqual(seen, [...values, ...values])
    client.close()
    const stored = await directly(lab.database, (direct) =>
      direct.query(`SELECT ${column}::text AS cell FROM people`),
    )
    for (const { cell } of stored.rows) assert.match(cell, /^\\x/)
    assert.ok(stored.rows.every(({ cell }) => cell.length > 100))
  })
}

test('an array that is compared is described so too', async () => {
  const client = await RawClient.connect(addressOf(lab.database, front))
  await client.query("INSERT INTO people (id, mail) VALUES (5, 'ann@example.org')")
  for (const [array, oid] of [
    ['$1', 1009],
    ['$1::varchar[]', 1015],
  ] as const) {
    client.send(
      parse(`SELECT id FROM people WHERE mail = ANY (${array})`),
      describe('S'),
      bind([{ format: 1, bytes: binaryArray(25, texts('ann@example.org')) }]),
      execute(),
      sync(),
    )
    const messages = await client.untilReady()
    assert.deepEqual(oidsOf(messages), [oid])
    assert.equal(messages.filter(({ type }) => type === 'D').length, 1)
  }
  client.send(query('SELECT 1'))
  await client.untilReady()
  client.close()
})
