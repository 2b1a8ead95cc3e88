import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from './turns.ts'

test('never more than so many run at once, each has its turn, and one that fails gives its place back', async () => {
  const turns = new Turns(2)
  let running = 0
  let most = 0
  const order: number[] = []
  const all = Array.from({ length: 7 }, (_, i) =>
    turns.run(async () => {
      most = Math.max(most, ++running)
      order.push(i)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      if (i === 1) throw new Error('failed')
      return i
    }),
  )
  const results = await Promise.allSettled(all)
  assert.equal(most, 2)
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6])
  assert.deepEqual(
    results.map(({ status }) => status === 'fulfilled'),
    [true, false, true, true, true, true, true],
  )
})
