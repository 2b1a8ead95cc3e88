import assert from 'node:assert/strict'
import test from 'node:test'
import { MemoryKeystore } from '../../transform/testing/index.ts'
import {
  bind,
  bindComplete,
  commandComplete,
  errorResponse,
  execute,
  parse,
  parseComplete,
  query,
  readyForQuery,
  sync,
} from '../../wire/postgres/testing/index.ts'
import { conversationParts, Exchange } from './testing/index.ts'

const parts = await conversationParts()
const keystore = new MemoryKeystore().generate('alice')
const SECRET = 'ann@example.org'
const REFUSED = 'statement refused by acra-server'
const insert = 'PREPARE a (int, text) AS INSERT INTO users (id, email) VALUES ($1, $2)'
const other = 'PREPARE a (int, int, text) AS UPDATE users SET id = $1, note = $3 WHERE id = $2'
const failed = errorResponse({ S: 'ERROR', C: '26000', M: 'no such statement' })

function exchange(): Exchange {
  return new Exchange(parts, 'alice', keystore)
}

/** A statement by the simple protocol, with the answer of the database. */
async function ran(talk: Exchange, sql: string, tag: string | null): Promise<Buffer> {
  const sent = await talk.client(query(sql))
  await talk.database(tag === null ? failed : commandComplete(tag), readyForQuery('I'))
  return sent
}

test('a name that DEALLOCATE gives up is free for another statement', async () => {
  for (const given of ['DEALLOCATE a', 'DEALLOCATE PREPARE a', 'SELECT 1; DEALLOCATE "a"']) {
    const talk = exchange()
    await ran(talk, insert, 'PREPARE')
    const sent = await talk.client(query(given))
    assert.ok(sent.includes(given))
    const tags = given
      .split(';')
      .map((part) => (part.includes('DEALL') ? 'DEALLOCATE' : 'SELECT 1'))
    await talk.database(...tags.map((tag) => commandComplete(tag)), readyForQuery('I'))
    await ran(talk, other, 'PREPARE')
    const executed = `EXECUTE a (1, 2, '${SECRET}')`
    assert.deepEqual(await ran(talk, executed, 'UPDATE 1'), query(executed))
    assert.ok(!(await talk.client(bind('', 'a', ['1', '2', 'x']), sync())).includes(REFUSED))
  }
})

test('by the extended protocol it is given up when it is executed', async () => {
  const talk = exchange()
  await ran(talk, insert, 'PREPARE')
  await talk.client(parse('', 'DEALLOCATE a', []), bind('', '', []), sync())
  await talk.database(parseComplete(), bindComplete(), readyForQuery('I'))
  assert.ok(!(await ran(talk, `EXECUTE a (1, '${SECRET}')`, 'INSERT 0 1')).includes(SECRET))
  await talk.client(parse('', 'DEALLOCATE a', []), bind('', '', []), execute(''), sync())
  await talk.database(
    parseComplete(),
    bindComplete(),
    commandComplete('DEALLOCATE'),
    readyForQuery('I'),
  )
  const sent = await ran(talk, `EXECUTE a (1, '${SECRET}')`, null)
  assert.ok(sent.includes(REFUSED), 'nobody knows such a statement')
})

test('a DEALLOCATE that fails, or is not answered yet, gives nothing up', async () => {
  const talk = exchange()
  await ran(talk, insert, 'PREPARE')
  await ran(talk, 'DEALLOCATE a', null)
  assert.ok(!(await ran(talk, `EXECUTE a (1, '${SECRET}')`, 'INSERT 0 1')).includes(SECRET))
  // In a pipeline nobody knows which of the two statements a value is for.
  const sent = await talk.client(
    query('DEALLOCATE a'),
    query(other),
    query(`EXECUTE a (1, 2, '${SECRET}')`),
  )
  assert.ok(!sent.includes(SECRET))
  await talk.database(
    commandComplete('DEALLOCATE'),
    readyForQuery('I'),
    commandComplete('PREPARE'),
    readyForQuery('I'),
    failed,
    readyForQuery('I'),
  )
  assert.ok((await ran(talk, `EXECUTE a (1, 2, '${SECRET}')`, null)).includes(REFUSED))
  // DEALLOCATE is not undone by a ROLLBACK.
  await ran(talk, 'DEALLOCATE a', 'DEALLOCATE')
  await ran(talk, insert, 'PREPARE')
  assert.ok(!(await ran(talk, `EXECUTE a (1, '${SECRET}')`, 'INSERT 0 1')).includes(SECRET))
})

test('what was prepared alike behind a DEALLOCATE in a pipeline is still known', async () => {
  const talk = exchange()
  await ran(talk, insert, 'PREPARE')
  await talk.client(query('DEALLOCATE a'), query(insert))
  await talk.database(
    commandComplete('DEALLOCATE'),
    readyForQuery('I'),
    commandComplete('PREPARE'),
    readyForQuery('I'),
  )
  // The database has the name: this one fails there.
  await ran(talk, other, null)
  assert.ok((await ran(talk, `EXECUTE a (1, '${SECRET}')`, null)).includes(REFUSED))
})

test('in one text the last PREPARE or DEALLOCATE before it says what EXECUTE means', async () => {
  const talk = exchange()
  await ran(talk, insert, 'PREPARE')
  const text = `DEALLOCATE a; ${other}; EXECUTE a (1, 2, '${SECRET}')`
  assert.deepEqual(await talk.client(query(text)), query(text))
  const gone = exchange()
  await ran(gone, insert, 'PREPARE')
  const sent = await gone.client(query(`DEALLOCATE a; EXECUTE a (1, '${SECRET}')`))
  assert.ok(sent.includes(REFUSED))
})

test('CREATE TABLE AS EXECUTE passes where the statement shows nothing that is protected', async () => {
  const talk = exchange()
  await ran(talk, 'PREPARE ids (text) AS SELECT id FROM users WHERE note = $1', 'PREPARE')
  await ran(talk, 'PREPARE mails AS SELECT id, email FROM users', 'PREPARE')
  await ran(talk, 'PREPARE all_of AS SELECT * FROM users', 'PREPARE')
  const stored = "CREATE TABLE copy AS EXECUTE ids ('x')"
  assert.deepEqual(await ran(talk, stored, 'SELECT 1'), query(stored))
  for (const name of ['mails', 'all_of', 'nobody']) {
    const sent = await ran(talk, `CREATE TABLE copy AS EXECUTE ${name}`, null)
    assert.ok(sent.includes(REFUSED), name)
  }
  assert.match(talk.refused[0]?.message ?? '', /would store, .* users\.email/)
})
