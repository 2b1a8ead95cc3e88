/** A refused statement leaves transaction, pipeline and session exactly as an error of the database's own does. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { message } from './frontend.ts'
import { createTables, directly, encryptorConfig, schema } from './people.ts'
import { type BackendMessage, errorOf, RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'

/** What acra-server refuses, and what the database itself cannot parse. */
const refused = "INSERT INTO people (id, email) VALUES (9, md5('SECRET@example.org'))"
const unparsable = 'INSERT INTO people (id, email) VALEUS (9)'

let lab: Lab
let front: Front
let direct: Front
before(async () => {
  lab = await startLab({ auth: 'trust' })
  await createTables(lab.database)
  await directly(lab.database, (client) => client.query('CREATE DATABASE plain'))
  await directly(lab.database, (client) => client.query(schema), 'plain')
  front = await lab.front({ encryptorConfig })
  direct = await lab.front({ direct: true })
})
after(() => lab.stop())

/** Messages sent in one piece, and how much is read before the next piece: ReadyForQuery so many times, or one message of a type. */
interface Turn {
  readonly send: readonly Buffer[]
  readonly ready?: number
  readonly until?: string
}

const { query, parse, bind, describe, execute, sync, flush, close } = message

/** Statements that succeed in both databases. */
const good = (id: number) => `INSERT INTO notes VALUES (${id}, 'note ${id}')`
const prepared = (sql: string) => [parse(sql), bind(), describe('P'), execute()]

/** Each conversation with a statement in its middle that fails. */
const conversations: Readonly<Record<string, (bad: string) => Turn[]>> = {
  'a simple query': (bad) => [{ send: [query(bad)] }, { send: [query('SELECT 1')] }],
  'a transaction': (bad) => [
    { send: [query('BEGIN')] },
    { send: [query(good(1))] },
    { send: [query(bad)] },
    { send: [query('SELECT 1')] },
    { send: [query('COMMIT')] },
    { send: [query('SELECT count(*) FROM notes')] },
  ],
  'a savepoint': (bad) => [
    { send: [query('BEGIN')] },
    { send: [query(good(1))] },
    { send: [query('SAVEPOINT a')] },
    { send: [query(bad)] },
    { send: [query('ROLLBACK TO a')] },
    { send: [query('COMMIT')] },
    { send: [query('SELECT count(*) FROM notes')] },
  ],
  'a text of several statements': (bad) => [
    { send: [query(`${good(1)}; ${bad}; ${good(2)}`)] },
    { send: [query('SELECT count(*) FROM notes')] },
  ],
  'simple queries sent without waiting': (bad) => [
    {
      send: [query(good(1)), query(bad), query(good(2)), query('SELECT count(*) FROM notes')],
      ready: 4,
    },
  ],
  'an extended query': (bad) => [
    { send: [...prepared(bad), sync()] },
    { send: [...prepared('SELECT 1'), sync()] },
  ],
  'a pipeline before one Sync': (bad) => [
    { send: [...prepared(good(1)), ...prepared(bad), ...prepared(good(2)), sync()] },
    { send: [...prepared('SELECT count(*) FROM notes'), sync()] },
  ],
  'a pipeline of several Syncs': (bad) => [
    {
      send: [
        ...prepared(good(1)),
        sync(),
        ...prepared(bad),
        sync(),
        ...prepared(good(2)),
        sync(),
        ...prepared('SELECT count(*) FROM notes'),
        sync(),
      ],
      ready: 4,
    },
  ],
  'a pipeline in a transaction': (bad) => [
    {
      send: [
        ...prepared('BEGIN'),
        ...prepared(good(1)),
        ...prepared(bad),
        ...prepared('COMMIT'),
        sync(),
      ],
    },
    { send: [...prepared('SELECT 1'), sync()] },
    { send: [...prepared('ROLLBACK'), sync()] },
    { send: [...prepared('SELECT count(*) FROM notes'), sync()] },
  ],
  'a sequence with Flush': (bad) => [
    { send: [parse(good(1)), bind(), execute(), flush()], until: 'C' },
    { send: [parse(bad), flush()], until: 'E' },
    // All of this is passed over.
    {
      send: [bind(), describe('P'), execute(), flush(), query('SELECT 1'), close('S', ''), sync()],
    },
    { send: [query('SELECT count(*) FROM notes')] },
  ],
  'a named statement': (bad) => [
    { send: [parse(bad, { name: 's' }), describe('S', 's'), sync()] },
    { send: [bind([], { statement: 's' }), execute(), sync()] },
    { send: [parse('SELECT 1', { name: 's' }), describe('S', 's'), sync()] },
    { send: [bind([], { statement: 's' }), execute(), sync()] },
  ],
  'a portal that is open': (bad) => [
    { send: [query('BEGIN')] },
    {
      send: [
        parse('SELECT generate_series(1, 5)'),
        bind([], { portal: 'p' }),
        execute({ portal: 'p', maxRows: 2 }),
        flush(),
      ],
      until: 's',
    },
    { send: [parse(bad), sync()] },
    { send: [execute({ portal: 'p' }), sync()] },
    { send: [query('ROLLBACK')] },
  ],
  'a simple query after an extended one': (bad) => [
    { send: [...prepared(good(1)), query(bad)] },
    { send: [query('SELECT count(*) FROM notes')] },
  ],
}

for (const [name, conversation] of Object.entries(conversations)) {
  test(`${name} ends as with an error of the database's own`, async () => {
    const expected = await converse(direct, 'plain', conversation(unparsable))
    const actual = await converse(front, 'postgres', conversation(refused))
    assert.deepEqual(actual.map(shape), expected.map(shape))

    const errors = actual.filter(({ type }) => type === 'E').map(errorOf)
    const first = errors[0]
    assert.equal(first?.code, '0A000')
    assert.match(first.message, /email/)
    assert.notEqual(first.hint, '')
    assert.doesNotMatch(`${first.message} ${first.hint}`, /secret/i)
    assert.equal(front.tap.take().toDatabase.toString('latin1').includes('SECRET'), false)
  })
}

test('a text that does not parse is answered with 42601, and none of it reaches the database', async () => {
  const messages = await converse(front, 'postgres', [
    { send: [query("SELEC 'SECRET' FROM people")] },
    { send: [query('SELECT 1')] },
  ])
  const error = messages.find(({ type }) => type === 'E')
  assert.ok(error)
  assert.equal(errorOf(error).code, '42601')
  assert.equal(front.tap.take().toDatabase.toString('latin1').includes('SECRET'), false)
})

/** Runs the turns on a connection of its own, with empty tables, and returns all messages. */
async function converse(
  where: Front,
  database: string,
  turns: readonly Turn[],
): Promise<BackendMessage[]> {
  await directly(lab.database, (client) => client.query('TRUNCATE notes, people'), database)
  where.tap.take()
  const client = await RawClient.connect({ ...where, user: lab.database.user, database })
  const messages: BackendMessage[] = []
  for (const { send, ready = 1, until } of turns) {
    client.send(...send)
    if (until) messages.push(...(await client.untilAny(until)))
    else for (let count = 0; count < ready; count++) messages.push(...(await client.untilReady()))
  }
  await client.close()
  return messages
}

/** A message as it is compared: byte by byte, but for the words of an error. */
function shape(received: BackendMessage): string {
  if (received.type === 'E') return `E ${errorOf(received).severity}`
  return `${received.type} ${received.body.toString('hex')}`
}
