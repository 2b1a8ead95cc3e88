import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { addressOf, createTables, encryptorConfig, stored } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab()
  await createTables(lab.database)
  front = await lab.front({ encryptorConfig })
})
after(() => lab.stop())

async function connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(addressOf(lab.database, front))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test('values written by literals and by parameters come back as they were', () =>
  connected(async (client) => {
    const photo = Buffer.from([0, 1, 0x5c, 0x27, 0xff])
    await client.query(
      String.raw`INSERT INTO people VALUES (1, 'Ann', 'ann@example.org', '\x00015c27ff')`,
    )
    await client.query('INSERT INTO people VALUES ($1, $2, $3, $4)', [
      2,
      'Bob',
      'böb@example.org',
      photo,
    ])
    const { rows } = await client.query('SELECT * FROM people WHERE id IN (1, 2) ORDER BY id')
    assert.deepEqual(rows, [
      { id: 1, name: 'Ann', email: 'ann@example.org', photo },
      { id: 2, name: 'Bob', email: 'böb@example.org', photo },
    ])
    for (const id of [1, 2]) {
      assert.match(await stored(lab.database, id, 'email'), /^\\x252525/)
      assert.match(await stored(lab.database, id, 'photo'), /^\\x252525/)
    }
  }))

test('an update is protected, and RETURNING shows the plain value', () =>
  connected(async (client) => {
    await client.query("INSERT INTO people VALUES (3, 'Cho', 'cho@example.org', NULL)")
    const { rows } = await client.query(
      'UPDATE people SET email = $1 WHERE id = $2 RETURNING email, photo',
      ['cho@example.net', 3],
    )
    assert.deepEqual(rows, [{ email: 'cho@example.net', photo: null }])
    assert.match(await stored(lab.database, 3, 'email'), /^\\x252525/)
  }))

test('a named statement works with other values each time', () =>
  connected(async (client) => {
    const statement = {
      name: 'add',
      text: 'INSERT INTO people (id, email) VALUES ($1, $2) RETURNING email',
    }
    for (const id of [10, 11, 12]) {
      const email = `person${id}@example.org`
      const { rows } = await client.query({ ...statement, values: [id, email] })
      assert.deepEqual(rows, [{ email }])
    }
  }))

test('binary results are decrypted too', () =>
  connected(async (client) => {
    await client.query('INSERT INTO people VALUES ($1, $2, $3, $4)', [
      20,
      'Dee',
      'dee@example.org',
      Buffer.from('photograph'),
    ])
    // The types of pg do not know the option.
    const query: pg.QueryConfig & { binary: boolean } = {
      text: 'SELECT id, email, photo FROM people WHERE id = $1',
      values: [20],
      binary: true,
    }
    const { rows } = await client.query(query)
    // pg makes text of bytea that comes in binary.
    assert.deepEqual(rows, [{ id: 20, email: 'dee@example.org', photo: 'photograph' }])
  }))

test('an error in a transaction fails it until it is rolled back', () =>
  connected(async (client) => {
    await client.query('BEGIN')
    await client.query("INSERT INTO people (id, email) VALUES (30, 'eve@example.org')")
    await assert.rejects(
      client.query("INSERT INTO people (id, email) VALUES (30, 'eve@example.org')"),
      {
        code: '23505',
      },
    )
    await assert.rejects(client.query('SELECT 1'), { code: '25P02' })
    await client.query('ROLLBACK')
    const { rows } = await client.query('SELECT id FROM people WHERE id = 30')
    assert.deepEqual(rows, [])
  }))

test('a refused statement names column and way out, and the connection goes on', () =>
  connected(async (client) => {
    const refused = client.query(
      "INSERT INTO people (id, email) VALUES (31, md5('FAY@example.org'))",
    )
    await assert.rejects(refused, (error: pg.DatabaseError) => {
      assert.equal(error.code, '0A000')
      assert.match(error.message, /email/)
      assert.ok(error.hint)
      assert.doesNotMatch(`${error.message} ${error.hint}`, /fay/i)
      return true
    })
    assert.deepEqual((await client.query('SELECT 1 AS one')).rows, [{ one: 1 }])
  }))

test('rows of a cursor are decrypted', () =>
  connected(async (client) => {
    await client.query(
      "INSERT INTO people (id, email) VALUES (40, 'a@example.org'), (41, 'b@example.org')",
    )
    await client.query('BEGIN')
    await client.query(
      'DECLARE c CURSOR FOR SELECT email FROM people WHERE id IN (40, 41) ORDER BY id',
    )
    const emails: string[] = []
    for (;;) {
      const { rows } = await client.query<{ email: string }>('FETCH 1 FROM c')
      if (!rows[0]) break
      emails.push(rows[0].email)
    }
    await client.query('COMMIT')
    assert.deepEqual(emails, ['a@example.org', 'b@example.org'])
  }))

test('notifications reach who listens', () =>
  connected(async (listener) => {
    await listener.query('LISTEN news')
    const heard = once(listener, 'notification')
    await connected((speaker) => speaker.query("NOTIFY news, 'extra'"))
    const [notification] = (await heard) as [pg.Notification]
    assert.equal(notification.channel, 'news')
    assert.equal(notification.payload, 'extra')
  }))

test('a query can be cancelled from another connection', () =>
  connected(async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const slow = client.query('SELECT pg_sleep(600)')
    const failed = assert.rejects(slow, { code: '57014' })
    await connected(async (other) => {
      const running =
        "SELECT FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep(600)%' AND state = 'active'"
      while ((await other.query(running, [rows[0]?.pid])).rowCount === 0);
      await other.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid])
    })
    await failed
  }))
