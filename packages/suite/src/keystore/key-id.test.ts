import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyId, keyOfId } from './key-id.ts'
import { purposes } from './key-ref.ts'
import { everyRef } from './testing/stores.ts'

test('every key is found by its id, its ring and its file', () => {
  for (const ref of everyRef) {
    const { file, ring } = purposes[ref.purpose]
    const named = (template: string) => template.replace('*', ref.owner ?? '')
    for (const id of [keyId(ref), named(ring), `${named(ring)}.keyring`, named(file)])
      assert.deepEqual(keyOfId(id), ref, id)
  }
})

test('what names no key is none, and no path leads out of a store', () => {
  const bad = [
    '',
    'clie',
    'client//storage',
    'client/abc/storage',
    'client/../../etc/storage',
    'client/alice/other',
    'zone/alice/storage',
    '../alice_storage',
    'alice/',
    'client/alice\0/storage',
  ]
  for (const id of bad) assert.equal(keyOfId(id), null, JSON.stringify(id))
})
