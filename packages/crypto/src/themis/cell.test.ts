import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { concat, ValueSink } from '../bytes.ts'
import { nodePrimitives as p } from '../node.ts'
import { damaged, withCraftedLengths } from '../testing/damage.ts'
import { loadThemis } from '../testing/themis.ts'
import { hex, readVectors, toHex, utf8 } from '../testing/vectors.ts'
import {
  CELL_OVERHEAD,
  cellParts,
  openCell,
  openCellInto,
  sealCell,
  writeCellLengths,
} from './cell.ts'
import { kdf, kdfWithoutKey } from './kdf.ts'

interface CellVectors {
  cells: {
    mode: string
    key: string
    context: string
    plaintext: string
    cell: string
    derived_key: string
  }[]
  edge_cases: { case: string; key: string; cell: string; wasm_result: string }[]
  soter_kdf: { key: string; label: string; contexts: string[]; out_len: number; out: string }[]
}

const vectors = readVectors<CellVectors>('themis-cell')
const sealed = vectors.cells.filter((vector) => vector.mode === 'seal-key')
const themis = await loadThemis()
const notOpened = { name: 'CellError', code: 'cell-not-opened' }

test('keys are derived as Soter derives them', () => {
  for (const { key, label, contexts, out_len, out } of vectors.soter_kdf) {
    const parts = contexts.map(hex)
    const derived =
      key === '' ? kdfWithoutKey(p, label, parts, out_len) : kdf(p, hex(key), label, parts, out_len)
    assert.equal(toHex(derived), out)
  }
  for (const { key, context, plaintext, derived_key } of sealed) {
    const size = new Uint8Array(Uint32Array.of(plaintext.length / 2).buffer)
    const label = 'Themis secure cell message key'
    assert.equal(toHex(kdf(p, hex(key), label, [size, hex(context)], 32)), derived_key)
  }
})

test('the cells of Themis open', () => {
  assert.equal(sealed.length, 5)
  for (const { key, context, plaintext, cell } of sealed) {
    assert.equal(toHex(openCell(p, hex(key), hex(cell), hex(context))), plaintext)
  }
})

test('a cell opens into a sink, behind what was there, from the middle of other bytes', () => {
  for (const { key, context, plaintext, cell } of sealed) {
    const around = hex(`ffff${cell}eeee`).subarray(2, 2 + cell.length / 2)
    const out = new ValueSink()
    const at = out.reserve(1)
    out.bytes[at] = 7
    assert.equal(openCellInto(p, hex(key), around, hex(context), out), true)
    assert.equal(toHex(out.take()), `07${plaintext}`)
  }
})

for (const { case: what, key, cell, wasm_result } of vectors.edge_cases) {
  test(`an odd cell is judged as Themis judges it: ${what}`, () => {
    const open = () => toHex(openCell(p, hex(key), hex(cell)))
    if (wasm_result.startsWith('ok:')) assert.equal(open(), wasm_result.slice(3))
    else assert.throws(open, notOpened)
  })
}

test('a damaged cell does not open, and says no more than that', () => {
  for (const { key, context, cell } of sealed) {
    for (const { what, bytes } of damaged(hex(cell))) {
      assert.throws(() => openCell(p, hex(key), bytes, hex(context)), notOpened, what)
    }
  }
})

test('whatever is wrong, the message is the same', () => {
  const { key, context, cell } = sealed[1]
  const messages = new Set<string>()
  for (const [otherKey, otherCell, otherContext] of [
    [key, cell, '00'],
    [key, cell, ''],
    ['00', cell, context],
    [key, cell.slice(2), context],
    [key, `${cell}00`, context],
    [key, '', context],
  ]) {
    try {
      openCell(p, hex(otherKey), hex(otherCell), hex(otherContext))
      assert.fail('it opened')
    } catch (error) {
      messages.add(String(error))
    }
  }
  assert.equal(messages.size, 1)
})

test('crafted lengths do not open a cell, nor make room for what they claim', () => {
  const { key, context, cell } = sealed[1]
  const original = hex(cell)
  for (const at of [0, 4, 8, 12]) {
    for (const { what, bytes } of withCraftedLengths(original, at, 4)) {
      if (toHex(bytes) === cell) continue
      assert.throws(() => openCell(p, hex(key), bytes, hex(context)), notOpened, what)
    }
  }
})

test('a longer IV field is passed over as Themis does', () => {
  const { key, context, plaintext, cell } = sealed[1]
  const longer = hex(`${cell.slice(0, 8)}0e000000${cell.slice(16, 56)}abcd${cell.slice(56)}`)
  assert.equal(toHex(openCell(p, hex(key), longer, hex(context))), plaintext)
  const theirs = themis.SecureCellSeal.withKey(new themis.SymmetricKey(hex(key)))
  assert.equal(toHex(theirs.decrypt(longer, hex(context))), plaintext)
})

test('an IV field of less than twelve bytes is refused, even if what overlaps is the same', () => {
  const key = utf8('key')
  let cell = sealCell(p, key, utf8('payload'))
  while (cell[27] !== cell[28]) cell = sealCell(p, key, utf8('payload'))
  const shorter = concat(cell.subarray(0, 27), cell.subarray(28))
  shorter[4] = 11
  assert.throws(() => openCell(p, key, shorter), notOpened)
})

test('a ciphertext that overlaps the tag is refused, even if what overlaps is the same', () => {
  const key = utf8('key')
  let cell = sealCell(p, key, utf8('payload'))
  while (cell[43] !== cell[44]) cell = sealCell(p, key, utf8('payload'))
  const shorter = concat(cell.subarray(0, 43), cell.subarray(44))
  assert.throws(() => openCell(p, key, shorter), notOpened)
})

test('a cell of nothing is refused, though its tag is right', () => {
  const cell = new Uint8Array(44)
  writeCellLengths(cell, 0, 0)
  p.sealCell(utf8('key'), new Uint8Array(0), new Uint8Array(0), cell, 16)
  assert.throws(() => openCell(p, utf8('key'), cell), notOpened)
  assert.throws(() => openCell(p, utf8('key'), concat(cell, utf8('x'))), notOpened)
})

test('AES-192 and AES-128 cells open as in Themis', () => {
  const { key } = sealed[0]
  const theirs = themis.SecureCellSeal.withKey(new themis.SymmetricKey(hex(key)))
  for (const { case: what, cell } of vectors.edge_cases) {
    if (!what.startsWith('AES-')) continue
    assert.deepEqual(openCell(p, hex(key), hex(cell)), new Uint8Array(theirs.decrypt(hex(cell))))
  }
})

test('an empty plaintext and an empty key are refused', () => {
  const key = utf8('key')
  assert.throws(() => sealCell(p, key, new Uint8Array(0)), { code: 'plaintext-empty' })
  assert.throws(() => sealCell(p, new Uint8Array(0), key), { code: 'key-empty' })
  assert.throws(() => openCell(p, new Uint8Array(0), hex(sealed[0].cell)), { code: 'key-empty' })
})

test('a cell never repeats itself', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 3000; i++)
    seen.add(toHex(sealCell(p, utf8('k'), utf8('same')).subarray(16, 28)))
  assert.equal(seen.size, 3000)
})

test('the lengths of a cell are where the layout says', () => {
  const cell = sealCell(p, utf8('k'), new Uint8Array(300))
  assert.equal(cell.length, 300 + CELL_OVERHEAD)
  assert.equal(toHex(cell.subarray(0, 16)), '000101400c000000100000002c010000')
  assert.deepEqual(cellParts(cell, 0, cell.length)?.text, cell.subarray(44))
})

const keys = fc.uint8Array({ minLength: 1, maxLength: 100 })
const plains = fc.uint8Array({ minLength: 1, maxLength: 500 })
const contexts = fc.uint8Array({ maxLength: 60 })

test('what was sealed opens with the same key and context, and with no other', () => {
  fc.assert(
    fc.property(keys, plains, contexts, (key, plain, context) => {
      const cell = sealCell(p, key, plain, context)
      assert.deepEqual(openCell(p, key, cell, context), plain)
      assert.throws(() => openCell(p, Uint8Array.of(...key, 1), cell, context), notOpened)
      assert.throws(() => openCell(p, key, cell, Uint8Array.of(...context, 0)), notOpened)
    }),
  )
})

test('Themis opens what we seal and we open what Themis seals', () => {
  fc.assert(
    fc.property(keys, plains, contexts, (key, plain, context) => {
      const theirs = themis.SecureCellSeal.withKey(new themis.SymmetricKey(key))
      assert.deepEqual(
        new Uint8Array(theirs.decrypt(sealCell(p, key, plain, context), context)),
        plain,
      )
      assert.deepEqual(openCell(p, key, theirs.encrypt(plain, context), context), plain)
    }),
    { numRuns: 60 },
  )
})

test('large values pass', () => {
  const plain = p.random(3 * 1024 * 1024)
  const key = p.random(32)
  assert.deepEqual(openCell(p, key, sealCell(p, key, plain)), plain)
})

test('bytes that are no cell do not open', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => openCell(p, utf8('key'), bytes), notOpened)
    }),
  )
})
