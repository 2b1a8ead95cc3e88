import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reload } from './reload.ts'

/** Work whose every run waits to be let go. */
function gate() {
  const waiting: (() => void)[] = []
  let runs = 0
  const reload = new Reload(() => {
    runs++
    return new Promise((resolve) => waiting.push(resolve))
  })
  const letGo = async () => {
    waiting.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { reload, letGo, runs: () => runs }
}

test('requests that come during a run become one more run', async () => {
  const { reload, letGo, runs } = gate()
  reload.begin()
  assert.equal(runs(), 0)
  reload.request()
  reload.request()
  reload.request()
  assert.equal(runs(), 1)
  await letGo()
  assert.equal(runs(), 2)
  await letGo()
  assert.equal(runs(), 2)
})

test('requests that come before the begin are made up for once', () => {
  const { reload, runs } = gate()
  reload.request()
  reload.request()
  assert.equal(runs(), 0)
  reload.begin()
  assert.equal(runs(), 1)
})
