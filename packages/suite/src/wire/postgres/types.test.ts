import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BufferSink } from '../../foundation/index.ts'
import {
  decodeByteaEscape,
  decodeByteaHex,
  decodeByteaText,
  encodeByteaEscape,
  encodeByteaHex,
  looksHex,
} from './types.ts'

/** Decodes a text that stands in the middle of other bytes. */
function inside(text: string, decode: typeof decodeByteaText): Buffer | null {
  const bytes = Buffer.concat([Buffer.from('\\x'), Buffer.from(text, 'latin1'), Buffer.from('00')])
  return decode(bytes, 2, 2 + Buffer.byteLength(text, 'latin1'))
}

test('hex is decoded, digits of both cases', () => {
  assert.deepEqual(inside('\\x00fFaB', decodeByteaHex), Buffer.of(0, 255, 0xab))
  assert.deepEqual(inside('\\x', decodeByteaHex), Buffer.alloc(0))
})

test('malformed hex is not decoded', () => {
  for (const text of [
    '',
    '\\',
    'x00',
    '\\X00',
    '\\x0',
    '\\x0g',
    '\\xg0',
    '\\x00 ',
    '\\x0/',
    '\\x:0',
  ]) {
    assert.equal(inside(text, decodeByteaHex), null, text)
  }
})

test('the escape form is decoded', () => {
  assert.deepEqual(
    inside('a\\\\b\\000\\377\xe9', decodeByteaEscape),
    Buffer.from('a\\b\0\xff\xe9', 'latin1'),
  )
  assert.deepEqual(inside('', decodeByteaEscape), Buffer.alloc(0))
})

test('a malformed escape form is not decoded', () => {
  for (const text of ['\\', 'a\\', '\\1', '\\12', '\\400', '\\08a', '\\9', '\\x', '\\n']) {
    assert.equal(inside(text, decodeByteaEscape), null, text)
  }
})

test('the form is told by its first two bytes', () => {
  assert.deepEqual(inside('\\x41', decodeByteaText), Buffer.from('A'))
  assert.deepEqual(inside('A\\101', decodeByteaText), Buffer.from('AA'))
  assert.equal(looksHex(Buffer.from('\\x'), 0, 2), true)
  assert.equal(looksHex(Buffer.from('\\x'), 0, 1), false)
})

test('any bytes come back from hex, and the digits are those of Buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, from) => {
      const start = Math.min(from, bytes.length)
      const sink = new BufferSink()
      encodeByteaHex(bytes, start, bytes.length, sink)
      const content = Buffer.from(bytes.subarray(start))
      assert.equal(sink.bytes.toString('latin1', 0, sink.length), `\\x${content.toString('hex')}`)
      assert.deepEqual(decodeByteaHex(sink.bytes, 0, sink.length), content)
    }),
  )
})

test('any bytes come back from the escape form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const escaped = Array.from(bytes, (byte) => {
        if (byte === 0x5c) return '\\\\'
        const isPlain = byte >= 0x20 && byte < 0x7f
        return isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`
      }).join('')
      assert.deepEqual(inside(escaped, decodeByteaEscape), Buffer.from(bytes))
      const sink = new BufferSink()
      encodeByteaEscape(bytes, 0, bytes.length, sink)
      assert.equal(sink.take().toString(), escaped)
    }),
  )
})
