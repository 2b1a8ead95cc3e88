import assert from 'node:assert/strict'
import test from 'node:test'
import { Names } from './prepared.ts'

const thing = (sequence: number) => ({ sequence })

test('a name means what was said last, and what it meant before where that is skipped', () => {
  const names = new Names<{ sequence: number }>()
  const first = thing(1)
  names.change('s', first, 1).confirm()
  const second = names.change('s', thing(2), 2)
  const third = names.change('s', thing(3), 3)
  assert.deepEqual(names.get('s'), thing(3))
  second.undo()
  assert.deepEqual(names.get('s'), thing(3))
  third.undo()
  assert.equal(names.get('s'), first)
})

test('a name given up comes back where the giving up is skipped', () => {
  const names = new Names<{ sequence: number }>()
  names.change('s', thing(1), 1).confirm()
  const closed = names.change('s', null, 2)
  assert.equal(names.get('s'), null)
  assert.ok(names.has('s'))
  closed.undo()
  assert.deepEqual(names.get('s'), thing(1))
  names.change('s', null, 3).confirm()
  assert.ok(!names.has('s'))
})

test('a name is uncertain from the Sync behind a change on, until that is answered', () => {
  const names = new Names<{ sequence: number }>()
  const change = names.change('s', thing(5), 5)
  assert.ok(!names.isUncertain('s', 4))
  assert.ok(names.isUncertain('s', 6))
  assert.ok(!names.isUncertain('t', 6))
  // Behind the Sync it is changed once more: what comes then is only carried out where that is.
  const later = names.change('s', thing(7), 7)
  assert.ok(!names.isUncertain('s', 6))
  change.confirm()
  later.undo()
  assert.ok(!names.isUncertain('s', 8))
  assert.deepEqual(names.get('s'), thing(5))
})

test('what the database forgets is forgotten, and not what was made after that', () => {
  const names = new Names<{ sequence: number }>()
  names.change('old', thing(1), 1).confirm()
  const old = names.change('renewed', thing(2), 2)
  old.confirm()
  const renewed = names.change('renewed', thing(9), 9)
  names.removeBefore(5, true)
  assert.equal(names.get('old'), null)
  assert.deepEqual(names.get('renewed'), thing(9))
  renewed.undo()
  assert.equal(names.get('renewed'), null)
})
