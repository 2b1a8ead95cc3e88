import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeRecord, decodeTokenValue, encodeRecord, encodeTokenValue } from './record.ts'

test('a record and a value stand as the original writes them', () => {
  const record = {
    data: Buffer.of(1, 2, 3),
    created: 1_600_000_000,
    accessed: 1_600_000_100,
    disabled: true,
  }
  const encoded = '0a030102031080a0f8fa0518e4a0f8fa052001'
  assert.equal(encodeRecord(record).toString('hex'), encoded)
  assert.deepEqual(decodeRecord(Buffer.from(encoded, 'hex')), record)
  const value = encodeTokenValue(Buffer.from('some string'), 3)
  assert.equal(value.toString('hex'), '0a0b736f6d6520737472696e671003')
  assert.deepEqual(decodeTokenValue(value), { value: Buffer.from('some string'), type: 3 })
})

test('every record comes back as it was', () => {
  const seconds = fc.integer({ min: -(2 ** 40), max: 2 ** 40 })
  fc.assert(
    fc.property(
      fc.uint8Array(),
      seconds,
      seconds,
      fc.boolean(),
      (data, created, accessed, disabled) => {
        const record = { data: Buffer.from(data), created, accessed, disabled }
        assert.deepEqual(decodeRecord(encodeRecord(record)), record)
      },
    ),
  )
})

test('any bytes are a record or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      try {
        decodeRecord(Buffer.from(bytes))
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'token-store-damaged')
      }
    }),
  )
})
