import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionsByDescriptors } from './descriptors.ts'

test('a connection takes one or two descriptors, and some are kept', () => {
  assert.equal(connectionsByDescriptors(1024, 2), 480)
  assert.equal(connectionsByDescriptors(1024, 1), 960)
  assert.equal(connectionsByDescriptors(1_048_576, 2), 524_256)
})

test('there is room for one always, and for all where no limit is known', () => {
  assert.equal(connectionsByDescriptors(10, 2), 1)
  assert.equal(connectionsByDescriptors(0, 2), Number.POSITIVE_INFINITY)
})
