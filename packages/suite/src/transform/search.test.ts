import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EnvelopeKind, identify, SEARCH_HASH_SIZE, searchHash } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import fc from 'fast-check'
import { BufferSink } from '../foundation/index.ts'
import type { Purpose } from '../keystore/index.ts'
import { anyColumn } from './any-column.ts'
import { accessOf, atOnce, MemoryKeystore, protect, reveal, settingOf } from './testing/index.ts'
import type { Access, Column } from './transform.ts'
import { columnFor } from './transforms.ts'

const kinds: readonly EnvelopeKind[] = ['acrablock', 'acrastruct']
const allKeys: readonly Purpose[] = ['storage', 'storage-symmetric', 'hmac']

function searchable(options: Parameters<typeof settingOf>[0] = {}): Column {
  return columnFor(settingOf({ searchable: true, equality: 'prefix', ...options }))
}

function forms(column: Column, plain: Uint8Array | string, access: Access): Buffer[] {
  assert.ok(column.search)
  return atOnce(column.search.forms(Buffer.from(plain), access)).map((form) => Buffer.from(form))
}

/** The compared part of what is stored. */
function prefix(stored: Buffer): Buffer {
  return stored.subarray(0, SEARCH_HASH_SIZE)
}

test('stored is the hash of the plaintext and its envelope, and it is revealed without the hash', () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys)
  const access = accessOf('alice', keystore)
  const [{ secret }] = atOnce(keystore.keys({ purpose: 'hmac', owner: 'alice' }))
  for (const envelope of kinds) {
    const column = searchable({ envelope })
    const stored = protect(column, 'a@b.example', access)
    const hash = searchHash(nodePrimitives, secret, Buffer.from('a@b.example'))
    assert.deepEqual(prefix(stored), Buffer.from(hash))
    assert.equal(identify(stored, SEARCH_HASH_SIZE)?.kind, envelope)
    assert.equal(reveal(column, stored, access)?.toString(), 'a@b.example')
    assert.equal(reveal(anyColumn, stored, access)?.toString(), 'a@b.example')
  }
})

test('whatever is stored is found by its plaintext, and by no other', () => {
  const access = accessOf('alice', new MemoryKeystore().generate('alice', allKeys))
  const column = searchable()
  assert.equal(column.search?.prefixSize, SEARCH_HASH_SIZE)
  const value = fc.uint8Array({ minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(value, value, (one, other) => {
      const stored = protect(column, one, access)
      assert.deepEqual(forms(column, one, access), [prefix(stored)])
      const found = forms(column, other, access)[0].equals(prefix(stored))
      assert.equal(found, Buffer.from(one).equals(other))
      assert.deepEqual(reveal(column, stored, access), Buffer.from(one))
    }),
  )
})

test('an empty value stays empty, and is found as such', () => {
  const access = accessOf('alice', new MemoryKeystore().generate('alice', allKeys))
  assert.equal(protect(searchable(), '', access).length, 0)
  assert.deepEqual(forms(searchable(), '', access), [Buffer.alloc(0)])
})

test('after a rotation old values are revealed and found, the newest form first', () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys)
  const column = searchable()
  const old = protect(column, 'text', accessOf('alice', keystore))
  keystore.generate('alice', allKeys)
  const access = accessOf('alice', keystore)
  const fresh = protect(column, 'text', access)
  assert.equal(reveal(column, old, access)?.toString(), 'text')
  assert.equal(reveal(column, fresh, access)?.toString(), 'text')
  assert.deepEqual(forms(column, 'text', access), [prefix(fresh), prefix(old)])
})

test('an envelope stands for its plaintext, in a value that is stored as in one that is looked for', () => {
  const access = accessOf('alice', new MemoryKeystore().generate('alice', allKeys))
  for (const kind of kinds) {
    const envelope = protect(columnFor(settingOf({ envelope: kind })), 'text', access)
    for (const supplied of [envelope, envelope.subarray(12)]) {
      const stored = protect(searchable(), supplied, access)
      assert.deepEqual(stored.subarray(SEARCH_HASH_SIZE), supplied, 'kept as it is')
      assert.deepEqual([prefix(stored)], forms(searchable(), 'text', access))
      assert.deepEqual([prefix(stored)], forms(searchable(), supplied, access))
      assert.equal(reveal(searchable(), stored, access)?.toString(), 'text')
    }
  }
})

test('a stored value that is written again stays as it is, also under an older search key; one whose hash is of something else is a value', () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys)
  const stored = protect(searchable(), 'text', accessOf('alice', keystore))
  keystore.generate('alice', allKeys)
  const access = accessOf('alice', keystore)
  assert.deepEqual(protect(searchable(), stored, access), stored)
  const forged = Buffer.from(stored)
  forged.fill(1, 1, SEARCH_HASH_SIZE)
  const sealed = protect(searchable(), forged, access)
  assert.deepEqual(reveal(searchable(), sealed, access), forged)
})

test('a value under a hash of another comes back as it was, and is told', () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys)
  const access = accessOf('alice', keystore)
  const one = protect(searchable(), 'one', access)
  const two = protect(searchable(), 'two', access)
  const swapped = Buffer.concat([prefix(one), two.subarray(SEARCH_HASH_SIZE)])
  const told: string[] = []
  const observer = {
    opened: () => told.push('opened'),
    notOpened: () => told.push('not opened'),
    sealed: () => {},
    notSealed: () => {},
    notVerified: () => told.push('not verified'),
    tokenized: () => {},
    detokenized: () => {},
    tokenFailed: () => told.push('token failed'),
    keysFailed: (kind: string) => told.push(`keys failed ${kind}`),
  }
  assert.equal(reveal(searchable(), swapped, accessOf('alice', keystore, { observer })), null)
  assert.deepEqual(told, ['opened', 'not verified'])
  for (let at = 0; at < SEARCH_HASH_SIZE; at++) {
    const damaged = Buffer.from(one)
    damaged[at] ^= 1
    // A damaged first byte leaves an envelope behind some byte: it is opened in its place.
    if (at > 0) assert.equal(reveal(searchable(), damaged, access), null, `${at}`)
  }
})

test('a hash with nothing behind it, and one before an ordinary value, are ordinary values', () => {
  const access = accessOf('alice', new MemoryKeystore().generate('alice', allKeys))
  const hash = prefix(protect(searchable(), 'text', access))
  assert.equal(reveal(searchable(), hash, access), null)
  assert.equal(reveal(searchable(), Buffer.concat([hash, Buffer.alloc(300, 'x')]), access), null)
})

test('a column with its own client is written, and looked for, with the keys of that client', () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys).generate('partner', allKeys)
  const column = searchable({ clientId: 'partner' })
  const alice = accessOf('alice', keystore)
  const partner = accessOf('partner', keystore)
  const stored = protect(column, 'card', alice)
  assert.deepEqual(forms(column, 'card', alice), [prefix(stored)])
  assert.deepEqual(forms(column, 'card', partner), [prefix(stored)])
  assert.equal(reveal(column, stored, partner)?.toString(), 'card')
  assert.equal(reveal(column, stored, alice), null)
  assert.notDeepEqual(forms(searchable(), 'card', alice), [prefix(stored)])
})

test('without a search key nothing is written, found or revealed', () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys)
  const stored = protect(searchable(), 'text', accessOf('alice', keystore))
  keystore.remove('hmac', 'alice')
  const access = accessOf('alice', keystore)
  const refused = { code: 'transform-key-missing', message: /^client "alice" has no search key/ }
  const out = new BufferSink()
  assert.throws(() => searchable().protect(Buffer.from('text'), access, out), refused)
  assert.equal(out.length, 0)
  assert.throws(() => forms(searchable(), 'text', access), refused)
  assert.equal(reveal(searchable(), stored, access), null)
})

test('without a key for the envelope its hash is not written either', () => {
  const keystore = new MemoryKeystore().generate('alice', ['hmac'])
  const out = new BufferSink()
  const writing = () => searchable().protect(Buffer.from('text'), accessOf('alice', keystore), out)
  assert.throws(writing, { code: 'transform-key-missing' })
  assert.equal(out.length, 0)
})

test("another client's envelope is a value like any other, stored and looked for", () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys).generate('bob', allKeys)
  const access = accessOf('alice', keystore)
  const supplied = protect(columnFor(settingOf()), 'text', accessOf('bob', keystore))
  const stored = protect(searchable(), supplied, access)
  assert.deepEqual(reveal(searchable(), stored, access), supplied)
  assert.deepEqual(forms(searchable(), supplied, access), [prefix(stored)])
})

test('late keys write, find and reveal late', async () => {
  const keystore = new MemoryKeystore().generate('alice', allKeys)
  keystore.late = true
  const written = accessOf('alice', keystore)
  const out = new BufferSink()
  await searchable().protect(Buffer.from('text'), written, out)
  const stored = out.take()
  const access = accessOf('alice', keystore)
  const late = anyColumn.reveal(stored, access, out)
  assert.ok(late instanceof Promise)
  assert.equal(await late, true)
  assert.equal(out.take().toString(), 'text')
  const found = await searchable().search?.forms(Buffer.from('text'), accessOf('alice', keystore))
  assert.deepEqual(Buffer.from(found![0]), prefix(stored))
})

test('a keystore that fails is the cause of the error, at once and late', async () => {
  for (const late of [false, true]) {
    const keystore = new MemoryKeystore().generate('alice', allKeys)
    keystore.late = late
    keystore.failure = new Error('away')
    const out = new BufferSink()
    const writing = async () =>
      searchable().protect(Buffer.from('secret'), accessOf('alice', keystore), out)
    await assert.rejects(writing, { code: 'transform-not-hashed', cause: keystore.failure })
    assert.equal(out.length, 0)
  }
})
