import assert from 'node:assert/strict'
import test from 'node:test'
import { PlanCache } from './plan-cache.ts'

test('a plan that is used stays while a flood of others passes', () => {
  const cache = new PlanCache<number>(100, 1 << 20)
  cache.set('used', 1)
  for (let i = 0; i < 10_000; i++) {
    cache.set(`flood ${i}`, i)
    assert.equal(cache.get('used'), 1)
    assert.ok(cache.count <= 100, `${cache.count} plans`)
  }
})

test('the bound in bytes holds for long keys', () => {
  const cache = new PlanCache<number>(1_000_000, 1 << 20)
  for (let i = 0; i < 1000; i++) cache.set(`${i} ${'x'.repeat(10_000)}`, i)
  assert.ok(cache.count * 20_000 <= 1 << 20, `${cache.count} plans`)
})

test('the bound in bytes holds for large plans', () => {
  const cache = new PlanCache<number>(1_000_000, 1 << 20, null, (size) => size)
  for (let i = 0; i < 1000; i++) cache.set(String(i), 10_000)
  assert.ok(cache.count > 50 && cache.count * 10_000 <= 1 << 20, `${cache.count} plans`)
  cache.set('too large', 1 << 20)
  assert.equal(cache.get('too large'), undefined)
})

test('a key larger than the cache is not kept', () => {
  const cache = new PlanCache<number>(100, 4096)
  cache.set('x'.repeat(10_000), 1)
  assert.equal(cache.get('x'.repeat(10_000)), undefined)
  assert.equal(cache.count, 0)
})

test('the owner is told when plans have to go', () => {
  let turns = 0
  const cache = new PlanCache<number>(10, 1 << 20, () => turns++)
  for (let i = 0; i < 11; i++) cache.set(String(i), i)
  assert.equal(turns, 1)
})
