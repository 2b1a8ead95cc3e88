import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EnvelopeKind } from '@acra-ts/crypto'
import { BufferSink } from '../foundation/index.ts'
import { anyColumn } from './any-column.ts'
import { accessOf, MemoryKeystore, protect, reveal, settingOf } from './testing/index.ts'
import type { ValueObserver } from './transform.ts'
import { columnFor } from './transforms.ts'

const kinds: readonly EnvelopeKind[] = ['acrablock', 'acrastruct']
const CONTAINER_HEADER_SIZE = 12

/** What an observer was told, a word each. */
function recorder(): { observer: ValueObserver; told: string[] } {
  const told: string[] = []
  return {
    told,
    observer: {
      opened: (kind) => told.push(`opened ${kind}`),
      notOpened: (kind) => told.push(`not opened ${kind}`),
      sealed: (kind) => told.push(`sealed ${kind}`),
      notSealed: (kind) => told.push(`not sealed ${kind}`),
      notVerified: () => told.push('not verified'),
      tokenized: () => {},
      detokenized: () => {},
      tokenFailed: () => told.push('token failed'),
      keysFailed: (kind, error) => told.push(`keys failed ${kind} ${(error as Error).message}`),
    },
  }
}

function sealed(envelope: EnvelopeKind, plain: string, keystore: MemoryKeystore): Buffer {
  return protect(columnFor(settingOf({ envelope })), plain, accessOf('alice', keystore))
}

test('both envelopes are revealed, in a container and bare', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  for (const kind of kinds) {
    const stored = sealed(kind, 'a@b.example', keystore)
    assert.equal(reveal(anyColumn, stored, access)?.toString(), 'a@b.example', kind)
    const bare = stored.subarray(CONTAINER_HEADER_SIZE)
    assert.equal(reveal(anyColumn, bare, access)?.toString(), 'a@b.example', `bare ${kind}`)
  }
})

test('what is sealed and opened is told, and what cannot be sealed', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const { observer, told } = recorder()
  for (const envelope of kinds) {
    const column = columnFor(settingOf({ envelope }))
    const stored = protect(column, 'text', accessOf('alice', keystore, { observer }))
    reveal(anyColumn, stored, accessOf('alice', keystore, { observer }))
    assert.deepEqual(told.splice(0), [`sealed ${envelope}`, `opened ${envelope}`])
    assert.throws(() => protect(column, 'text', accessOf('nobody', keystore, { observer })))
    assert.deepEqual(told.splice(0), [`not sealed ${envelope}`])
  }
})

test('several envelopes in one cell are revealed in their places', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const cell = Buffer.concat([
    Buffer.from('<'),
    sealed('acrablock', 'one', keystore),
    Buffer.from(', %%% '),
    sealed('acrastruct', 'two', keystore),
    Buffer.from('>'),
  ])
  const revealed = reveal(anyColumn, cell, accessOf('alice', keystore))
  assert.equal(revealed?.toString(), '<one, %%% two>')
})

test('values sealed with rotated keys are revealed', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const old = kinds.map((kind) => sealed(kind, kind, keystore))
  keystore.generate('alice').generate('alice')
  const access = accessOf('alice', keystore)
  for (const [i, kind] of kinds.entries()) {
    assert.equal(reveal(anyColumn, old[i], access)?.toString(), kind)
    assert.equal(reveal(anyColumn, sealed(kind, 'new', keystore), access)?.toString(), 'new')
  }
})

test('what another client has sealed comes back as it was, and is told', () => {
  const keystore = new MemoryKeystore().generate('alice').generate('mallory')
  for (const kind of kinds) {
    const { observer, told } = recorder()
    const access = accessOf('mallory', keystore, { observer })
    assert.equal(reveal(anyColumn, sealed(kind, 'secret', keystore), access), null)
    assert.deepEqual(told, [`not opened ${kind}`])
  }
})

test('of two envelopes the one that opens is revealed and the other stays', () => {
  const keystore = new MemoryKeystore().generate('alice').generate('bob')
  const foreign = protect(columnFor(settingOf()), 'bobs', accessOf('bob', keystore))
  const cell = Buffer.concat([foreign, sealed('acrablock', 'mine', keystore)])
  const revealed = reveal(anyColumn, cell, accessOf('alice', keystore))
  assert.deepEqual(revealed, Buffer.concat([foreign, Buffer.from('mine')]))
})

test('a value damaged at any byte comes back as it was', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  for (const kind of kinds) {
    const stored = sealed(kind, 'text', keystore)
    for (let at = 0; at < stored.length; at++) {
      const damaged = Buffer.from(stored)
      damaged[at] ^= 0x01
      const revealed = reveal(anyColumn, damaged, access)
      // The container's own header is not authenticated: the bare envelope behind it may still be found.
      if (revealed !== null) {
        assert.ok(at < CONTAINER_HEADER_SIZE, `${kind} opened, damaged at ${at}`)
        assert.ok(revealed.toString('latin1').endsWith('text'), `${kind} at ${at}`)
      }
    }
  }
})

test('a value cut short comes back as it was', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  for (const kind of kinds) {
    const stored = sealed(kind, 'text', keystore)
    for (let length = 0; length < stored.length; length++) {
      assert.equal(reveal(anyColumn, stored.subarray(0, length), access), null, `${kind} ${length}`)
    }
  }
})

test('ordinary values come back as they were, and no key is asked for', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  const ordinary = ['', 'text', '%%%', '""""', '%'.repeat(500), 'x'.repeat(10_000)]
  for (const plain of ordinary) assert.equal(reveal(anyColumn, Buffer.from(plain), access), null)
  assert.deepEqual(keystore.asked, [])
  assert.equal(reveal(anyColumn, Buffer.from('"'.repeat(500)), access), null)
})

test('keys that cannot be had leave values as they were, and are told', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const stored = sealed('acrablock', 'text', keystore)
  keystore.failure = new Error('away')
  const { observer, told } = recorder()
  assert.equal(reveal(anyColumn, stored, accessOf('alice', keystore, { observer })), null)
  assert.deepEqual(told, [
    'keys failed acrablock away',
    'keys failed acrastruct away',
    'not opened acrablock',
  ])
})

test('late keys reveal late, and at once the next time', async () => {
  const keystore = new MemoryKeystore().generate('alice')
  const stored = sealed('acrastruct', 'text', keystore)
  keystore.late = true
  const access = accessOf('alice', keystore)
  const out = new BufferSink()
  const late = anyColumn.reveal(stored, access, out)
  assert.ok(late instanceof Promise)
  assert.equal(await late, true)
  assert.equal(out.take().toString(), 'text')
  assert.equal(reveal(anyColumn, stored, access)?.toString(), 'text')
})
