import assert from 'node:assert/strict'
import test from 'node:test'
import { MemoryKeystore } from '../../transform/testing/index.ts'
import { conversationParts } from './testing/index.ts'
import { simulate } from './testing/simulation/index.ts'

const RUNS = 100_000
const FIRST_SEED = 1
const parts = await conversationParts()
const keystore = new MemoryKeystore().generate('alice')

test('a client gets what its database says, whatever both say and however it comes', async (t) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    await simulate(seed, parts, keystore)
  }
  t.diagnostic(`seeds ${FIRST_SEED} to ${FIRST_SEED + RUNS - 1}`)
})

test('the simulation finds a client that is given other rows than the database has', async () => {
  // Keys that are lost: what was protected cannot be read again.
  const strangers = new MemoryKeystore()
  await assert.rejects(async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 100; seed++) {
      await simulate(seed, parts, strangers)
    }
  }, /^Error: seed \d+: message \d+ is /)
})
