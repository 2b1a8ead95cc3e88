/** FunctionCall, the fast path: it calls functions by number, with values that no statement shows. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findCanary, searchable } from '../canary.ts'
import { message } from '../frontend.ts'
import { directly } from '../people.ts'
import { type BackendMessage, errorOf } from '../raw-client.ts'
import { type Arena, openArena, typesOf } from './arena.ts'

const canary = 'kestrel9917quill'
const { query, functionCall } = message

let arena: Arena
before(async () => {
  arena = await openArena()
})
after(() => arena.stop())

test('large objects are made, written and read', async () => {
  const client = await arena.connect()
  const call = async (oid: number, ...args: string[]) => {
    client.send(functionCall(oid, args))
    const messages = await client.untilReady()
    assert.equal(typesOf(messages), 'VZ')
    return resultOf(messages)
  }
  await client.query('BEGIN')
  const object = await call(957, '-1')
  const descriptor = await call(952, object, String(0x20000 | 0x40000))
  assert.equal(await call(955, descriptor, 'five!'), '5')
  assert.equal(await call(956, descriptor, '0', '0'), '0')
  assert.equal(await call(954, descriptor, '3'), `\\x${Buffer.from('fiv').toString('hex')}`)
  assert.equal(await call(953, descriptor), '0')
  assert.equal(await call(964, object), '1')
  await client.query('COMMIT')
  await client.close()
})

test('no other function is called, nor sees the values', async () => {
  const others = ['set_config', 'query_to_xml', 'ts_stat', 'pg_read_file', 'lo_import', 'upper']
  const { rows } = await directly(arena.lab.database, (client) =>
    client.query<{ oid: number; proname: string }>(
      'SELECT oid::integer, proname FROM pg_proc WHERE proname = ANY($1)',
      [others],
    ),
  )
  assert.equal(new Set(rows.map(({ proname }) => proname)).size, others.length)
  for (const { oid, proname } of rows) {
    const { messages, toDatabase } = await arena.attack([
      { send: [query('BEGIN')] },
      { send: [functionCall(oid, [canary, 'b', 'c'])] },
      { send: [query('SELECT 1')] },
      { send: [query('ROLLBACK')] },
    ])
    assert.equal(typesOf(messages), 'CZEZEZCZ', proname)
    const refusal = messages.find(({ type }) => type === 'E') ?? assert.fail()
    assert.equal(errorOf(refusal).code, '0A000')
    assert.equal(findCanary(canary, searchable(toDatabase)), null, proname)
  }
})

function resultOf(messages: readonly BackendMessage[]): string {
  const { body } = messages.find(({ type }) => type === 'V') ?? assert.fail()
  return body.subarray(4).toString()
}
