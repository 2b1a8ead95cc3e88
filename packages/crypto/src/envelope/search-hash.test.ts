import assert from 'node:assert/strict'
import test from 'node:test'
import { nodePrimitives as p } from '../node.ts'
import { damaged } from '../testing/damage.ts'
import { searchHashVector } from '../testing/envelope-vectors.ts'
import { utf8 } from '../testing/vectors.ts'
import { isSearchHashOf, searchHash } from './search-hash.ts'

const { key, plain, hash } = searchHashVector

test('the search hash is the one of Acra', () => {
  assert.deepEqual(searchHash(p, key, plain), hash)
  assert.equal(isSearchHashOf(p, key, plain, hash), true)
})

test('a damaged hash, another key and another plaintext do not match', () => {
  for (const { what, bytes } of damaged(hash)) {
    assert.equal(isSearchHashOf(p, key, plain, bytes), false, what)
  }
  assert.equal(isSearchHashOf(p, key, plain, Uint8Array.of(...hash, 0)), false)
  assert.equal(isSearchHashOf(p, utf8('key'), plain, hash), false)
  assert.equal(isSearchHashOf(p, key, utf8('other'), hash), false)
})

test('an empty plaintext has a hash, an empty key has none', () => {
  assert.equal(searchHash(p, key, new Uint8Array(0)).length, 33)
  assert.throws(() => searchHash(p, new Uint8Array(0), plain), { code: 'key-empty' })
})
