import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { concat, ValueSink, writeLe64 } from '../bytes.ts'
import { nodePrimitives as p } from '../node.ts'
import { damaged, withCraftedLengths } from '../testing/damage.ts'
import { blockVectors, poisonVectors, structVectors } from '../testing/envelope-vectors.ts'
import { toHex, utf8 } from '../testing/vectors.ts'
import { generateKeyPair } from '../themis/keys.ts'
import { BlockKey, findBlockEnd, sealBlock } from './acra-block.ts'
import { findStructEnd, StructPrivateKey, StructPublicKey, sealStruct } from './acra-struct.ts'
import { type EnvelopeKind, sealBlockInContainer, sealStructInContainer } from './container.ts'
import { type EnvelopeOpener, mayHoldEnvelope, openEnvelopes, openerOf } from './scan.ts'

const pair = generateKeyPair(p)
const blockKey = new BlockKey(p, utf8('key of the client'))
const structKey = new StructPublicKey(p, pair.publicKey)
const foreignBlockKey = new BlockKey(p, utf8('key of another client'))
const foreignStructKey = new StructPublicKey(p, generateKeyPair(p).publicKey)
const ours = openerOf([blockKey], [new StructPrivateKey(p, pair.privateKey)])

/** What opening the envelopes of a value gives; null where none opened. */
function open(value: Uint8Array, opener: EnvelopeOpener = ours): Uint8Array | null {
  const out = new ValueSink()
  out.bytes.fill(7, out.reserve(2))
  const opened = openEnvelopes(value, 0, value.length, opener, out)
  assert.equal(opened || out.length === 2, true)
  return opened ? out.take().slice(2) : null
}

const seals = {
  block: (plain: Uint8Array) => into((out) => sealBlockInContainer(blockKey, plain, out)),
  struct: (plain: Uint8Array) => into((out) => sealStructInContainer(structKey, plain, out)),
  bareBlock: (plain: Uint8Array) => into((out) => sealBlock(blockKey, plain, out)),
  bareStruct: (plain: Uint8Array) => into((out) => sealStruct(structKey, plain, out)),
  foreignBlock: (plain: Uint8Array) =>
    into((out) => sealBlockInContainer(foreignBlockKey, plain, out)),
  foreignStruct: (plain: Uint8Array) =>
    into((out) => sealStructInContainer(foreignStructKey, plain, out)),
  foreignBareBlock: (plain: Uint8Array) => into((out) => sealBlock(foreignBlockKey, plain, out)),
  foreignBareStruct: (plain: Uint8Array) => into((out) => sealStruct(foreignStructKey, plain, out)),
}

function into(seal: (out: ValueSink) => void): Uint8Array {
  const out = new ValueSink()
  seal(out)
  return out.take()
}

const [a, b, c] = [utf8('<a>'), utf8('<b>'), utf8('<c>')]
const { block, struct, bareBlock, bareStruct } = seals
const { foreignBlock, foreignStruct, foreignBareBlock, foreignBareStruct } = seals

const cases: { what: string; value: Uint8Array; opened: string | null }[] = [
  { what: 'no envelope', value: utf8('just text '.repeat(40)), opened: null },
  { what: 'tags alone', value: utf8('%%%"""""""""%%% '.repeat(40)), opened: null },
  { what: 'a block in a container', value: block(a), opened: '<a>' },
  { what: 'a struct in a container', value: struct(a), opened: '<a>' },
  { what: 'a bare block', value: bareBlock(a), opened: '<a>' },
  { what: 'a bare struct', value: bareStruct(a), opened: '<a>' },
  { what: 'text around', value: concat(b, block(a), c), opened: '<b><a><c>' },
  { what: 'text around a bare block', value: concat(b, bareBlock(a), c), opened: '<b><a><c>' },
  { what: 'text around a bare struct', value: concat(b, bareStruct(a), c), opened: '<b><a><c>' },
  {
    what: 'several containers of both kinds',
    value: concat(block(a), struct(b), c, block(c)),
    opened: '<a><b><c><c>',
  },
  {
    what: 'several bare ones of both kinds',
    value: concat(bareStruct(a), bareBlock(b), c, bareStruct(c)),
    opened: '<a><b><c><c>',
  },
  {
    what: 'a bare block before a bare struct',
    value: concat(bareBlock(a), bareStruct(b)),
    opened: '<a><b>',
  },
  {
    what: 'percent signs before a container',
    value: concat(utf8('%%'), block(a)),
    opened: '%%<a>',
  },
  { what: 'quotes before a bare block', value: concat(utf8('""'), bareBlock(a)), opened: '""<a>' },
  {
    what: 'quotes before a bare struct',
    value: concat(utf8('"""'), bareStruct(a)),
    opened: '"""<a>',
  },
  { what: 'a block of another client', value: foreignBlock(a), opened: null },
  { what: 'a struct of another client', value: foreignStruct(a), opened: null },
  { what: 'a bare block of another client', value: foreignBareBlock(a), opened: null },
  { what: 'a bare struct of another client', value: foreignBareStruct(a), opened: null },
  {
    what: 'a container turns off the search for bare ones',
    value: concat(foreignBlock(a), bareBlock(b)),
    opened: null,
  },
  {
    what: 'a header of a container does, too',
    value: concat(utf8('%%%01234567'), Uint8Array.of(0xf0), bareBlock(b)),
    opened: null,
  },
  {
    what: 'a container tag of no known kind does not',
    value: concat(utf8('%%%012345678'), bareBlock(b)),
    opened: '%%%012345678<b>',
  },
]

for (const { what, value, opened } of cases) {
  test(`of a value with ${what} ${opened === null ? 'nothing' : opened} is opened`, () => {
    const result = open(value)
    assert.equal(result === null ? null : new TextDecoder().decode(result), opened)
  })
}

test('an envelope is found behind every arrangement of bytes of its tag', () => {
  const envelopes = [
    { byte: '%', value: block(a) },
    { byte: '"', value: bareBlock(a) },
    { byte: '"', value: bareStruct(a) },
  ]
  for (const { byte, value } of envelopes) {
    for (let size = 0; size <= 9; size++) {
      for (let pattern = 0; pattern < 1 << size; pattern++) {
        const prefix = Array.from({ length: size }, (_, i) => (pattern & (1 << i) ? byte : 'x'))
        const whole = concat(utf8(prefix.join('')), value)
        let found = false
        const opener: EnvelopeOpener = {
          open: (_kind, _bytes, start, end) => {
            const inside = size + (value.length - (end - start))
            found ||= start === inside && end === whole.length
            return found
          },
        }
        assert.equal(open(whole, opener) !== null && found, true, prefix.join(''))
      }
    }
  }
})

test('what does not open stays in its place beside what does', () => {
  for (const [mine, other] of [
    [block, foreignBlock],
    [struct, foreignStruct],
    [bareBlock, foreignBareBlock],
    [bareStruct, foreignBareStruct],
  ]) {
    const foreign = other(c)
    assert.deepEqual(open(concat(foreign, b, mine(a), foreign)), concat(foreign, b, a, foreign))
  }
})

test('a block that is revealed by a struct is opened as well', () => {
  const inner = bareBlock(a)
  assert.deepEqual(open(concat(b, bareStruct(inner), c)), concat(b, a, c))
  const foreign = foreignBareBlock(a)
  assert.deepEqual(open(concat(b, bareStruct(foreign), c)), concat(b, foreign, c))
})

test('the plaintext of a container is not searched again', () => {
  const inner = block(a)
  assert.deepEqual(open(struct(inner)), inner)
})

test('what a container holds behind its block goes with it', () => {
  const value = concat(block(a), utf8('xyz'), b)
  value[3] += 3
  assert.deepEqual(open(value), concat(a, b))
})

test('a container that begins inside a broken one is opened', () => {
  const head = utf8('%%%01234567')
  assert.deepEqual(
    open(concat(head, Uint8Array.of(0xf1), block(a))),
    concat(head, Uint8Array.of(0xf1), a),
  )
})

test('every vector opens inside a larger value', () => {
  for (const { key, context, plain, bare, contained } of blockVectors) {
    const opener = openerOf([new BlockKey(p, key, context)], [])
    for (const value of [bare, contained]) {
      assert.deepEqual(open(concat(b, value, c), opener), concat(b, plain, c))
    }
  }
  for (const { key, context, plain, bare, contained } of structVectors) {
    const opener = openerOf([], [new StructPrivateKey(p, key)], context)
    for (const value of [bare, contained]) {
      assert.deepEqual(open(concat(b, value, c), opener), concat(b, plain, c))
    }
  }
})

test('the poison records of Acra open with the poison keys', () => {
  const opener = openerOf(
    [new BlockKey(p, poisonVectors.symmetricKey)],
    [new StructPrivateKey(p, poisonVectors.privateKey)],
  )
  for (const record of [poisonVectors.block, poisonVectors.struct]) {
    assert.ok(open(record, opener))
    assert.equal(open(record), null)
  }
})

test('of a damaged envelope nothing is opened', () => {
  for (const seal of [block, struct, bareBlock, bareStruct]) {
    for (const { what, bytes } of damaged(seal(a))) {
      const opened = open(bytes)
      // Without its tag a container is none: what remains is a bare envelope behind twelve other bytes.
      if (opened !== null) assert.deepEqual(opened, concat(bytes.subarray(0, 12), a), what)
      if (opened !== null) assert.ok(seal === block || seal === struct)
      if (opened !== null) assert.match(what, /^byte (0|1|2|11) /)
    }
  }
})

test('crafted sizes open nothing', () => {
  for (const [seal, at] of [
    [block, 3],
    [struct, 3],
    [block, 16],
    [bareBlock, 4],
    [struct, 149],
    [bareStruct, 137],
  ] as const) {
    for (const { what, bytes } of withCraftedLengths(seal(a), at, 8)) {
      assert.equal(open(bytes), null, what)
    }
  }
})

test('envelopes are seen only inside the range that was given', () => {
  const value = concat(b, block(a), c)
  const out = new ValueSink()
  assert.equal(openEnvelopes(value, 16, value.length, ours, out), false)
  assert.equal(openEnvelopes(value, 0, value.length - 4, ours, out), false)
  assert.equal(openEnvelopes(value, 3, value.length - 3, ours, out), true)
  assert.deepEqual(out.take(), a)
})

test('an error of the opener goes through', () => {
  const opener: EnvelopeOpener = {
    open: () => {
      throw new RangeError('stop')
    },
  }
  assert.throws(() => open(block(a), opener), RangeError)
})

test('containers inside each other cost no more than a few times the size of the value', () => {
  const value = new Uint8Array(200_000).fill(1)
  const header = concat(block(a).subarray(0, 40))
  for (let at = 0; at + 200 < value.length; at += 40) {
    value.set(header, at)
    writeLe64(value, at + 3, value.length - at)
    writeLe64(value, at + 16, value.length - at - 12 - 4)
    value.set([76, 0], at + 28)
  }
  let looked = 0
  let calls = 0
  const opener: EnvelopeOpener = {
    open: (_kind, _bytes, start, end) => {
      calls++
      looked += end - start
      return false
    },
  }
  assert.equal(open(value, opener), null)
  assert.ok(calls > 1)
  assert.ok(looked <= 4 * value.length)
})

/** The rules of the format, word by word and byte by byte, with no thought of speed. */
function naive(value: Uint8Array, opener: EnvelopeOpener): Uint8Array {
  let seen = false
  const emit: number[] = []
  for (let at = 0; at < value.length; ) {
    const header =
      value.length - at > 12 &&
      toHex(value.subarray(at, at + 3)) === '252525' &&
      [0xf0, 0xf1].includes(value[at + 11])
    if (header) {
      seen = true
      const total = new DataView(value.buffer, value.byteOffset).getBigUint64(at + 3, true)
      if (total >= 12n && total <= BigInt(value.length - at)) {
        const kind = value[at + 11] === 0xf0 ? 'acrablock' : 'acrastruct'
        const end = at + Number(total)
        const innerEnd = (kind === 'acrablock' ? findBlockEnd : findStructEnd)(value, at + 12, end)
        const fits = innerEnd !== -1 && (kind === 'acrablock' || innerEnd === end)
        const plain = fits ? openOne(kind, value.subarray(at + 12, innerEnd), opener) : null
        if (plain !== null) {
          emit.push(...plain)
          at = end
          continue
        }
      }
    }
    emit.push(value[at++])
  }
  if (seen) return Uint8Array.from(emit)
  return naiveBare('acrablock', naiveBare('acrastruct', value, opener), opener)
}

function naiveBare(kind: EnvelopeKind, value: Uint8Array, opener: EnvelopeOpener): Uint8Array {
  const emit: number[] = []
  for (let at = 0; at < value.length; ) {
    const end = (kind === 'acrablock' ? findBlockEnd : findStructEnd)(value, at, value.length)
    if (end === -1) {
      emit.push(value[at++])
      continue
    }
    emit.push(...(openOne(kind, value.subarray(at, end), opener) ?? value.subarray(at, end)))
    at = end
  }
  return Uint8Array.from(emit)
}

function openOne(kind: EnvelopeKind, bytes: Uint8Array, opener: EnvelopeOpener): Uint8Array | null {
  const out = new ValueSink()
  return opener.open(kind, bytes, 0, bytes.length, out) ? out.take() : null
}

const pieces = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  fc.constantFrom(utf8('%'), utf8('%%%'), utf8('"'), utf8('""""'), utf8('"""""""""')),
  fc.constantFrom(...Object.values(seals)).map((seal) => seal(a)),
  fc
    .tuple(fc.constantFrom(...Object.values(seals)), fc.nat(), fc.constantFrom(1, 0x80))
    .map(([seal, at, mask]) => {
      const envelope = seal(b)
      envelope[at % envelope.length] ^= mask
      return envelope
    }),
  fc
    .tuple(fc.constantFrom(...Object.values(seals)), fc.nat(40))
    .map(([seal, cut]) => seal(c).slice(cut)),
)

test('values of all sorts of pieces are opened exactly as the rules say', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
      const value = concat(...parts)
      const expected = naive(value, ours)
      const opened = open(value)
      assert.equal(toHex(opened ?? value), toHex(expected))
      if (opened !== null) assert.equal(mayHoldEnvelope(value, 0, value.length), true)
    }),
    { numRuns: 400 },
  )
})

test('the cheap test says no to ordinary values and yes to every envelope', () => {
  for (const text of ['', 'a', 'plain text '.repeat(30), '"quoted" 100%% '.repeat(30)]) {
    assert.equal(mayHoldEnvelope(utf8(text), 0, text.length), false)
  }
  for (const seal of [block, struct, bareBlock, bareStruct]) {
    for (const value of [seal(a), concat(b, seal(a)), concat(seal(a), c), concat(b, seal(a), c)]) {
      assert.equal(mayHoldEnvelope(value, 0, value.length), true)
    }
  }
})
