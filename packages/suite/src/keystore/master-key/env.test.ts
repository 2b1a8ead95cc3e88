import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masterKeyFromEnvironment } from './env.ts'

const key = Buffer.from(Array.from({ length: 96 }, (_, at) => (at * 7) % 256))
const read = (text: string | undefined) => masterKeyFromEnvironment({ ACRA_MASTER_KEY: text })

test('standard base64 is read, 32 bytes or more', () => {
  for (const size of [32, 33, 34, 64, 96])
    assert.deepEqual(read(key.toString('base64', 0, size)), key.subarray(0, size))
})

test('line ends and spaces are passed over wherever they stand', () => {
  const text = key.toString('base64')
  for (const gap of ['\n', '\r\n', ' ', '\n\n ']) {
    for (let at = 0; at <= text.length; at++)
      assert.deepEqual(read(text.slice(0, at) + gap + text.slice(at)), key)
    assert.deepEqual(read([...text].join(gap)), key)
  }
})

for (const text of [undefined, '', ' ', '\n'])
  test(`${JSON.stringify(text)} is a missing key`, () =>
    assert.throws(() => read(text), {
      code: 'master-key-missing',
      message: /^master key is empty: ACRA_MASTER_KEY environment variable is not set; /,
    }))

const good = key.toString('base64', 0, 32)
for (const text of [
  '!',
  `${good.slice(0, -1)}`,
  `${good}=`,
  `=${good}`,
  key.subarray(0, 33).toString('base64url').replace(/^./, '-'),
  `${good}\t`,
  'ключ',
  `${good}${good}`,
])
  test(`${JSON.stringify(text)} is not base64`, () =>
    assert.throws(() => read(text), {
      code: 'master-key-malformed',
      message: 'failed to decode ACRA_MASTER_KEY: it must be the base64 of a master key',
    }))

test('fewer than 32 bytes are refused', () => {
  for (const size of [1, 16, 31])
    assert.throws(() => read(key.toString('base64', 0, size)), {
      code: 'master-key-malformed',
      message: `master key must have 32 length in bytes; ACRA_MASTER_KEY decodes to ${size}`,
    })
})

test('the master key of a keystore v2 is refused by name', () => {
  const half = key.toString('base64', 0, 32)
  const json = JSON.stringify({ encryption: half, signature: half })
  assert.throws(() => read(Buffer.from(json).toString('base64')), {
    code: 'master-key-malformed',
    message: /holds the master key of a keystore v2, and this keystore is v1$/,
  })
})
