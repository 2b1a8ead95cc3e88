import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { masterKeyPairWrapper, masterKeyWrapper } from './software.ts'

const secret = Buffer.from('a secret of some size')
const ref = { purpose: 'storage', owner: 'someid' } as const
const key = (byte: number, size = 32) => Buffer.alloc(size, byte)

test('what is wrapped opens under the same context only', async () => {
  const wrapper = masterKeyWrapper(key(1))
  const wrapped = await wrapper.wrap(secret, ref, 'someid')
  assert.equal(wrapped.length, secret.length + 44)
  assert.deepEqual(Buffer.from((await wrapper.unwrap(wrapped, ref, 'someid'))!), secret)
  assert.equal(await wrapper.unwrap(wrapped, ref, 'otherid'), null)
  assert.equal(await wrapper.unwrap(wrapped, ref, ''), null)
  assert.equal(await masterKeyWrapper(key(2)).unwrap(wrapped, ref, 'someid'), null)
})

test('a longer master key is used whole', async () => {
  const wrapped = await masterKeyWrapper(key(7, 40)).wrap(secret, ref, 'someid')
  assert.equal(await masterKeyWrapper(key(7)).unwrap(wrapped, ref, 'someid'), null)
})

test('the signature key of a keystore v2 signs by HMAC-SHA256; that of a keystore v1 signs nothing', async () => {
  const wrapper = masterKeyPairWrapper({ encryption: key(1), signature: key(2) })
  const expected = createHmac('sha256', key(2)).update(secret).digest()
  assert.deepEqual(Buffer.from(await wrapper.sign!(secret)), expected)
  assert.equal(masterKeyWrapper(key(1)).sign, null)
})

test('a short master key is refused', () => {
  const refused = {
    code: 'master-key-malformed',
    message: 'master key must have 32 length in bytes',
  }
  assert.throws(() => masterKeyWrapper(key(1, 31)), refused)
  assert.throws(() => masterKeyPairWrapper({ encryption: key(1, 31), signature: key(2) }), refused)
  assert.throws(() => masterKeyPairWrapper({ encryption: key(1), signature: key(2, 31) }), refused)
})

test('a wiped master key is overwritten and works no more', () => {
  const [encryption, signature] = [key(1), key(2)]
  const wrapper = masterKeyPairWrapper({ encryption, signature })
  wrapper.wipe()
  assert.ok([...encryption, ...signature].every((byte) => byte === 0))
  assert.throws(() => wrapper.wrap(secret, ref, 'someid'), /a wiped master key was used/)
  assert.throws(() => wrapper.unwrap(secret, ref, 'someid'), /a wiped master key was used/)
  assert.throws(() => wrapper.sign!(secret), /a wiped master key was used/)
})
