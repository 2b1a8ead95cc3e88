import assert from 'node:assert/strict'
import test from 'node:test'
import { MemoryKeystore } from '../../transform/testing/index.ts'
import { bind, parse, query, sync } from '../../wire/postgres/testing/index.ts'
import { conversationParts, Exchange } from './testing/index.ts'

const parts = await conversationParts(`
schemas:
  - table: users
    columns: [id, email, name]
    encrypted:
      - { column: email, data_type: str }
  - table: notes
    columns: [id, body]
`)
const keystore = new MemoryKeystore().generate('alice')
const SECRET = 'ann@example.org'
const REFUSED = 'statement refused by acra-server'

async function sentFor(text: string, values: readonly string[], types: number[] = []) {
  const talk = new Exchange(parts, 'alice', keystore)
  return talk.client(parse('', text, types), bind('', '', values), sync())
}

test('a value more than the statement has parameters does not reach the database', async () => {
  for (const [text, values] of [
    ['INSERT INTO users (id, email) VALUES ($1, $2)', ['1', 'x', SECRET]],
    ['UPDATE users SET name = $1', ['x', SECRET]],
    ['SELECT email FROM users', [SECRET]],
    // What looks like a parameter is none.
    ['SELECT email FROM users WHERE id = $1 -- $2', ['1', SECRET]],
    ['SELECT email AS "$2" FROM users WHERE id = $1', ['1', SECRET]],
  ] as const) {
    const sent = await sentFor(text, values)
    assert.ok(sent.includes(REFUSED), text)
    assert.ok(!sent.includes(SECRET), text)
  }
})

test('as many values as the statement has parameters, or declares, pass', async () => {
  const text = 'SELECT email FROM users WHERE id = $2 AND (name = $1 OR name LIKE $1) LIMIT $3'
  assert.ok(!(await sentFor(text, ['x', '1', '5'])).includes(REFUSED))
  const declared = await sentFor('SELECT email FROM users WHERE id = $1', ['1', '5'], [23, 23])
  assert.ok(!declared.includes(REFUSED))
})

test('where nothing is protected, and where values are missing, the database says what is wrong', async () => {
  assert.ok(!(await sentFor('SELECT body FROM notes WHERE id = $1', ['1', '2'])).includes(REFUSED))
  const sent = await sentFor('INSERT INTO users (id, email) VALUES ($1, $2)', ['1'])
  assert.ok(!sent.includes(REFUSED))
})

test('EXECUTE gives no more values than the statement has parameters', async () => {
  const text = 'INSERT INTO users (id, email) VALUES ($1, $2)'
  for (const prepared of [parse('put', text), query(`PREPARE put AS ${text}`)]) {
    for (const given of [`7, 'x', '${SECRET}'`, `7, NULL, '${SECRET}'`]) {
      const talk = new Exchange(parts, 'alice', keystore)
      await talk.client(prepared)
      const sent = await talk.client(query(`EXECUTE put (${given})`))
      assert.ok(sent.includes(REFUSED), given)
      assert.ok(!sent.includes(SECRET), given)
    }
    const talk = new Exchange(parts, 'alice', keystore)
    await talk.client(prepared)
    const sent = await talk.client(query(`EXECUTE put (7, '${SECRET}')`))
    assert.ok(sent.includes('EXECUTE put'))
    assert.ok(!sent.includes(SECRET))
  }
})

test('a Bind to a statement that SQL has prepared has no more values than it', async () => {
  const talk = new Exchange(parts, 'alice', keystore)
  const text = 'PREPARE put (int, text, int) AS INSERT INTO users (id, email) VALUES ($1, $2)'
  await talk.client(query(text))
  const enough = await talk.client(bind('', 'put', ['7', SECRET, '8']), sync())
  assert.ok(!enough.includes(REFUSED))
  const more = await talk.client(bind('', 'put', ['7', 'x', '8', SECRET]), sync())
  assert.ok(more.includes(REFUSED))
  assert.ok(!more.includes(SECRET))
})
