import assert from 'node:assert/strict'
import test from 'node:test'
import { MemoryKeystore } from '../../transform/testing/index.ts'
import { decodeBind } from '../../wire/postgres/index.ts'
import {
  bind,
  describe,
  parameterDescription,
  parse,
  parseComplete,
  query,
  sync,
} from '../../wire/postgres/testing/index.ts'
import { conversationParts, Exchange, framesOf } from './testing/index.ts'

const parts = await conversationParts(`
schemas:
  - table: users
    columns: [id, email, name]
    encrypted:
      - { column: email, data_type: str }
      - { column: name, data_type: str }
`)
const keystore = new MemoryKeystore().generate('alice')
const SECRET = 'ann@example.org'
const STATEMENT = 'UPDATE users SET email = $1, name = $1 WHERE id = $2'
const bytea = 17

function exchange(): Exchange {
  return new Exchange(parts, 'alice', keystore)
}

function sentBind(stream: Buffer) {
  const frame = framesOf(stream).find(({ type }) => type === 'B')
  assert.ok(frame, 'a Bind')
  return { ...decodeBind(frame.bytes, 0, frame.bytes.length), bytes: frame.bytes }
}

test('a parameter for two columns is sent once for each, and the client is told of one', async () => {
  const talk = exchange()
  const sent = await talk.client(
    parse('put', STATEMENT, [0, 23]),
    describe('S', 'put'),
    bind('', 'put', [SECRET, Buffer.of(0, 0, 0, 7)], [0, 1]),
    sync(),
  )
  assert.deepEqual(
    framesOf(sent)[0]!.bytes,
    parse('put', 'UPDATE users SET email = $1, name =  $3 WHERE id = $2', [0, 23]),
  )
  const { parameterFormats, parameterCount, bytes } = sentBind(sent)
  assert.deepEqual(parameterFormats, [0, 1, 0])
  assert.equal(parameterCount, 3)
  assert.equal(bytes.toString('latin1').match(/\\x252525/g)?.length, 2)
  assert.ok(!sent.includes(SECRET))
  const back = await talk.database(parseComplete(), parameterDescription(bytea, 23, bytea))
  const described = framesOf(back)[1]!.bytes
  assert.deepEqual(described, parameterDescription(25, 23))
})

test('one format for all parameters is that of the copies, and NULL stays NULL', async () => {
  for (const formats of [[], [1]]) {
    const talk = exchange()
    const sent = await talk.client(
      parse('', STATEMENT),
      bind('', '', [null, Buffer.from('\0\0\0\x07')], formats),
    )
    const { parameterFormats, parameterCount, bytes } = sentBind(sent)
    assert.deepEqual([...parameterFormats], formats)
    assert.equal(parameterCount, 3)
    assert.equal(bytes.toString('hex').match(/ffffffff/g)?.length, 2)
  }
})

test('another number of values than the statement has is refused: it could reach what stands for a copy', async () => {
  for (const values of [[SECRET], [SECRET, '7', SECRET], []]) {
    const talk = exchange()
    const sent = await talk.client(parse('', STATEMENT), bind('', '', values))
    assert.ok(!sent.includes(SECRET), `${values.length}`)
    assert.ok(sent.includes('refused by acra-server'), `${values.length}`)
  }
})

test('so is a type that is declared for what stands for a copy', async () => {
  const sent = await exchange().client(parse('', STATEMENT, [0, 0, 25]))
  assert.ok(!sent.includes('users'))
})

test('EXECUTE of such a statement is refused', async () => {
  const talk = exchange()
  await talk.client(parse('put', STATEMENT), sync())
  const sent = await talk.client(query(`EXECUTE put ('${SECRET}', 7)`))
  assert.ok(!sent.includes(SECRET))
  assert.ok(!sent.includes('EXECUTE'))
})

test('keys that come late change nothing but the time', async () => {
  const slow = new MemoryKeystore().generate('alice')
  slow.late = true
  const talk = new Exchange(parts, 'alice', slow)
  const sent = await talk.client(parse('', STATEMENT), bind('', '', [SECRET, '7']))
  assert.equal(sentBind(sent).parameterCount, 3)
  assert.ok(!sent.includes(SECRET))
})
