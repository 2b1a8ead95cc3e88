import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, plaintext } from '../../observe/index.ts'
import { KeySourceWatch } from './key-source.ts'

/** A watch over a source that answers or not, and what came of it. */
function watchOf(offlineMs: number) {
  const told: string[] = []
  const source = { isThere: true, nowMs: 0 }
  const log = createLogger({
    level: 'info',
    outputs: [
      {
        format: plaintext,
        sink: { write: (line) => told.push(/code=(\d+)/.exec(line)?.[1] ?? line) },
      },
    ],
    clock: { now: () => 0, zone: () => 0 },
  })
  const watch = new KeySourceWatch({
    probe: async () => {
      if (!source.isThere) throw new Error('nobody is there')
    },
    intervalMs: 1000,
    offlineMs,
    log,
    onDegraded: (change) => told.push(`degraded ${change}`),
    drop: () => told.push('drop'),
    restore: () => told.push('restore'),
    now: () => source.nowMs,
  })
  const check = async (isThere: boolean, nowMs: number) => {
    Object.assign(source, { isThere, nowMs })
    await watch.check()
    return told.splice(0)
  }
  return { watch, check, told }
}

test('a source that answers is not told of', async () => {
  const { check } = watchOf(1000)
  assert.deepEqual(await check(true, 0), [])
  assert.deepEqual(await check(true, 5000), [])
})

test('a source that goes away is told once, and the keys go on within their time', async () => {
  const { check } = watchOf(60_000)
  assert.deepEqual(await check(false, 1000), ['degraded 1', '2030'])
  assert.deepEqual(await check(false, 60_999), [])
  assert.deepEqual(await check(true, 61_000), ['degraded -1', '2031'])
  assert.deepEqual(await check(true, 62_000), [])
})

test('after their time the keys are dropped once, until the source is back', async () => {
  const { check } = watchOf(60_000)
  await check(false, 0)
  assert.deepEqual(await check(false, 60_000), ['drop', '2032'])
  assert.deepEqual(await check(false, 90_000), [])
  assert.deepEqual(await check(true, 91_000), ['restore', 'degraded -1', '2031'])
  assert.deepEqual(await check(false, 92_000), ['degraded 1', '2030'], 'the time begins anew')
  assert.deepEqual(await check(false, 151_999), [])
})

test('without a bound the keys are never dropped', async () => {
  const { check } = watchOf(Number.POSITIVE_INFINITY)
  await check(false, 0)
  assert.deepEqual(await check(false, 1e12), [])
})

test('a watch that is stopped says nothing more, and takes back what it has told', async () => {
  const { watch, check, told } = watchOf(1000)
  await check(false, 0)
  watch.stop()
  assert.deepEqual(told.splice(0), ['degraded -1'])
  assert.deepEqual(await check(false, 5000), [])
})
