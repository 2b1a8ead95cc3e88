/**
 * Names of prepared statements whose meaning depends on what the database has not answered yet: whatever a client sends ahead, a
 * value for a protected column is never taken for that of another statement.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findCanary, searchable } from '../canary.ts'
import { message, type Value } from '../frontend.ts'
import { errorOf } from '../raw-client.ts'
import { type Arena, openArena, type Turn, typesOf } from './arena.ts'

const canary = 'kestrel9917quill'

let arena: Arena
before(async () => {
  arena = await openArena()
})
after(() => arena.stop())

const { query, parse, bind, describe, execute, sync, flush, close } = message

const text = (value: string): Value => ({ format: 0, bytes: Buffer.from(value) })
const insertPerson = 'INSERT INTO people (id, email) VALUES ($1, $2)'
const insertNote = 'INSERT INTO notes (id, text) VALUES ($1, $2)'
const person = (id: number) => bind([text(String(id)), text(canary)], { statement: 's' })
const prepare = (sql: string, name = 's') => parse(sql, { name })

/** In each of them the database means the protected statement by `s` when the value comes. */
const conversations: Readonly<Record<string, Turn[]>> = {
  'a name that a failed Parse would have given away': [
    { send: [prepare(insertPerson), sync()] },
    {
      send: [prepare(insertNote), sync(), person(1), execute(), sync()],
      ready: 2,
    },
  ],
  'a name that a Close behind a failure would have freed': [
    { send: [prepare(insertPerson), sync()] },
    {
      send: [parse('SELEC'), close('S', 's'), sync(), person(2), execute(), sync()],
      ready: 2,
    },
  ],
  'a name closed and given away behind a failure': [
    { send: [prepare(insertPerson), sync()] },
    {
      send: [
        parse('SELECT 1/0'),
        bind(),
        execute(),
        close('S', 's'),
        prepare(insertNote),
        sync(),
        flush(),
        person(3),
        describe('P'),
        execute(),
        sync(),
      ],
      ready: 2,
    },
  ],
  'a name given away twice, refused both times': [
    { send: [prepare(insertPerson), sync()] },
    {
      send: [
        prepare(insertNote),
        sync(),
        prepare('SELECT 1'),
        sync(),
        person(4),
        execute(),
        sync(),
      ],
      ready: 3,
    },
  ],
  'a name behind several Syncs and a simple query': [
    { send: [prepare(insertPerson), sync()] },
    {
      send: [prepare(insertNote), sync(), sync(), query('SELECT 1'), person(5), execute(), sync()],
      ready: 4,
    },
  ],
  'the unnamed statement behind a failed batch': [
    { send: [parse(insertPerson), sync()] },
    {
      send: [
        parse('SELEC', { name: 'x' }),
        parse(insertNote),
        sync(),
        bind([text('6'), text(canary)]),
        execute(),
        sync(),
      ],
      ready: 2,
    },
  ],
}

for (const [name, turns] of Object.entries(conversations)) {
  test(`${name}: the value arrives sealed, and the answers are those of the database`, async () => {
    const { messages, toDatabase } = await arena.attack(turns)
    assert.equal(findCanary(canary, searchable(toDatabase)), null)
    const expected = await arena.compare(turns)
    assert.equal(typesOf(messages), typesOf(expected))
    assert.deepEqual(codesOf(messages), codesOf(expected))
  })
}

test('a refused Parse of a named statement leaves the unnamed one as it is', async () => {
  const turns = (bad: string): Turn[] => [
    { send: [parse('SELECT 1'), sync()] },
    { send: [prepare(bad), sync()] },
    { send: [bind(), execute(), sync()] },
    { send: [prepare('SELECT 2'), bind([], { statement: 's' }), execute(), sync()] },
    { send: [parse(bad), sync()] },
    { send: [bind(), execute(), sync()] },
  ]
  const { messages } = await arena.attack(turns("SELECT lower(email) = 'x' FROM people"))
  assert.equal(typesOf(messages), typesOf(await arena.compare(turns('SELEC'))))
})

test('a name that the database does not know, or may not, gets no value', async () => {
  const unknown: Turn[] = [
    { send: [bind([text(canary)], { statement: 'nobody' }), execute(), sync()] },
  ]
  const asked = await arena.attack(unknown)
  assert.equal(typesOf(asked.messages), typesOf(await arena.compare(unknown)))
  assert.deepEqual(codesOf(asked.messages), ['26000'])
  assert.equal(findCanary(canary, searchable(asked.toDatabase)), null)

  const shadowed: Turn[] = [
    { send: [prepare(insertPerson), sync()] },
    {
      send: [
        parse('SELEC'),
        close('S', 's'),
        sync(),
        query('PREPARE s AS SELECT $1::integer, $2::text'),
        person(7),
        execute(),
        sync(),
      ],
      ready: 3,
    },
  ]
  const attacked = await arena.attack(shadowed)
  // The database refuses the second PREPARE and takes the values for the first; we do not wait to hear that.
  assert.equal(typesOf(await arena.compare(shadowed)), '1ZEZEZ2CZ')
  assert.equal(typesOf(attacked.messages), '1ZEZEZEZ')
  assert.deepEqual(codesOf(attacked.messages).at(-1), '26000')
  assert.equal(findCanary(canary, searchable(attacked.toDatabase)), null)
})

test('a name that is another one in another client_encoding gets no value of a protected column', async () => {
  const inUtf8 = 'n\u00e9'
  const inLatin1 = Buffer.from(inUtf8, 'latin1')
  const turns: Turn[] = [
    { send: [parse(insertNote, { name: inUtf8 }), sync()] },
    { send: [query("SET client_encoding TO 'LATIN1'")] },
    {
      send: [close('S', inLatin1), parse(insertPerson, { name: inLatin1 }), sync()],
    },
    { send: [query("SET client_encoding TO 'UTF8'")] },
    { send: [bind([text('8'), text(canary)], { statement: inUtf8 }), execute(), sync()] },
    // By SQL, the name may be spelled in UTF8 only.
    { send: [query(`PREPARE ${inUtf8} AS ${insertPerson}`)] },
    { send: [query(`EXECUTE ${inUtf8} (9, '${canary}')`)] },
  ]
  const { messages, toDatabase } = await arena.attack(turns)
  assert.equal(findCanary(canary, searchable(toDatabase)), null)
  assert.equal(typesOf(messages), 'EZCZ3EZCZEZCZCZ')
  assert.deepEqual(codesOf(messages), ['0A000', '0A000', '0A000'])
})

test('a name that DEALLOCATE has given up takes another statement, and one that it has not goes on', async () => {
  const insert = `PREPARE a AS ${insertPerson}`
  const update = 'PREPARE a (int, int) AS UPDATE notes SET id = $1 WHERE id = $2'
  const turns: Turn[] = [
    { send: [query(insert)] },
    { send: [query('BEGIN')] },
    { send: [query('DEALLOCATE a')] },
    { send: [query('ROLLBACK')] },
    { send: [query(update)] },
    { send: [query('EXECUTE a (2, 2)')] },
    { send: [query('DEALLOCATE a')] },
    { send: [query('DEALLOCATE a')] },
    { send: [query(insert)] },
    { send: [query(`EXECUTE a (10, '${canary}')`)] },
    { send: [close('S', 'a'), sync()] },
    { send: [query(update)] },
    { send: [query('EXECUTE a (2, 2)')] },
    { send: [query('PREPARE ids AS SELECT id FROM people')] },
    { send: [query('CREATE TEMP TABLE copied AS EXECUTE ids')] },
  ]
  const { messages, toDatabase } = await arena.attack(turns)
  assert.equal(findCanary(canary, searchable(toDatabase)), null)
  const expected = await arena.compare(turns)
  assert.equal(typesOf(messages), typesOf(expected))
  assert.deepEqual(codesOf(messages), ['26000'])
})

function codesOf(messages: readonly { type: string; body: Buffer }[]): string[] {
  return messages.filter(({ type }) => type === 'E').map((error) => errorOf(error).code)
}
