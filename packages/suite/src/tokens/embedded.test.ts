import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { readBoltFile } from './bolt.ts'
import { openEmbeddedTokenStore } from './embedded.ts'
import { decodeRecord } from './record.ts'
import { describeTokenStore } from './token-store.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const newPath = () => join(folder, `tokens-${files++}.db`)

const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/tokens.json', import.meta.url), 'utf8'),
) as { bolt: { file_gzip_base64: string } }
const bolt = gunzipSync(Buffer.from(vectors.bolt.file_gzip_base64, 'base64'))

describeTokenStore('file', () => openEmbeddedTokenStore(newPath()))

test('a file keeps its records, is seen by other processes at once, and is its owner’s alone', async () => {
  const path = newPath()
  const bucket = Buffer.alloc(32, 1)
  const store = await openEmbeddedTokenStore(path)
  await store.add(bucket, Buffer.from('key'), Buffer.from('value'))
  const module = new URL('./embedded.js', import.meta.url).href
  const program = `const { openEmbeddedTokenStore } = await import(${JSON.stringify(module)})
    const store = await openEmbeddedTokenStore(${JSON.stringify(path)})
    const bucket = Buffer.alloc(32, 1)
    process.stdout.write(store.get(bucket, Buffer.from('key')))
    await store.add(bucket, Buffer.from('other'), Buffer.from('theirs'))
    await store.close()`
  const words = ['--input-type=module', '--eval', program]
  assert.equal((await promisify(execFile)(process.execPath, words)).stdout, 'value')
  assert.equal((await store.get(bucket, Buffer.from('other')))?.toString(), 'theirs')
  await store.close()
  const again = await openEmbeddedTokenStore(path)
  assert.equal((await again.get(bucket, Buffer.from('key')))?.toString(), 'value')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  await again.close()
})

test('a BoltDB file of the original is read', () => {
  const path = newPath()
  writeFileSync(path, bolt)
  const records = [...readBoltFile(path)]
  assert.ok(records.length >= 2)
  for (const { bucket, key, value } of records) {
    assert.equal(bucket.length, 32)
    assert.match(key.subarray(0, 2).toString(), /^[ht]\.$/)
    assert.ok(decodeRecord(value).created > 1_500_000_000)
  }
})

test('a BoltDB file is taken over once, stays as it was, and what is removed later does not come back', async () => {
  const path = newPath()
  writeFileSync(path, bolt)
  const count = [...readBoltFile(path)].length
  const store = await openEmbeddedTokenStore(path)
  let found = 0
  await store.scan(() => {
    found++
    return 'remove'
  })
  assert.equal(found, count)
  await store.close()
  assert.deepEqual(readFileSync(path), bolt)
  const again = await openEmbeddedTokenStore(path)
  await again.scan(() => assert.fail('a removed record came back'))
  await again.close()
})

test('a damaged BoltDB file is an error or other records, never a crash', () => {
  const path = newPath()
  for (let at = 0; at < bolt.length; at += 211) {
    const damaged = Buffer.from(bolt)
    damaged[at] ^= 0xff
    writeFileSync(path, damaged)
    try {
      for (const { value } of readBoltFile(path)) decodeRecord(value)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'token-store-damaged', `${at} ${error}`)
    }
  }
  for (const size of [0, 20, 4096, bolt.length - 4096]) {
    writeFileSync(path, bolt.subarray(0, size))
    try {
      for (const { value } of readBoltFile(path)) decodeRecord(value)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'token-store-damaged', `${size} ${error}`)
    }
  }
})

test('a file that cannot be opened is an error that names it', async () => {
  const path = join(folder, 'no', 'such', 'folder')
  await assert.rejects(openEmbeddedTokenStore(path), {
    code: 'token-store-unavailable',
    message: `the file of tokens "${path}" cannot be opened`,
  })
})
