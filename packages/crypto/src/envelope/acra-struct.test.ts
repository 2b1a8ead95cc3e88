import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { concat, ValueSink, writeLe64 } from '../bytes.ts'
import { nodePrimitives as p } from '../node.ts'
import { damaged, withCraftedLengths } from '../testing/damage.ts'
import { structVectors } from '../testing/envelope-vectors.ts'
import { loadThemis, theirMessage } from '../testing/themis.ts'
import { toHex, utf8 } from '../testing/vectors.ts'
import { encodeSoterContainer } from '../themis/container.ts'
import { generateKeyPair } from '../themis/keys.ts'
import {
  findStructEnd,
  openStruct,
  STRUCT_OVERHEAD,
  StructPrivateKey,
  StructPublicKey,
  sealStruct,
} from './acra-struct.ts'

const themis = await loadThemis()
const notOpened = { name: 'StructError', code: 'acrastruct-not-opened' }
const nothing: Uint8Array = new Uint8Array(0)
const stranger = new StructPrivateKey(p, generateKeyPair(p).privateKey)

function seal(key: StructPublicKey, plain: Uint8Array, context = nothing): Uint8Array {
  const out = new ValueSink()
  sealStruct(key, plain, out, context)
  return out.take()
}

/** The payload, null where the bytes are not an AcraStruct. */
function open(
  keys: readonly StructPrivateKey[],
  bytes: Uint8Array,
  context = nothing,
): Uint8Array | null {
  const out = new ValueSink()
  const opened = openStruct(keys, bytes, 0, bytes.length, out, context)
  assert.equal(opened || out.length === 0, true)
  return opened ? out.take() : null
}

for (const { from, key, publicKey, context, plain, bare } of structVectors) {
  const ours = new StructPrivateKey(p, key)

  test(`the AcraStruct of ${from} opens (${plain.length} bytes, context of ${context.length})`, () => {
    assert.deepEqual(open([ours], bare, context), plain)
    assert.deepEqual(open([stranger, ours], bare, context), plain)
    assert.deepEqual(open([ours, stranger], bare, context), plain)
    assert.throws(() => open([stranger], bare, context), notOpened)
    assert.throws(() => open([], bare, context), notOpened)
    assert.throws(() => open([ours], bare, utf8('another context')), notOpened)
    assert.deepEqual(open([ours], seal(new StructPublicKey(p, publicKey), plain)), plain)
  })

  test(`the AcraStruct of ${from} opens in the middle of other bytes, behind others in the sink`, () => {
    const around = concat(utf8('""'), bare, utf8('""""'))
    const out = new ValueSink()
    out.bytes.fill(7, out.reserve(3))
    const end = 2 + bare.length
    assert.equal(openStruct([ours], around, 2, end, out, context), true)
    assert.deepEqual(out.take().subarray(3), plain)
    assert.equal(openStruct([ours], around, 2, end + 1, out, context), false)
    assert.equal(openStruct([ours], around, 2, end - 1, out, context), false)
    assert.equal(openStruct([ours], around, 1, end, out, context), false)
  })

  test(`the AcraStruct of ${from} does not open damaged`, () => {
    for (const { what, bytes } of damaged(bare)) assertNotOpened(ours, bytes, context, what)
  })

  test(`the AcraStruct of ${from} does not open with crafted lengths`, () => {
    const fields = [
      [12, 4],
      [57, 4],
      [65, 4],
      [69, 4],
      [73, 4],
      [137, 8],
      [149, 4],
      [153, 4],
      [157, 4],
    ] as const
    for (const [at, size] of fields) {
      for (const { what, bytes } of withCraftedLengths(bare, at, size)) {
        if (toHex(bytes) === toHex(bare)) continue
        assertNotOpened(ours, bytes, context, what)
      }
    }
  })
}

/** Not an AcraStruct any more, or one that the one error is thrown for; the sink stays empty. */
function assertNotOpened(
  key: StructPrivateKey,
  bytes: Uint8Array,
  context: Uint8Array,
  what: string,
): void {
  const out = new ValueSink()
  try {
    assert.equal(openStruct([key], bytes, 0, bytes.length, out, context), false, what)
  } catch (error) {
    assert.equal((error as { code?: string }).code, notOpened.code, what)
  }
  assert.equal(out.length, 0, what)
}

test('an AcraStruct has the layout of the format, and Themis opens all of it', () => {
  const pair = generateKeyPair(p)
  const context = utf8('context')
  const struct = seal(new StructPublicKey(p, pair.publicKey), utf8('payload'), context)
  assert.equal(struct.length, 7 + STRUCT_OVERHEAD)
  assert.equal(toHex(struct.subarray(0, 16)), '2222222222222222554543320000002d')
  assert.equal(toHex(struct.subarray(137, 145)), '3300000000000000')
  const message = theirMessage(pair.privateKey, struct.slice(8, 53))
  const dataKey = message.decrypt(struct.slice(53, 137))
  assert.equal(dataKey.length, 32)
  const cell = themis.SecureCellSeal.withKey(new themis.SymmetricKey(dataKey))
  assert.deepEqual(new Uint8Array(cell.decrypt(struct.slice(145), context)), utf8('payload'))
})

test('what was sealed opens with its key among others, and never without it', () => {
  const pair = generateKeyPair(p)
  const sealing = new StructPublicKey(p, pair.publicKey)
  const opening = new StructPrivateKey(p, pair.privateKey)
  const plains = fc.uint8Array({ minLength: 1, maxLength: 400 })
  fc.assert(
    fc.property(plains, fc.uint8Array({ maxLength: 30 }), (plain, context) => {
      const struct = seal(sealing, plain, context)
      assert.deepEqual(open([stranger, opening], struct, context), plain)
      assert.throws(() => open([stranger], struct, context), notOpened)
    }),
  )
})

test('every AcraStruct has a key pair of its own', () => {
  const key = new StructPublicKey(p, generateKeyPair(p).publicKey)
  const seen = new Set<string>()
  for (let i = 0; i < 200; i++) seen.add(toHex(seal(key, utf8('same')).subarray(8, 53)))
  assert.equal(seen.size, 200)
})

test('an embedded point that is not on the curve does not open, nor crash', () => {
  const { bare, key, context } = structVectors[0]
  const struct = bare.slice()
  const body = new Uint8Array(33).fill(0xff)
  body[0] = 2
  struct.set(encodeSoterContainer('UEC2', body), 8)
  assert.throws(() => open([new StructPrivateKey(p, key)], struct, context), notOpened)
})

test('a cell of another AES key size does not open, nor crash', () => {
  const pair = generateKeyPair(p)
  for (const at of [61, 145]) {
    for (const bits of [
      [0x80, 0x00],
      [0xc0, 0x00],
    ]) {
      const struct = seal(new StructPublicKey(p, pair.publicKey), utf8('payload'))
      struct.set(bits, at)
      assert.throws(() => open([new StructPrivateKey(p, pair.privateKey)], struct), notOpened)
    }
  }
})

test('bytes that are no AcraStruct are not ours', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(open([], bytes), null)
      assert.equal(open([], concat(utf8('""""""""'), bytes)), null)
    }),
  )
  assert.equal(open([], nothing), null)
})

test('an AcraStruct ends where its size says', () => {
  const { bare } = structVectors[0]
  assert.equal(findStructEnd(bare, 0, bare.length), bare.length)
  assert.equal(findStructEnd(bare, 0, bare.length - 1), -1)
  const empty = bare.slice()
  writeLe64(empty, 137, 44)
  assert.equal(findStructEnd(empty, 0, empty.length), -1)
  const followed = concat(bare, utf8('more'))
  assert.equal(findStructEnd(followed, 0, followed.length), bare.length)
})

test('an empty plaintext and keys of the wrong kind are refused', () => {
  const pair = generateKeyPair(p)
  const out = new ValueSink()
  assert.throws(() => sealStruct(new StructPublicKey(p, pair.publicKey), nothing, out), {
    name: 'StructError',
    code: 'plaintext-empty',
  })
  assert.equal(out.length, 0)
  assert.throws(() => new StructPublicKey(p, pair.privateKey), { code: 'key-malformed' })
  assert.throws(() => new StructPrivateKey(p, pair.publicKey), { code: 'key-malformed' })
})

test('a wiped key does not open', () => {
  const { bare, key, context } = structVectors[0]
  const opening = new StructPrivateKey(p, key)
  assert.ok(open([opening], bare, context))
  opening.wipe()
  opening.wipe()
  assert.throws(() => open([opening], bare, context), /wiped/)
})
