import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FieldValue, LogRecord } from '../record.ts'
import { cefFormat } from './cef.ts'
import { jsonFormat } from './json.ts'
import { colouredPlaintext, plaintext } from './plaintext.ts'

const product = { name: 'acra-x', version: '0.1.0' }

const value: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string({ unit: 'binary' })),
  fc.string({ unit: 'binary' }).map((message) => new Error(message)),
)

const record: fc.Arbitrary<LogRecord> = fc.record({
  time: fc.nat(4_000_000_000_000),
  zone: fc.integer({ min: -720, max: 840 }),
  level: fc.constantFrom('debug', 'info', 'warning', 'error', 'fatal', 'panic'),
  message: fc.string({ unit: 'binary' }),
  fields: fc
    .array(fc.tuple(fc.string({ unit: 'binary' }), value))
    .map((entries) => new Map(entries)),
})

test('whatever is logged is one line in every format', () => {
  fc.assert(
    fc.property(record, (one) => {
      for (const format of [
        plaintext,
        colouredPlaintext,
        jsonFormat(product),
        cefFormat(product),
      ]) {
        const line = format(one)
        assert.equal(line.search(/[\n\r]/), line.length - 1)
      }
    }),
  )
})

test('a JSON line is JSON with sorted keys, and says what was logged', () => {
  fc.assert(
    fc.property(record, (one) => {
      const line = jsonFormat(product)(one)
      assert.ok(!/[<>&\u2028\u2029]/.test(line))
      const parsed = JSON.parse(line)
      assert.equal(parsed.msg, one.message)
      assert.equal(parsed.level, one.level)
      assert.equal(Date.parse(parsed.timestamp), Math.floor(one.time / 1000) * 1000)
      for (const [name, field] of one.fields) {
        if (typeof field !== 'string' || ['msg', 'level', 'timestamp'].includes(name)) continue
        if (!name.startsWith('fields.') && name !== '__proto__') assert.equal(parsed[name], field)
      }
    }),
  )
})

test('a CEF line has its seven bars and no other that is not escaped', () => {
  fc.assert(
    fc.property(record, (one) => {
      const line = cefFormat(product)(one)
      assert.equal(line.replace(/\\[\\|=]/g, '').split('|').length, 8)
    }),
  )
})
