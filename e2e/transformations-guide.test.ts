/** The examples of docs/guide/transformations.md on a real database: each config as it stands there, with the values that the text shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { root } from '../tools/repository.ts'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { through } from './through.ts'

const guide = readFileSync(join(root, 'docs/guide/transformations.md'), 'utf8')

/** The config of each section that has one, by the section's heading. */
const configs = new Map(
  guide
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const config = /```yaml\n(.*?)```/s.exec(section)?.[1]
      return config === undefined ? [] : [[section.split('\n')[0]!, config] as const]
    }),
)

let lab: Lab
before(async () => {
  lab = await startLab({ inMemory: true })
})
after(() => lab.stop())

/** Who has the keys, who has not, and the database itself, on the table `users`. */
interface Parties {
  own<T>(work: (client: pg.Client) => Promise<T>): Promise<T>
  stranger<T>(work: (client: pg.Client) => Promise<T>): Promise<T>
  stored<T extends pg.QueryResultRow>(sql: string): Promise<readonly T[]>
  readonly front: Front
}

/** Runs `body` with the config of the section, on a new table with these columns. */
async function withExample(
  heading: string,
  columns: string,
  body: (parties: Parties) => Promise<void>,
): Promise<void> {
  const encryptorConfig = configs.get(heading)
  assert.ok(encryptorConfig, `the guide has an example under "${heading}"`)
  await directly(lab.database, (client) =>
    client.query(`DROP TABLE IF EXISTS users; CREATE TABLE users (id integer, ${columns})`),
  )
  const front = await lab.front({ encryptorConfig })
  const foreign = await lab.front({ encryptorConfig, clientId: 'stranger' })
  await body({
    front,
    own: (work) => through(lab.database, front, work),
    stranger: (work) => through(lab.database, foreign, work),
    stored: async <T extends pg.QueryResultRow>(sql: string) =>
      (await directly(lab.database, (client) => client.query<T>(sql))).rows,
  })
}

test('every section with an example is run here', () => {
  assert.deepEqual(
    [...configs.keys()],
    ['Encryption', 'Searchable encryption', 'Masking', 'Tokenization'],
  )
})

test('encryption: types for the application, bytea in the database, and what a stranger gets', () =>
  withExample('Encryption', 'email bytea, age bytea, born bytea', async (parties) => {
    await parties.own(async (client) => {
      await client.query(`INSERT INTO users VALUES (1, 'ann@example.org', 42, '2001-02-03')`)
      const { rows, fields } = await client.query('SELECT email, age, born FROM users')
      assert.deepEqual(rows, [{ email: 'ann@example.org', age: 42, born: new Date(2001, 1, 3) }])
      assert.deepEqual(
        fields.map(({ dataTypeID }) => dataTypeID),
        [25, 23, 1082],
        'text, integer, date',
      )
      for (const [column, value] of [
        ['age', 'old'],
        ['born', '2023-02-29'],
      ])
        await assert.rejects(client.query(`UPDATE users SET ${column} = '${value}'`), {
          code: '22P02',
        })
    })
    const [row] = await parties.stored<{ email: Buffer; age: Buffer; born: Buffer }>(
      'SELECT * FROM users',
    )
    for (const cell of [row!.email, row!.age, row!.born])
      assert.equal(cell.subarray(0, 3).toString(), '%%%')
    await parties.stranger(async (client) => {
      const { rows } = await client.query('SELECT email, age FROM users')
      assert.deepEqual(rows, [{ email: `\\x${row!.email.toString('hex')}`, age: 0 }])
      await assert.rejects(client.query('SELECT id, born FROM users'), {
        message: 'encoding error in column "born"',
      })
    })
  }))

test('searchable encryption: found by the hash, which is checked when a value is read', () =>
  withExample('Searchable encryption', 'email bytea', async (parties) => {
    await parties.own(async (client) => {
      await client.query(
        `INSERT INTO users VALUES (1, 'ann@example.org'), (2, 'bob@example.org'), (3, 'ann@example.org')`,
      )
      const find = 'SELECT id FROM users WHERE email = $1 ORDER BY id'
      assert.deepEqual((await client.query(find, ['ann@example.org'])).rows, [{ id: 1 }, { id: 3 }])
      assert.deepEqual((await client.query(find, ['eve@example.org'])).rows, [])
    })
    const rows = await parties.stored<{ email: Buffer }>('SELECT email FROM users ORDER BY id')
    const hashes = rows.map(({ email }) => email.subarray(0, 33))
    for (const hash of hashes) assert.equal(hash[0], 0x7f)
    assert.deepEqual(hashes[0], hashes[2])
    assert.notDeepEqual(hashes[0], hashes[1])
    // The envelope of the second row under the hash of the first one.
    await parties.stored(
      `UPDATE users SET email = (SELECT substr(email, 1, 33) FROM users WHERE id = 1) || substr(email, 34) WHERE id = 2`,
    )
    await parties.own(async (client) => {
      const { rows: read } = await client.query<{ email: string }>(
        'SELECT email FROM users WHERE id = 2',
      )
      assert.match(read[0]!.email, /^\\x7f[0-9a-f]+$/)
    })
    // An envelope stands for what is in it, when it is written and when it is looked for.
    await parties.own(async (client) => {
      const envelope = rows[0]!.email.subarray(33)
      await client.query('INSERT INTO users VALUES (4, $1)', [envelope])
      const { rows: found } = await client.query(
        'SELECT id, email FROM users WHERE email = $1 AND id IN (1, 3, 4) ORDER BY id',
        [envelope],
      )
      assert.deepEqual(
        found,
        [1, 3, 4].map((id) => ({ id, email: 'ann@example.org' })),
      )
    })
  }))

test('masking: the plain part in the clear, the rest in an envelope, a pattern for a stranger', () =>
  withExample('Masking', 'phone bytea', async (parties) => {
    const values = ['12345678', '123', 'aé', 'abéd']
    await parties.own(async (client) => {
      for (const [id, phone] of values.entries())
        await client.query('INSERT INTO users VALUES ($1, $2)', [id, phone])
      const { rows } = await client.query('SELECT phone FROM users ORDER BY id')
      assert.deepEqual(
        rows,
        values.map((phone) => ({ phone })),
      )
    })
    const stored = await parties.stored<{ phone: Buffer }>('SELECT phone FROM users ORDER BY id')
    assert.equal(stored[0]!.phone.subarray(0, 6).toString(), '123%%%')
    assert.equal(stored[1]!.phone.subarray(0, 3).toString(), '%%%', 'hidden as a whole')
    const { rows } = await parties.stranger((client) =>
      client.query('SELECT phone FROM users ORDER BY id'),
    )
    assert.deepEqual(
      rows.map(({ phone }) => phone),
      ['123xxxx', 'xxxx', 'xxxx', 'abxxxx'],
    )
  }))

test('tokenization: tokens of the value’s own type; equal values are found where they are consistent', () =>
  withExample('Tokenization', 'card bigint, contact text', async (parties) => {
    const values = ['4242424242424242', 'ann@example.org'] as const
    await parties.own(async (client) => {
      for (const id of [1, 2])
        await client.query('INSERT INTO users VALUES ($1, $2, $3)', [id, ...values])
      const { rows } = await client.query('SELECT id, card FROM users WHERE contact = $1', [
        values[1],
      ])
      assert.deepEqual(rows, [
        { id: 1, card: values[0] },
        { id: 2, card: values[0] },
      ])
      await assert.rejects(client.query('INSERT INTO users (card) VALUES ($1)', ['a card']))
    })
    const [one, two] = await parties.stored<{ card: string; contact: string }>(
      'SELECT card::text, contact FROM users ORDER BY id',
    )
    assert.equal(one!.contact, two!.contact)
    assert.equal(one!.contact.length, values[1].length)
    assert.match(one!.contact, /^[a-zA-Z0-9]+@[a-zA-Z0-9]+\.[a-z]+$/)
    assert.notEqual(one!.card, two!.card)
    const { rows } = await parties.stranger((client) =>
      client.query('SELECT card, contact FROM users ORDER BY id'),
    )
    assert.deepEqual(rows, [one, two])
    // A search for a value that has no token makes none, and finds nothing.
    await parties.own(async (client) => {
      const { rows: none } = await client.query(`SELECT id FROM users WHERE contact = 'eve@b.org'`)
      assert.deepEqual(none, [])
    })
  }))
