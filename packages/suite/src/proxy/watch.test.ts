import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Watch } from './watch.ts'

test('what is watched is told how much time has passed, until it is removed', async () => {
  const watch = new Watch(1)
  // The watch alone keeps no process running.
  const running = setInterval(() => {}, 1000)
  const told: number[] = []
  await new Promise<void>((resolve) => {
    const watched = {
      tick(elapsedMs: number) {
        told.push(elapsedMs)
        if (told.length < 3) return
        watch.remove(watched)
        resolve()
      },
    }
    watch.add(watched)
  })
  await new Promise<void>((resolve) => {
    const other = {
      tick() {
        watch.remove(other)
        resolve()
      },
    }
    watch.add(other)
  })
  clearInterval(running)
  assert.deepEqual(told, [1, 1, 1])
})
