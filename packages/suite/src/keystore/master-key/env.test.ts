import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MASTER_KEY_VARIABLE, masterKeyFromEnvironment } from './env.ts'
import { masterKeyPairWrapper, masterKeyWrapper } from './software.ts'

const key = Buffer.from(Array.from({ length: 96 }, (_, at) => (at * 7) % 256))
const ref = { purpose: 'storage', owner: 'someid' } as const
const secret = Buffer.from('a secret of some size')
const read = (text: string | undefined) => masterKeyFromEnvironment({ ACRA_MASTER_KEY: text })
const read2 = (text: string) => masterKeyFromEnvironment({ ACRA_MASTER_KEY: text }, 'v2')

/** Whether what the environment gives opens what `masterKey` has wrapped. */
async function isRead(text: string, masterKey: Buffer): Promise<boolean> {
  const wrapped = await masterKeyWrapper(Buffer.from(masterKey)).wrap(secret, ref, 'someid')
  return (await read(text).unwrap(wrapped, ref, 'someid')) !== null
}

test('standard base64 is read, 32 bytes or more', async () => {
  for (const size of [32, 33, 34, 64, 96])
    assert.ok(await isRead(key.toString('base64', 0, size), key.subarray(0, size)))
})

test('line ends and spaces are passed over wherever they stand', async () => {
  const text = key.toString('base64', 0, 34)
  for (const gap of ['\n', '\r\n', ' ', '\n\n ']) {
    for (let at = 0; at <= text.length; at++)
      assert.ok(await isRead(text.slice(0, at) + gap + text.slice(at), key.subarray(0, 34)))
    assert.ok(await isRead([...text].join(gap), key.subarray(0, 34)))
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
      message: `master key must have 32 length in bytes; ${MASTER_KEY_VARIABLE} holds ${size}`,
    })
})

const half = key.toString('base64', 0, 32)
const otherHalf = key.toString('base64', 32, 64)
const json = (fields: unknown) => Buffer.from(JSON.stringify(fields)).toString('base64')

test('the master key of a keystore v2 is refused by name where the keystore is v1', () => {
  assert.throws(() => read(json({ encryption: half, signature: otherHalf })), {
    code: 'master-key-malformed',
    message: /holds the master key of a keystore v2, and this keystore is v1$/,
  })
})

test('the two keys of a keystore v2 are read', async () => {
  const pair = { encryption: key.subarray(0, 32), signature: key.subarray(32, 64) }
  const same = masterKeyPairWrapper(pair)
  const found = read2(json({ encryption: half, signature: otherHalf }))
  const wrapped = await same.wrap(secret, ref, 'a ring')
  assert.deepEqual(Buffer.from((await found.unwrap(wrapped, ref, 'a ring'))!), secret)
  assert.deepEqual(await found.sign!(secret), await same.sign!(secret))
  assert.equal(read(half).sign, null)
})

test('anything but two different keys of 32 bytes is refused for a keystore v2, without a word of it', () => {
  const short = key.toString('base64', 0, 31)
  const bad = [
    half,
    json([]),
    json({ encryption: half }),
    json({ encryption: half, signature: 7 }),
    json({ encryption: half, signature: half }),
    json({ encryption: short, signature: otherHalf }),
    json({ encryption: `${half.slice(1)}!`, signature: otherHalf }),
  ]
  for (const text of bad)
    assert.throws(
      () => read2(text),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'master-key-malformed')
        return !error.message.includes(half.slice(0, 8))
      },
    )
})
