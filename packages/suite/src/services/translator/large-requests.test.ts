/** Requests as large as they may be, and JSON that is larger than it looks: answered, and others are served meanwhile. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { base64, startTestTranslator, type TestTranslator } from './testing/index.ts'

let translator: TestTranslator
before(async () => {
  translator = await startTestTranslator({ request_size_max: 32 << 20 })
})
after(() => translator.stop())

test('a value of 8 MB is encrypted and decrypted, alone and among others', async () => {
  const data = Buffer.alloc(8_000_000, 'value').toString('base64')
  const sealed = await translator.json('encryptSym', { data })
  assert.equal(sealed.status, 200)
  const { data: envelope } = sealed.body as { data: string }
  const opened = await translator.json('decryptSym', { data: envelope })
  assert.deepEqual([opened.status, opened.body], [200, { data }])
  const requests = [{ request_id: 1, operation: 'encryptSym', request_data: { data } }]
  assert.equal((await translator.json('bulkProcessing', { requests })).status, 200)
  const token = await translator.json('tokenize', { type: 4, data })
  assert.equal(token.status, 200)
})

test('base64 of 12 MB that ends in something else is refused as bad input', async () => {
  const data = `${'abcd'.repeat(3_000_000)}ab-=`
  assert.equal((await translator.json('encryptSym', { data })).status, 400)
})

const large: Readonly<Record<string, string>> = {
  'lists in each other': '['.repeat(4_000_000),
  'objects in each other': '{"a":'.repeat(1_000_000),
  'a million names': `{${Array.from({ length: 1_000_000 }, (_, n) => `"A${n}":1`).join(',')}}`,
}

for (const [name, body] of Object.entries(large)) {
  test(`JSON of ${name} is refused as bad input before it is read`, async () => {
    for (const operation of ['encryptSym', 'tokenize', 'bulkProcessing']) {
      const { status } = await translator.json(operation, body)
      assert.equal(status, 400, operation)
    }
  })
}

test('others are served while thousands of operations of one request are carried out', async () => {
  const request_data = { data: base64('a value') }
  const requests = Array.from({ length: 5000 }, (_, request_id) => ({
    request_id,
    operation: 'encrypt',
    request_data,
  }))
  let isDone = false
  const many = translator.json('bulkProcessing', { requests }).then(({ status, body }) => {
    isDone = true
    return [status, (body as unknown as unknown[]).length]
  })
  let served = 0
  while (!isDone) {
    assert.equal((await translator.json('encryptSym', request_data)).status, 200)
    served++
  }
  assert.deepEqual(await many, [200, 5000])
  assert.ok(served > 10, `${served} others`)
})
