import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Throttle } from './throttle.ts'

test('the first time is told at once, later ones together', () => {
  const told: number[] = []
  const throttle = new Throttle(1000, (times) => told.push(times))
  for (const nowMs of [0, 1, 999, 1000, 1001, 3000]) throttle.happened(nowMs)
  assert.deepEqual(told, [1, 3, 2])
})
