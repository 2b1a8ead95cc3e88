import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameCutter, messageTypes } from '../../wire/postgres/index.ts'
import { mayEnd } from './leave.ts'

function cutter(...bytes: number[]): FrameCutter {
  const frames = new FrameCutter(messageTypes(), {
    take: () => false,
    outlet: { pass: () => {}, put: () => {}, flush: () => {} },
    heldSizeMax: 64,
    oversized: () => 'pass',
  })
  frames.push(Buffer.from(bytes))
  return frames
}

const sync = [0x53, 0, 0, 0, 4]
const terminate = [0x58, 0, 0, 0, 4]
const error = [0x45, 0, 0, 0, 5, 0]
const ready = [0x5a, 0, 0, 0, 5, 0x49]

test('a database may end when the client has taken leave, or it has said why', () => {
  assert.ok(mayEnd(cutter(...sync, ...terminate), cutter(...ready)))
  assert.ok(mayEnd(cutter(...sync), cutter(...ready, ...error)))
  assert.ok(mayEnd(cutter(), cutter(...error)))
})

test('a database may not end before, nor inside a message', () => {
  assert.ok(!mayEnd(cutter(), cutter()))
  assert.ok(!mayEnd(cutter(...sync), cutter(...ready)))
  assert.ok(!mayEnd(cutter(...sync), cutter(...error, ...ready)))
  assert.ok(!mayEnd(cutter(...sync, ...terminate), cutter(...ready, 0x44, 0, 0, 0, 9)))
  assert.ok(!mayEnd(cutter(...sync), cutter(...ready, ...error.slice(0, 5))))
})
