import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import postgres, { type Sql } from 'postgres'
import { addressOf, createTables, encryptorConfig, stored } from './people.ts'
import { type Lab, startLab } from './setup.ts'

let lab: Lab
let sql: Sql
before(async () => {
  lab = await startLab()
  await createTables(lab.database)
  const front = await lab.front({ encryptorConfig })
  const { user, ...address } = addressOf(lab.database, front)
  sql = postgres({ ...address, username: user, onnotice: () => {} })
})
after(async () => {
  await sql.end()
  await lab.stop()
})

test('values written by parameters come back as they were', async () => {
  const photo = Buffer.from([0, 1, 0x5c, 0x27, 0xff])
  await sql`INSERT INTO people VALUES (1, 'Ann', ${'ann@example.org'}, ${photo})`
  const rows = await sql`SELECT * FROM people WHERE id = ${1}`
  assert.deepEqual([...rows], [{ id: 1, name: 'Ann', email: 'ann@example.org', photo }])
  assert.match(await stored(lab.database, 1, 'email'), /^\\x252525/)
  assert.match(await stored(lab.database, 1, 'photo'), /^\\x252525/)
})

test('simple queries are protected too', async () => {
  await sql.unsafe("INSERT INTO people (id, email) VALUES (2, 'bob@example.org')")
  const rows = await sql.unsafe('SELECT email FROM people WHERE id = 2').simple()
  assert.deepEqual([...rows], [{ email: 'bob@example.org' }])
  assert.match(await stored(lab.database, 2, 'email'), /^\\x252525/)
})

test('several rows at once are protected', async () => {
  const people = [10, 11, 12].map((id) => ({ id, name: `n${id}`, email: `p${id}@example.org` }))
  await sql`INSERT INTO people ${sql(people, 'id', 'name', 'email')}`
  const rows =
    await sql`SELECT id, name, email FROM people WHERE id IN ${sql([10, 11, 12])} ORDER BY id`
  assert.deepEqual([...rows], people)
  assert.match(await stored(lab.database, 11, 'email'), /^\\x252525/)
})

test('a transaction with queries sent without waiting commits', async () => {
  const results = await sql.begin((transaction) => [
    transaction`INSERT INTO people (id, email) VALUES (20, ${'c@example.org'}) RETURNING email`,
    transaction`UPDATE people SET email = ${'d@example.org'} WHERE id = 20 RETURNING email`,
    transaction`SELECT email FROM people WHERE id = 20`,
  ])
  assert.deepEqual(
    results.map((rows) => rows[0]?.email),
    ['c@example.org', 'd@example.org', 'd@example.org'],
  )
})

test('an error in a transaction rolls it back', async () => {
  const failing = sql.begin(async (transaction) => {
    await transaction`INSERT INTO people (id, email) VALUES (30, ${'e@example.org'})`
    await transaction`INSERT INTO people (id, email) VALUES (30, ${'e@example.org'})`
  })
  await assert.rejects(failing, { code: '23505' })
  assert.equal((await sql`SELECT id FROM people WHERE id = 30`).length, 0)
})

test('a refusal in a transaction rolls it back as an error of the database does', async () => {
  const failing = sql.begin(async (transaction) => {
    await transaction`INSERT INTO people (id, email) VALUES (31, ${'f@example.org'})`
    await transaction`INSERT INTO people (id, email) VALUES (32, md5(${'G@example.org'}))`
  })
  await assert.rejects(failing, { code: '0A000' })
  assert.equal((await sql`SELECT id FROM people WHERE id IN (31, 32)`).length, 0)
})

test('rows of a cursor are decrypted', async () => {
  await sql`INSERT INTO people (id, email) VALUES (40, ${'a@example.org'}), (41, ${'b@example.org'}), (42, ${'c@example.org'})`
  const emails: string[] = []
  for await (const rows of sql`SELECT email FROM people WHERE id IN (40, 41, 42) ORDER BY id`.cursor(
    2,
  )) {
    emails.push(...rows.map(({ email }) => String(email)))
  }
  assert.deepEqual(emails, ['a@example.org', 'b@example.org', 'c@example.org'])
})

test('an unprotected table is copied in and out', async () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `${index}\tnote ${index}\n`)
  await pipeline(Readable.from(lines), await sql`COPY notes (id, text) FROM STDIN`.writable())
  const copied: Buffer[] = []
  for await (const chunk of await sql`COPY notes TO STDOUT`.readable()) copied.push(chunk as Buffer)
  assert.equal(Buffer.concat(copied).toString(), lines.join(''))
})

test('notifications reach who listens', async () => {
  const heard = new Promise<string>((resolve) => {
    void sql.listen('news', resolve, () => void sql.notify('news', 'extra'))
  })
  assert.equal(await heard, 'extra')
})

test('a query can be cancelled', async () => {
  const slow = sql`SELECT pg_sleep(600)`.execute()
  const failed = assert.rejects(slow, { code: '57014' })
  const running = () =>
    sql`SELECT FROM pg_stat_activity WHERE query LIKE ${'SELECT pg_sleep(600)'} AND state = 'active'`
  while ((await running()).length === 0);
  slow.cancel()
  await failed
})
