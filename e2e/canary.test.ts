import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCanary, searchable } from './canary.ts'

const found = (canary: string, bytes: Buffer | string) =>
  findCanary(canary, searchable(Buffer.from(bytes)))

test('a canary is found as text in whatever case', () => {
  assert.equal(found('Ann.Marsh', "select 'ANN.marsh'"), 'text')
  assert.equal(found('ann.marsh', 'select 1'), null)
})

test('a canary is found in hex of either case', () => {
  const hex = Buffer.from('osprey1quill').toString('hex')
  assert.equal(found('osprey1quill', `'\\x${hex}'`), 'hex')
  assert.equal(found('osprey1quill', `'\\x${hex.toUpperCase()}'`), 'hex')
})

test('a canary is found in base64 wherever it begins', () => {
  for (const before of ['', 'a', 'ab', 'abc']) {
    const encoded = Buffer.from(`${before}osprey1quill and more`).toString('base64')
    assert.equal(found('osprey1quill', encoded), 'base64', before)
  }
})

test('a canary is found with quotes and backslashes doubled', () => {
  assert.equal(found("o'hara", "'o''HARA'"), 'text')
  assert.equal(found('a\\b', "E'a\\\\b'"), 'text')
})

test('a canary of digits is found as an integer of either size and byte order', () => {
  const four = Buffer.alloc(4)
  four.writeInt32LE(1500001067)
  assert.equal(found('1500001067', Buffer.concat([Buffer.of(1), four])), '4-byte integer')
  const eight = Buffer.alloc(8)
  eight.writeBigInt64BE(6100000000021000063n)
  assert.equal(
    found('6100000000021000063', Buffer.concat([Buffer.of(1, 2), eight])),
    '8-byte integer',
  )
})

test('a canary that is bytes in hex is found as these bytes', () => {
  const canary = '00fe5c2766696e6368ff'
  assert.equal(found(canary, Buffer.from(canary, 'hex')), 'bytes')
})

test('a canary beyond ASCII is found in its own script', () => {
  assert.equal(found('日本語', "'日本語'"), 'text')
  assert.equal(found('Ärger', "'ÄRGER'"), 'text')
})
