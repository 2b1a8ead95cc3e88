import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionCount } from './admission.ts'

test('the total is never passed, and a connection that ends makes room', () => {
  const count = new ConnectionCount({ total: 2, perClient: 0 })
  assert.equal(count.enter('alice'), null)
  assert.equal(count.enter(null), null)
  assert.equal(count.enter('bob'), 'max_connections')
  count.leave(null)
  assert.equal(count.enter('bob'), null)
  assert.equal(count.enter(null), 'max_connections')
})

test('a client id has a limit of its own; connections without one have none', () => {
  const count = new ConnectionCount({ total: 10, perClient: 1 })
  assert.equal(count.enter('alice'), null)
  assert.equal(count.enter('alice'), 'max_connections_per_client')
  assert.equal(count.enter('bob'), null)
  assert.equal(count.enter(null), null)
  assert.equal(count.enter(null), null)
  count.leave('alice')
  assert.equal(count.enter('alice'), null)
})

test('limits that change hold for those who come', () => {
  const count = new ConnectionCount({ total: 1, perClient: 0 })
  assert.equal(count.enter('alice'), null)
  count.limits = { total: 2, perClient: 1 }
  assert.equal(count.enter('alice'), 'max_connections_per_client')
  assert.equal(count.enter('bob'), null)
})

test('who was never let in cannot leave', () => {
  const count = new ConnectionCount({ total: 1, perClient: 0 })
  count.leave('alice')
  assert.equal(count.enter('alice'), null)
  assert.equal(count.enter('alice'), 'max_connections')
})
