import assert from 'node:assert/strict'
import test from 'node:test'
import { columnFor } from '../../transform/index.ts'
import { accessOf, MemoryKeystore, settingOf } from '../../transform/testing/index.ts'
import { Corpus, fuzz } from './testing/fuzz/index.ts'
import { conversationParts } from './testing/index.ts'
import { recordings } from './testing/recordings.ts'

const RUNS = 10_000
const FIRST_SEED = 1
const MEMORY_MAX = 256 * 2 ** 20

test('whatever either side says, the conversation goes on or ends with a protocol error, in bounded memory', async () => {
  const parts = await conversationParts()
  const access = accessOf('alice', new MemoryKeystore().generate('alice'))
  const corpus = new Corpus(recordings(columnFor(settingOf({ dataType: 'str' })), access))
  let refused = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    if ((await fuzz(seed, corpus, parts, access)).isRefused) refused++
    if (seed % 1000 === 0) assert.ok(process.memoryUsage().arrayBuffers < MEMORY_MAX)
  }
  // Both happen, or nothing has been tried.
  assert.ok(refused > RUNS / 20 && refused < RUNS - RUNS / 20, `${refused} were refused`)
})
