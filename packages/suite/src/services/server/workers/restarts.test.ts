import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Restarts } from './restarts.ts'

test('a worker that has served for a while is replaced at once', () => {
  const restarts = new Restarts()
  restarts.ready()
  for (let i = 0; i < 20; i++) assert.equal(restarts.ended(60_000), 0)
})

test('workers that end at once are replaced later and later, until one lives', () => {
  const restarts = new Restarts()
  restarts.ready()
  const delays = Array.from({ length: 12 }, () => restarts.ended(5))
  assert.deepEqual(
    delays,
    [0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000],
  )
  assert.equal(restarts.ended(60_000), 0)
  assert.equal(restarts.ended(5), 0)
  assert.equal(restarts.ended(5), 100)
})

test('workers that end at once before any was ready are given up', () => {
  const restarts = new Restarts()
  assert.deepEqual(
    Array.from({ length: 5 }, () => restarts.ended(5)),
    [0, 100, 200, 400, null],
  )
})
