/** Every kind of column through acra-server, on a real database: what is stored, what its owner sees, and what a stranger does. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { through } from './through.ts'

const encryptorConfig = `schemas:
  - table: accounts
    columns: [id, age, big, born, seen, price, tags, mail, phone, token, number, fallback, strict]
    encrypted:
      - { column: age, data_type: int32 }
      - { column: big, data_type: int64 }
      - { column: born, data_type: date }
      - { column: seen, data_type: timestamptz }
      - { column: price, data_type: numeric }
      - { column: tags, data_type: "text[]" }
      - { column: mail, data_type: str }
      - { column: phone, data_type: str, masking: xxxx, plaintext_length: 3, plaintext_side: left }
      - { column: token, token_type: email, consistent_tokenization: true }
      - { column: number, token_type: int32 }
      - { column: fallback, data_type: int32, response_on_fail: default_value, default_data_value: "-1" }
      - { column: strict, data_type: str, response_on_fail: error }
`
const schema = `CREATE TABLE accounts (id integer PRIMARY KEY, age bytea, big bytea, born bytea, seen bytea, price bytea,
  tags bytea, mail bytea, phone bytea, token text, number integer, fallback bytea, strict bytea)`

let lab: Lab
let own: Front
let foreign: Front
before(async () => {
  lab = await startLab()
  await directly(lab.database, (client) => client.query(schema))
  own = await lab.front({ encryptorConfig })
  foreign = await lab.front({ encryptorConfig, clientId: 'stranger' })
})
after(() => lab.stop())

const seen = new Date('2024-05-06T10:30:00.250Z')

test('values of every type come back as drivers know them, written by parameters and by literals', async () => {
  await through(lab.database, own, (client) =>
    client.query(
      'INSERT INTO accounts VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)',
      [
        1,
        -30,
        '1234567890123',
        '2001-02-03',
        seen,
        '12.50',
        ['a', 'b c'],
        'ann@example.org',
        '12345678',
        'ann@example.com',
        4242,
        7,
        'secret',
      ],
    ),
  )
  await through(lab.database, own, (client) =>
    client.query(`INSERT INTO accounts VALUES (2, -30, 1234567890123, '2001-02-03', '2024-05-06 12:30:00.25+02', 12.50,
      '{a,"b c"}', 'ann@example.org', '12345678', 'ann@example.com', 4242, 7, 'secret')`),
  )
  const { rows } = await through(lab.database, own, (client) =>
    client.query('SELECT * FROM accounts ORDER BY id'),
  )
  for (const [i, row] of rows.entries()) {
    assert.equal(row.id, i + 1)
    assert.equal(row.age, -30)
    assert.equal(row.big, '1234567890123')
    assert.deepEqual(row.born, new Date(2001, 1, 3))
    assert.deepEqual(row.seen, seen)
    assert.equal(row.price, '12.50')
    assert.deepEqual(row.tags, ['a', 'b c'])
    assert.equal(row.mail, 'ann@example.org')
    assert.equal(row.phone, '12345678')
    assert.equal(row.token, 'ann@example.com')
    assert.equal(row.number, 4242)
    assert.equal(row.fallback, 7)
    assert.equal(row.strict, 'secret')
  }
})

test('nothing of the values reached the database, but for the plain part of the mask', async () => {
  const { rows } = await directly(lab.database, (client) =>
    client.query('SELECT *, accounts::text AS whole FROM accounts ORDER BY id'),
  )
  for (const { whole, age, phone, token, number } of rows) {
    for (const plain of ['ann@', 'secret', '4242', '12.50', '2001-02-03']) {
      assert.equal(whole.includes(plain), false, plain)
      assert.equal(whole.includes(Buffer.from(plain).toString('hex')), false, plain)
    }
    assert.equal(age.subarray(0, 3).toString(), '%%%')
    assert.equal(phone.subarray(0, 6).toString(), '123%%%')
    assert.match(token, /^[a-zA-Z0-9]+@[a-zA-Z0-9]+\.[a-z]+$/)
    assert.equal(Number.isInteger(number), true)
  }
  assert.equal(rows[0].token, rows[1].token, 'consistent')
  assert.notEqual(rows[0].number, rows[1].number, 'random')
})

test('a stranger sees the mask, the tokens, the default value and the error', () =>
  through(lab.database, foreign, async (client) => {
    const { rows } = await client.query('SELECT phone, token, fallback FROM accounts WHERE id = 1')
    assert.equal(rows[0].phone, '123xxxx')
    assert.notEqual(rows[0].token, 'ann@example.com')
    assert.equal(rows[0].fallback, -1)
    for (const params of [undefined, []]) {
      await assert.rejects(client.query('SELECT strict FROM accounts', params), {
        message: 'encoding error in column "strict"',
        code: '42000',
        // Drivers show it as part of the message, by which applications written for the original know the error.
        hint: undefined,
      })
    }
    const { rows: next } = await client.query('SELECT 1 AS one')
    assert.deepEqual(next, [{ one: 1 }])
  }))

test('a value of another type is refused, and nothing of it is written', () =>
  through(lab.database, own, async (client) => {
    for (const [column, value] of [
      ['age', 'old'],
      ['born', '2023-02-29'],
      ['seen', '2024-05-06 12:00'],
      ['number', '2147483648'],
      ['tags', '{{a}}'],
    ]) {
      const update = `UPDATE accounts SET ${column} = $1 WHERE id = 1`
      await assert.rejects(client.query(update, [value]), { code: /22P02|22003|58000/ }, column)
    }
    const { rows } = await client.query('SELECT age FROM accounts WHERE id = 1')
    assert.equal(rows[0].age, -30)
  }))
