import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Arena, openArena } from './bad-input.ts'

const BATCHES = 4
const COUNT = 50
const GROWTH_MAX_MIB = 200

let arena: Arena
before(async () => {
  arena = await openArena()
})
after(() => arena.stop())

test('bad clients and bad databases end their own connections, and no other', async () => {
  await arena.checkHealth()
  await arena.attack(0, COUNT)
  const before = arena.memory()
  for (let batch = 1; batch <= BATCHES; batch++) {
    await Promise.all([arena.attack(batch, COUNT), arena.checkHealth()])
    await arena.checkHealth()
  }
  const growth = arena.memory() - before
  assert.ok(growth < GROWTH_MAX_MIB, `${growth} MiB more than after the first attacks`)
  assert.match(arena.log(), /code=2011/)
  assert.match(arena.log(), /code=2012/)
  assert.doesNotMatch(arena.log(), /XX000|TypeError|RangeError/)
})
