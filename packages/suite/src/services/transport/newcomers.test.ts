import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, plaintext } from '../../observe/index.ts'
import { Newcomers } from './newcomers.ts'

test('the eldest gives way, and those that are served or have ended do not', () => {
  const dropped: string[] = []
  const lines: string[] = []
  const log = createLogger({
    level: 'info',
    clock: { now: () => 0, zone: () => 0 },
    outputs: [{ format: plaintext, sink: { write: (line) => lines.push(line) } }],
  })
  const newcomers = new Newcomers<{ name: string }>(({ name }) => dropped.push(name), log)
  const all = ['a', 'b', 'c', 'd'].map((name) => ({ name }))
  for (const one of all) newcomers.add(one)
  newcomers.remove(all[0]!)
  newcomers.remove(all[2]!)
  assert.equal(newcomers.count, 2)
  assert.deepEqual(
    Array.from({ length: 3 }, () => newcomers.giveWay('max')),
    [true, true, false],
  )
  assert.deepEqual(dropped, ['b', 'd'])
  // They do it by the thousand, and are told once in a while.
  assert.equal(lines.length, 1)
  assert.match(lines.join(''), /code=2013 count=1 limit=max/)
})
