import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateMasterKey } from './content.ts'

test('a generated master key of a keystore v1 has 32 bytes and is never the same', () => {
  const keys = Array.from({ length: 20 }, () => generateMasterKey('v1'))
  assert.ok(keys.every((key) => key.length === 32))
  assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, 20)
})

test('a generated master key of a keystore v2 is JSON of two different keys, without spaces, encryption first', () => {
  const text = Buffer.from(generateMasterKey('v2')).toString()
  const match = /^{"encryption":"([A-Za-z0-9+/]{43}=)","signature":"([A-Za-z0-9+/]{43}=)"}$/.exec(
    text,
  )
  assert.ok(match)
  assert.notEqual(match[1], match[2])
})
