import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBase64, isHex } from './text-forms.ts'

test('base64 has four characters for three bytes, padded at its end alone', () => {
  for (const text of ['', 'aGk=', 'aA==', 'aGVs', '+/+/']) assert.ok(isBase64(text), text)
  for (const text of ['a', 'aGk', 'a===', '====', 'aG=k', 'aGk\n', 'aG-_', 'aGk=aGk='])
    assert.ok(!isBase64(text), text)
})

test('hex has two digits for a byte', () => {
  for (const text of ['', '00', 'fFaA09']) assert.ok(isHex(text), text)
  for (const text of ['0', '0g', '0x00', ' 00']) assert.ok(!isHex(text), text)
})

test('texts of many megabytes are read', () => {
  assert.ok(isBase64('abcd'.repeat(8_000_000)))
  assert.ok(!isBase64(`${'abcd'.repeat(8_000_000)}ab-=`))
  assert.ok(isHex('ab'.repeat(16_000_000)))
})
