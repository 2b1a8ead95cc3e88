import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EnvelopeKind, identify } from '@acra-ts/crypto'
import fc from 'fast-check'
import { BufferSink } from '../foundation/index.ts'
import { accessOf, MemoryKeystore, protect, reveal, settingOf } from './testing/index.ts'
import { TransformError, type TransformErrorCode } from './transform.ts'
import { columnFor } from './transforms.ts'

const kinds: readonly EnvelopeKind[] = ['acrablock', 'acrastruct']
const CONTAINER_HEADER_SIZE = 12

function refusedWith(code: TransformErrorCode, text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof TransformError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, text)
    return true
  }
}

test('a value is stored as the envelope of its column in a container, and revealed again', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  for (const envelope of kinds) {
    const column = columnFor(settingOf({ envelope }))
    for (const plain of ['text', 'a@b.example', '\\x00', 'long '.repeat(20_000)]) {
      const stored = protect(column, plain, access)
      assert.equal(stored.includes(plain), false, 'no plain text')
      const found = identify(stored)
      assert.equal(found?.kind, envelope)
      assert.ok(found?.contained && found.whole)
      assert.equal(reveal(column, stored, access)?.toString(), plain)
    }
  }
})

test('whatever bytes are protected are revealed as they were', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  const byte = fc.oneof(fc.constantFrom(0x25, 0x22, 0xf0, 0xf1, 0), fc.nat(255))
  const runs = fc.array(fc.tuple(byte, fc.integer({ min: 1, max: 9 })), { minLength: 1 })
  for (const envelope of kinds) {
    const column = columnFor(settingOf({ envelope }))
    fc.assert(
      fc.property(runs, (list) => {
        const plain = Buffer.concat(list.map(([of, size]) => Buffer.alloc(size, of)))
        const stored = protect(column, plain, access)
        assert.notDeepEqual(stored, plain)
        assert.deepEqual(reveal(column, stored, access), plain)
      }),
    )
  }
})

test('an empty value stays empty and needs no key', () => {
  const access = accessOf('nobody', new MemoryKeystore())
  for (const envelope of kinds) {
    assert.equal(protect(columnFor(settingOf({ envelope })), '', access).length, 0)
  }
})

test('a column with its own client is read by that client only', () => {
  const keystore = new MemoryKeystore().generate('alice').generate('partner')
  for (const envelope of kinds) {
    const column = columnFor(settingOf({ envelope, clientId: 'partner' }))
    const stored = protect(column, 'card', accessOf('alice', keystore))
    assert.equal(reveal(column, stored, accessOf('alice', keystore)), null)
    assert.equal(reveal(column, stored, accessOf('partner', keystore))?.toString(), 'card')
  }
})

test('a column whose client has only a public key is written, and not read', () => {
  const keystore = new MemoryKeystore().generate('alice').generate('partner', ['storage'])
  const column = columnFor(settingOf({ envelope: 'acrastruct', clientId: 'partner' }))
  const access = accessOf('alice', keystore)
  protect(column, 'card', access)
  assert.deepEqual(keystore.asked, ['public storage partner'])
})

test('an envelope that the application supplies is stored by the table of the manual', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  const made = (envelope: EnvelopeKind) =>
    protect(columnFor(settingOf({ envelope })), 'text', access)
  for (const given of kinds) {
    for (const bare of [false, true]) {
      for (const envelope of kinds) {
        for (const reencryptsToAcraBlock of [false, true]) {
          const supplied = made(given).subarray(bare ? CONTAINER_HEADER_SIZE : 0)
          const column = columnFor(settingOf({ envelope, reencryptsToAcraBlock }))
          const stored = protect(column, supplied, access)
          const reencrypted =
            given === 'acrastruct' && envelope === 'acrablock' && reencryptsToAcraBlock
          const what = `${bare ? 'bare ' : ''}${given} into ${envelope}, ${reencryptsToAcraBlock}`
          if (!reencrypted) assert.deepEqual(stored, supplied, what)
          else assert.equal(identify(stored)?.kind, 'acrablock', what)
          assert.equal(reveal(column, stored, access)?.toString(), 'text', what)
        }
      }
    }
  }
})

test('an AcraStruct is re-encrypted with the keys of the client of the column', () => {
  const keystore = new MemoryKeystore().generate('alice').generate('partner')
  const struct = columnFor(settingOf({ envelope: 'acrastruct', clientId: 'partner' }))
  const supplied = protect(struct, 'text', accessOf('alice', keystore))
  const column = columnFor(settingOf({ clientId: 'partner' }))
  const stored = protect(column, supplied, accessOf('alice', keystore))
  assert.equal(identify(stored)?.kind, 'acrablock')
  assert.equal(reveal(column, stored, accessOf('partner', keystore))?.toString(), 'text')
})

test('an envelope that the keys of the client do not open is a value like any other', () => {
  const keystore = new MemoryKeystore().generate('alice').generate('bob')
  const alice = accessOf('alice', keystore)
  for (const envelope of ['acrablock', 'acrastruct'] as const) {
    const supplied = protect(columnFor(settingOf({ envelope })), 'text', accessOf('bob', keystore))
    const stored = protect(columnFor(settingOf()), supplied, alice)
    assert.notDeepEqual(stored, supplied)
    assert.deepEqual(reveal(columnFor(settingOf()), stored, alice), supplied)
  }
})

test('an envelope whose keys cannot be had is neither kept nor sealed again', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const supplied = protect(columnFor(settingOf()), 'text', accessOf('alice', keystore))
  keystore.failure = new Error('away')
  assert.throws(
    () => protect(columnFor(settingOf()), supplied, accessOf('alice', keystore)),
    refusedWith(
      'transform-not-opened',
      /^an envelope given for "users"\."email" cannot be looked into: the keys of client "alice" cannot be had$/,
    ),
  )
})

test('a search hash before an envelope is kept with it where it is that of the plaintext', () => {
  const keystore = new MemoryKeystore().generate('alice', ['storage', 'storage-symmetric', 'hmac'])
  const access = accessOf('alice', keystore)
  const searchable = columnFor(settingOf({ searchable: true }))
  const supplied = protect(searchable, 'text', access)
  assert.deepEqual(protect(columnFor(settingOf()), supplied, access), supplied)
  const forged = Buffer.from(supplied).fill(1, 1, 33)
  assert.notDeepEqual(protect(columnFor(settingOf()), forged, access), forged)
})

test('where a column seals envelopes too, they come back as they were given', () => {
  const keystore = new MemoryKeystore().generate('alice', ['storage', 'storage-symmetric', 'hmac'])
  const access = accessOf('alice', keystore)
  const masking = { pattern: Buffer.from('x'), plainSize: 2, side: 'left' } as const
  for (const kind of [{}, { searchable: true }, { masking }]) {
    const supplied = protect(columnFor(settingOf(kind)), 'some text', access)
    assert.deepEqual(protect(columnFor(settingOf(kind)), supplied, access), supplied)
    const sealing = columnFor(settingOf({ ...kind, onEnvelope: 'seal' }))
    const stored = protect(sealing, supplied, access)
    assert.notDeepEqual(stored, supplied)
  }
})

test('a value that only begins with an envelope is encrypted as a whole', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  const column = columnFor(settingOf())
  for (const bare of [false, true]) {
    const block = protect(column, 'text', access).subarray(bare ? CONTAINER_HEADER_SIZE : 0)
    const supplied = Buffer.concat([block, Buffer.from(' and a secret behind it')])
    const stored = protect(column, supplied, access)
    assert.equal(stored.includes('secret'), false)
    assert.deepEqual(reveal(column, stored, access), supplied)
  }
})

test('what looks almost like an envelope is encrypted', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const access = accessOf('alice', keystore)
  const column = columnFor(settingOf())
  for (const plain of ['%%%', '""""""""', `%%%${'x'.repeat(300)}`, '"'.repeat(300)]) {
    const stored = protect(column, plain, access)
    assert.notEqual(stored.toString('latin1'), plain)
    assert.equal(reveal(column, stored, access)?.toString(), plain)
  }
})

test('without a key nothing is written, and the error names column, client and key', () => {
  const keystore = new MemoryKeystore()
  const out = new BufferSink()
  out.append(Buffer.from('before'))
  const missing: [EnvelopeKind, RegExp][] = [
    [
      'acrablock',
      /^client "alice" has no symmetric storage key, so that "users"\."email" cannot be/,
    ],
    ['acrastruct', /^client "alice" has no storage public key, so that "users"\."email" cannot be/],
  ]
  for (const [envelope, text] of missing) {
    const column = columnFor(settingOf({ envelope }))
    assert.throws(
      () => column.protect(Buffer.from('secret'), accessOf('alice', keystore), out),
      refusedWith('transform-key-missing', text),
    )
  }
  assert.equal(out.take().toString(), 'before')
})

test('a keystore that fails is the cause of the error, at once and late', async () => {
  for (const late of [false, true]) {
    for (const envelope of kinds) {
      const keystore = new MemoryKeystore().generate('alice')
      keystore.late = late
      keystore.failure = new Error('away')
      const protecting = async () =>
        columnFor(settingOf({ envelope })).protect(
          Buffer.from('secret'),
          accessOf('alice', keystore),
          new BufferSink(),
        )
      await assert.rejects(protecting, (error: TransformError) => {
        assert.equal(error.code, 'transform-not-encrypted')
        assert.equal(error.cause, keystore.failure)
        return true
      })
    }
  }
})

test('late keys protect late', async () => {
  const keystore = new MemoryKeystore().generate('alice')
  keystore.late = true
  const access = accessOf('alice', keystore)
  const column = columnFor(settingOf())
  const out = new BufferSink()
  const late = column.protect(Buffer.from('text'), access, out)
  assert.ok(late instanceof Promise)
  await late
  const plain = new BufferSink()
  assert.equal(await column.reveal(out.take(), access, plain), true)
  assert.equal(plain.take().toString(), 'text')
})
