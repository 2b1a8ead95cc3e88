import assert from 'node:assert/strict'
import test from 'node:test'
import { MemoryKeystore } from '../../transform/testing/index.ts'
import {
  bind,
  bindComplete,
  close,
  commandComplete,
  describe,
  errorResponse,
  execute,
  frame,
  parameterStatus,
  parse,
  parseComplete,
  query,
  readyForQuery,
  sync,
} from '../../wire/postgres/testing/index.ts'
import { conversationParts, Exchange, framesOf, typesOf } from './testing/index.ts'

const parts = await conversationParts()
const idle = await conversationParts('schemas: []')
const keystore = new MemoryKeystore().generate('alice')
const SECRET = 'ann@example.org'
const REFUSED = 'statement refused by acra-server'
const insert = 'INSERT INTO users (id, email) VALUES ($1, $2)'
const harmless = 'INSERT INTO notes (id, body) VALUES ($1, $2)'

function exchange(of = parts): Exchange {
  return new Exchange(of, 'alice', keystore)
}

/** The SQLSTATE of an answer. */
function codeOf(answer: Buffer): string | undefined {
  const error = framesOf(answer).find(({ type }) => type === 'E')
  return /\0C([0-9A-Z]{5})\0/.exec(error?.bytes.toString('latin1') ?? '')?.[1]
}

test('a Parse or a Bind with a name beyond ASCII is refused, in whatever encoding', async () => {
  for (const name of ['n\u00e9', '\u00e9', `${'x'.repeat(80)}\u00e9`]) {
    for (const message of [
      parse(name, insert),
      parse(name, 'SELECT 1'),
      bind('', name, ['1', SECRET]),
      bind(name, '', []),
    ]) {
      const talk = exchange()
      const sent = await talk.client(message, execute(''), sync())
      assert.ok(sent.includes(REFUSED), name)
      assert.ok(!sent.includes(SECRET), name)
      assert.equal(typesOf(sent).length, 2, 'and the Sync')
      const error = errorResponse({ S: 'ERROR', C: '42601', M: 'syntax error' })
      const answer = await talk.database(error, readyForQuery('I'))
      assert.equal(typesOf(answer), 'EZ')
      assert.equal(codeOf(answer), '0A000')
    }
  }
})

test('a refused Parse leaves the statement without a name as it is', async () => {
  const talk = exchange()
  await talk.client(parse('', 'SELECT id FROM users'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  const [sent] = framesOf(await talk.client(parse('n\u00e9', 'SELECT 1'), sync()))
  assert.notEqual(sent?.bytes[5], 0, 'the text in its place has a name')
})

test('a statement that SQL has named beyond ASCII goes on by its name where a Close may have meant another', async () => {
  const talk = exchange()
  await talk.client(query(`PREPARE \u00e9 AS ${insert}`))
  await talk.database(commandComplete('PREPARE'), readyForQuery('I'))
  await talk.client(query("SET client_encoding TO 'LATIN1'"))
  // In LATIN1 the bytes are another name.
  await talk.client(close('S', '\u00e9'), sync())
  await talk.database(
    commandComplete('SET'),
    parameterStatus('client_encoding', 'LATIN1'),
    readyForQuery('I'),
    frame('3'),
    readyForQuery('I'),
  )
  await talk.client(query("SET client_encoding TO 'UTF8'"))
  await talk.database(
    commandComplete('SET'),
    parameterStatus('client_encoding', 'UTF8'),
    readyForQuery('I'),
  )
  await talk.client(query(`PREPARE \u00e9 AS ${harmless}`))
  const sent = await talk.client(query(`EXECUTE \u00e9 (1, '${SECRET}')`))
  assert.ok(!sent.includes(SECRET))
})

test('what only looks at a name passes, and so does everything where nothing is protected', async () => {
  const talk = exchange()
  const looking = Buffer.concat([describe('S', '\u00e9'), close('P', '\u00e9'), sync()])
  assert.deepEqual(await talk.client(looking), looking)
  const messages = Buffer.concat([parse('\u00e9', insert), bind('\u00e9', '\u00e9', []), sync()])
  const free = exchange(idle)
  assert.deepEqual(await free.client(messages), messages)
  const back = Buffer.concat([parseComplete(), bindComplete(), readyForQuery('I')])
  assert.deepEqual(await free.database(back), back)
})
