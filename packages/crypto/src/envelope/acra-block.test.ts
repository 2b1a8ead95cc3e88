import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { concat, ValueSink, writeLe64 } from '../bytes.ts'
import { nodePrimitives as p } from '../node.ts'
import { damaged, withCraftedLengths } from '../testing/damage.ts'
import { blockVectors } from '../testing/envelope-vectors.ts'
import { loadThemis } from '../testing/themis.ts'
import { toHex, utf8 } from '../testing/vectors.ts'
import { BLOCK_OVERHEAD, BlockKey, findBlockEnd, openBlock, sealBlock } from './acra-block.ts'

const themis = await loadThemis()
const notOpened = { name: 'BlockError', code: 'acrablock-not-opened' }
const nothing: Uint8Array = new Uint8Array(0)

function seal(key: BlockKey, plain: Uint8Array): Uint8Array {
  const out = new ValueSink()
  sealBlock(key, plain, out)
  return out.take()
}

/** The payload, null where the bytes do not begin with an AcraBlock. */
function open(keys: readonly BlockKey[], bytes: Uint8Array): Uint8Array | null {
  const out = new ValueSink()
  const opened = openBlock(keys, bytes, 0, bytes.length, out)
  assert.equal(opened || out.length === 0, true)
  return opened ? out.take() : null
}

for (const { from, key, context, plain, bare } of blockVectors) {
  test(`the AcraBlock of ${from} opens (${plain.length} bytes, context of ${context.length})`, () => {
    const ours = new BlockKey(p, key, context)
    const other = new BlockKey(p, utf8('another key'), context)
    assert.deepEqual(open([ours], bare), plain)
    assert.deepEqual(open([other, ours], bare), plain)
    assert.deepEqual(open([ours, other], bare), plain)
    assert.throws(() => open([other], bare), notOpened)
    assert.throws(() => open([], bare), notOpened)
    assert.throws(() => open([new BlockKey(p, key, utf8('another context'))], bare), notOpened)
  })

  test(`the AcraBlock of ${from} opens in the middle of other bytes, behind others in the sink`, () => {
    const keys = [new BlockKey(p, key, context)]
    const around = concat(utf8('""'), bare, utf8('""""'))
    const out = new ValueSink()
    out.bytes.fill(7, out.reserve(3))
    assert.equal(openBlock(keys, around, 2, around.length, out), true)
    assert.deepEqual(out.take().subarray(3), plain)
    assert.equal(openBlock(keys, around, 2, 2 + bare.length, out), true)
    assert.equal(openBlock(keys, around, 2, 1 + bare.length, out), false)
    assert.equal(openBlock(keys, around, 1, around.length, out), false)
  })

  test(`the AcraBlock of ${from} does not open damaged`, () => {
    const keys = [new BlockKey(p, key, context)]
    for (const { what, bytes } of damaged(bare)) assertNotOpened(keys, bytes, what)
  })

  test(`the AcraBlock of ${from} does not open with crafted lengths`, () => {
    const keys = [new BlockKey(p, key, context)]
    const fields = [
      [4, 8],
      [16, 2],
      [22, 4],
      [26, 4],
      [30, 4],
      [98, 4],
      [102, 4],
      [106, 4],
    ] as const
    for (const [at, size] of fields) {
      for (const { what, bytes } of withCraftedLengths(bare, at, size)) {
        if (toHex(bytes) === toHex(bare)) continue
        assertNotOpened(keys, bytes, what)
      }
    }
  })
}

/** Not an AcraBlock any more, or one that the one error is thrown for; the sink stays empty. */
function assertNotOpened(keys: readonly BlockKey[], bytes: Uint8Array, what: string): void {
  const out = new ValueSink()
  try {
    assert.equal(openBlock(keys, bytes, 0, bytes.length, out), false, what)
  } catch (error) {
    assert.equal((error as { code?: string }).code, notOpened.code, what)
  }
  assert.equal(out.length, 0, what)
}

test('an AcraBlock has the layout of the format, and Themis opens both of its cells', () => {
  const key = p.random(32)
  const context = utf8('context')
  const block = seal(new BlockKey(p, key, context), utf8('payload'))
  assert.equal(block.length, 7 + BLOCK_OVERHEAD)
  assert.equal(toHex(block.subarray(0, 13)), '222222228d0000000000000000')
  assert.equal(toHex(block.subarray(13, 15)), toHex(p.sha256(key, context)).slice(0, 4))
  assert.equal(toHex(block.subarray(15, 18)), '004c00')
  const outer = themis.SecureCellSeal.withKey(new themis.SymmetricKey(key))
  const dataKey = outer.decrypt(block.slice(18, 94), context)
  assert.equal(dataKey.length, 32)
  const inner = themis.SecureCellSeal.withKey(new themis.SymmetricKey(dataKey))
  assert.deepEqual(new Uint8Array(inner.decrypt(block.slice(94), context)), utf8('payload'))
})

test('what was sealed opens with its key among others, and never without it', () => {
  const keys = fc.uint8Array({ minLength: 1, maxLength: 64 })
  const plains = fc.uint8Array({ minLength: 1, maxLength: 400 })
  fc.assert(
    fc.property(keys, plains, fc.uint8Array({ maxLength: 30 }), (bytes, plain, context) => {
      const key = new BlockKey(p, bytes, context)
      const others = [1, 2, 3].map((byte) => new BlockKey(p, concat(bytes, Uint8Array.of(byte))))
      const block = seal(key, plain)
      assert.deepEqual(open([...others, key], block), plain)
      assert.throws(() => open(others, block), notOpened)
    }),
  )
})

test('a key whose id is the same by chance is passed over', () => {
  const seen = new Map<string, Uint8Array>()
  let pair: [Uint8Array, Uint8Array] | null = null
  for (let i = 0; pair === null; i++) {
    const bytes = utf8(`key ${i}`)
    const id = toHex(p.sha256(bytes).subarray(0, 2))
    const before = seen.get(id)
    if (before !== undefined) pair = [before, bytes]
    seen.set(id, bytes)
  }
  const [left, right] = pair.map((bytes) => new BlockKey(p, bytes))
  const block = seal(right, utf8('payload'))
  assert.deepEqual(open([left, right], block), utf8('payload'))
  assert.throws(() => open([left], block), notOpened)
})

test('bytes that are no AcraBlock are not ours', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(open([], bytes), null)
      assert.equal(open([], concat(utf8('""""'), bytes)) === null, true)
    }),
  )
  assert.equal(open([], nothing), null)
})

test('an AcraBlock ends where its size says', () => {
  const block = seal(new BlockKey(p, utf8('key')), utf8('payload'))
  assert.equal(findBlockEnd(block, 0, block.length), block.length)
  assert.equal(findBlockEnd(block, 0, block.length - 1), -1)
  const followed = concat(block, utf8('more'))
  assert.equal(findBlockEnd(followed, 0, followed.length), block.length)
})

test('sizes that leave no room for both cells are no AcraBlock', () => {
  const block = seal(new BlockKey(p, utf8('key')), new Uint8Array(1000).fill(1))
  for (const [rest, wrappedSize] of [
    [134, 76],
    [135, 77],
    [134, 0],
    [70, 0],
    [500, 500 - 14 - 44],
    [500, 500],
    [1138 - 4, 65_535],
  ]) {
    const other = block.slice()
    writeLe64(other, 4, rest)
    other.set([wrappedSize & 0xff, wrappedSize >> 8], 16)
    assert.equal(findBlockEnd(other, 0, other.length), -1, `${rest} and ${wrappedSize}`)
  }
})

test('a cell of another AES key size does not open, nor crash', () => {
  const key = new BlockKey(p, utf8('key'))
  for (const at of [18, 94]) {
    for (const bits of [
      [0x80, 0x00],
      [0xc0, 0x00],
    ]) {
      const block = seal(key, utf8('payload'))
      block.set(bits, at)
      assert.throws(() => open([key], block), notOpened)
    }
  }
})

test('an empty plaintext and an empty key are refused', () => {
  const out = new ValueSink()
  assert.throws(() => sealBlock(new BlockKey(p, utf8('key')), nothing, out), {
    name: 'BlockError',
    code: 'plaintext-empty',
  })
  assert.equal(out.length, 0)
  assert.throws(() => new BlockKey(p, nothing), { code: 'key-empty' })
})

test('a wiped key neither seals nor opens', () => {
  const key = new BlockKey(p, utf8('key'))
  const block = seal(key, utf8('payload'))
  const id = block.slice(13, 15)
  key.wipe()
  const out = new ValueSink()
  assert.throws(() => sealBlock(key, utf8('payload'), out), /wiped/)
  assert.equal(out.length, 0)
  block.set([0, 0], 13)
  assert.notDeepEqual(id, block.subarray(13, 15))
  assert.throws(() => open([key], block), /wiped/)
})

test('the key and context that were given are neither kept nor changed', () => {
  const bytes = utf8('key bytes of the caller')
  const context = utf8('context of the caller')
  const key = new BlockKey(p, bytes, context)
  const block = seal(key, utf8('payload'))
  assert.deepEqual(bytes, utf8('key bytes of the caller'))
  bytes.fill(0)
  context.fill(0)
  assert.deepEqual(open([key], block), utf8('payload'))
})
