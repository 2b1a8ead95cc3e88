import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { concat, ValueSink } from '../bytes.ts'
import { nodePrimitives as p } from '../node.ts'
import { withCraftedLengths } from '../testing/damage.ts'
import { blockVectors, structVectors } from '../testing/envelope-vectors.ts'
import { toHex, utf8 } from '../testing/vectors.ts'
import { generateKeyPair } from '../themis/keys.ts'
import { BlockKey, openBlock } from './acra-block.ts'
import { openStruct, StructPrivateKey, StructPublicKey } from './acra-struct.ts'
import { identify, sealBlockInContainer, sealStructInContainer } from './container.ts'

const nothing: Uint8Array = new Uint8Array(0)
const pair = generateKeyPair(p)
const blockKey = new BlockKey(p, utf8('key'))

function sealedBlock(plain: Uint8Array): Uint8Array {
  const out = new ValueSink()
  sealBlockInContainer(blockKey, plain, out)
  return out.take()
}

function sealedStruct(plain: Uint8Array): Uint8Array {
  const out = new ValueSink()
  sealStructInContainer(new StructPublicKey(p, pair.publicKey), plain, out)
  return out.take()
}

test('every envelope of the vectors is recognized, bare and in its container', () => {
  for (const [kind, vectors] of [
    ['acrablock', blockVectors],
    ['acrastruct', structVectors],
  ] as const) {
    for (const { bare, contained } of vectors) {
      const end = bare.length
      assert.deepEqual(identify(bare), { kind, contained: false, start: 0, end, whole: true })
      const inside = { kind, contained: true, start: 12, end: end + 12, whole: true }
      assert.deepEqual(identify(contained), inside)
      const around = concat(utf8('%'), contained, utf8('x'))
      assert.deepEqual(identify(around, 1, around.length - 1), {
        ...inside,
        start: 13,
        end: end + 13,
      })
    }
  }
})

test('an envelope that is followed by more is told from one that is all of the value', () => {
  const block = blockVectors[0]
  const after = identify(concat(block.contained, utf8('more')))
  assert.deepEqual([after?.kind, after?.whole], ['acrablock', false])
  const bareAfter = identify(concat(block.bare, utf8('more')))
  assert.deepEqual([bareAfter?.kind, bareAfter?.whole], ['acrablock', false])
  const struct = structVectors[0]
  const structAfter = identify(concat(struct.contained, utf8('more')))
  assert.deepEqual([structAfter?.kind, structAfter?.whole], ['acrastruct', false])
  assert.equal(identify(concat(struct.bare, utf8('more'))), null)
})

test('an AcraBlock may be followed by more inside its container, an AcraStruct not', () => {
  const withMore = (contained: Uint8Array) => {
    const longer = concat(contained, utf8('ab'))
    longer[3] += 2
    return longer
  }
  const block = identify(withMore(blockVectors[0].contained))
  assert.deepEqual([block?.kind, block?.whole], ['acrablock', false])
  assert.equal(identify(withMore(structVectors[0].contained)), null)
})

test('a container of the wrong kind is no envelope', () => {
  for (const { contained } of [...blockVectors, ...structVectors]) {
    for (const id of [0xf0, 0xf1, 0x00, 0xff]) {
      const other = contained.slice()
      other[11] = id
      if (toHex(other) !== toHex(contained)) assert.equal(identify(other), null)
    }
  }
})

test('crafted container sizes are no envelope', () => {
  for (const { contained } of [blockVectors[0], structVectors[0]]) {
    for (const { what, bytes } of withCraftedLengths(contained, 3, 8)) {
      assert.equal(identify(bytes), null, what)
    }
  }
})

test('cut short anywhere there is no envelope', () => {
  for (const { bare, contained } of [blockVectors[0], structVectors[0]]) {
    for (let size = 0; size < bare.length; size++) assert.equal(identify(bare, 0, size), null)
    for (let size = 0; size < contained.length; size++) {
      assert.equal(identify(contained, 0, size), null)
    }
  }
})

test('what is sealed into a container is recognized and opens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (plain) => {
      const block = sealedBlock(plain)
      assert.deepEqual(identify(block), {
        kind: 'acrablock',
        contained: true,
        start: 12,
        end: block.length,
        whole: true,
      })
      const out = new ValueSink()
      assert.equal(openBlock([blockKey], block, 12, block.length, out), true)
      assert.deepEqual(out.take(), plain)
      const struct = sealedStruct(plain)
      assert.equal(identify(struct)?.kind, 'acrastruct')
      const key = new StructPrivateKey(p, pair.privateKey)
      assert.equal(openStruct([key], struct, 12, struct.length, out), true)
      assert.deepEqual(out.take(), plain)
    }),
  )
})

test('nothing is appended where nothing can be sealed', () => {
  const out = new ValueSink()
  out.reserve(5)
  assert.throws(() => sealBlockInContainer(blockKey, nothing, out), { code: 'plaintext-empty' })
  const publicKey = new StructPublicKey(p, pair.publicKey)
  assert.throws(() => sealStructInContainer(publicKey, nothing, out), { code: 'plaintext-empty' })
  assert.equal(out.length, 5)
})

test('anything may be asked whether it is an envelope', () => {
  const tags = fc.constantFrom(utf8(''), utf8('%%%'), utf8('""""'), utf8('""""""""'))
  fc.assert(
    fc.property(tags, fc.uint8Array({ maxLength: 400 }), (tag, bytes) => {
      assert.equal(identify(concat(tag, bytes)), null)
    }),
  )
})
