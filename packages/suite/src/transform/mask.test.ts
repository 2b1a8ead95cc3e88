import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EnvelopeKind, identify } from '@acra-ts/crypto'
import fc from 'fast-check'
import { BufferSink } from '../foundation/index.ts'
import type { ColumnSetting } from './settings/index.ts'
import { accessOf, MemoryKeystore, protect, reveal, settingOf } from './testing/index.ts'
import { columnFor } from './transforms.ts'

const kinds: readonly EnvelopeKind[] = ['acrablock', 'acrastruct']
const sides = ['left', 'right'] as const
const keystore = new MemoryKeystore().generate('alice').generate('mallory')
const alice = accessOf('alice', keystore)
const mallory = accessOf('mallory', keystore)

function masked(side: 'left' | 'right', plainSize: number, options: Partial<ColumnSetting> = {}) {
  const masking = { pattern: Buffer.from('xxxx'), plainSize, side }
  return columnFor(settingOf({ masking, ...options }))
}

test('the plain part stands at its side, the rest is an envelope', () => {
  for (const envelope of kinds) {
    const left = protect(masked('left', 3, { envelope }), '12345678', alice)
    assert.equal(left.subarray(0, 3).toString(), '123')
    assert.deepEqual([identify(left, 3)?.kind, identify(left, 3)?.whole], [envelope, true])
    const right = protect(masked('right', 3, { envelope }), '12345678', alice)
    assert.equal(right.subarray(-3).toString(), '678')
    assert.equal(identify(right, 0, right.length - 3)?.kind, envelope)
    for (const stored of [left, right]) assert.equal(stored.includes('4567'), false)
  }
})

test('who has the keys gets the value, who has not gets the pattern beside the plain part', () => {
  for (const envelope of kinds) {
    const left = masked('left', 3, { envelope })
    const right = masked('right', 3, { envelope })
    assert.equal(reveal(left, protect(left, '12345678', alice), alice)?.toString(), '12345678')
    assert.equal(reveal(right, protect(right, '12345678', alice), alice)?.toString(), '12345678')
    assert.equal(reveal(left, protect(left, '12345678', alice), mallory)?.toString(), '123xxxx')
    assert.equal(reveal(right, protect(right, '12345678', alice), mallory)?.toString(), 'xxxx678')
  }
})

test('whatever is stored comes back, and hides all but the plain part', () => {
  const value = fc.uint8Array({ minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(value, fc.nat(50), fc.constantFrom(...sides), (plain, size, side) => {
      const column = masked(side, size)
      const stored = protect(column, plain, alice)
      assert.deepEqual(reveal(column, stored, alice), Buffer.from(plain))
      const kept = size < plain.length ? size : 0
      const shown =
        side === 'left'
          ? Buffer.concat([plain.subarray(0, kept), Buffer.from('xxxx')])
          : Buffer.concat([Buffer.from('xxxx'), plain.subarray(plain.length - kept)])
      assert.deepEqual(reveal(column, stored, mallory), shown)
    }),
  )
})

test('a value that is no longer than its plain part is hidden as a whole; an empty one stays empty', () => {
  for (const side of sides) {
    const column = masked(side, 3)
    const stored = protect(column, '123', alice)
    assert.equal(identify(stored)?.whole, true)
    assert.equal(reveal(column, stored, mallory)?.toString(), 'xxxx')
    assert.equal(protect(column, '', alice).length, 0)
  }
})

test('of a text no character is cut: one that is not whole is hidden', () => {
  const left = protect(masked('left', 2, { dataType: 'str' }), 'aüb', alice)
  assert.equal(reveal(masked('left', 2, { dataType: 'str' }), left, mallory)?.toString(), 'axxxx')
  const right = protect(masked('right', 2, { dataType: 'str' }), 'aüb', alice)
  assert.equal(reveal(masked('right', 2), right, mallory)?.toString(), 'xxxxb')
  assert.equal(reveal(masked('right', 2), right, alice)?.toString(), 'aüb')
})

test('values without an envelope stay as they are', () => {
  assert.equal(reveal(masked('left', 3), Buffer.from('12345678'), alice), null)
  assert.equal(reveal(masked('left', 3), Buffer.alloc(300, 'x'), alice), null)
})

test('a stored value that is written again stays as it is, as does an envelope', () => {
  for (const side of sides) {
    const column = masked(side, 3)
    const stored = protect(column, '12345678', alice)
    assert.deepEqual(protect(column, stored, alice), stored)
    const envelope = protect(columnFor(settingOf()), '12345678', alice)
    assert.deepEqual(protect(column, envelope, alice), envelope)
  }
})

test('keys that cannot be had show the pattern', () => {
  const store = new MemoryKeystore().generate('alice')
  const stored = protect(masked('left', 3), '12345678', accessOf('alice', store))
  store.failure = new Error('away')
  assert.equal(reveal(masked('left', 3), stored, accessOf('alice', store))?.toString(), '123xxxx')
})

test('without a key nothing is written, the plain part neither', () => {
  for (const side of sides) {
    const out = new BufferSink()
    const writing = () =>
      masked(side, 3).protect(Buffer.from('12345678'), accessOf('nobody', keystore), out)
    assert.throws(writing, { code: 'transform-key-missing' })
    assert.equal(out.length, 0)
  }
})
