import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DerError, DerReader, dottedOid } from './der.ts'

const read = (hex: string) => new DerReader(Buffer.from(hex, 'hex')).read()

test('elements are read one after the other, with short and long lengths', () => {
  const long = Buffer.alloc(300, 7)
  const reader = new DerReader(
    Buffer.concat([Buffer.from('0201053000', 'hex'), Buffer.from('0482012c', 'hex'), long]),
  )
  assert.deepEqual(reader.read(), {
    tag: 2,
    content: Buffer.of(5),
    whole: Buffer.of(2, 1, 5),
  })
  assert.equal(reader.nextTag, 0x30)
  assert.deepEqual(reader.expect(0x30), Buffer.alloc(0))
  assert.equal(reader.atEnd, false)
  const last = reader.read()
  assert.deepEqual([last.tag, last.content], [4, long])
  assert.equal(last.whole.length, 4 + long.length)
  assert.equal(reader.atEnd, true)
  assert.equal(reader.nextTag, null)
})

for (const [what, hex] of [
  ['nothing', ''],
  ['a tag alone', '02'],
  ['a content that is cut off', '020205'],
  ['a length that is cut off', '0482'],
  ['an indefinite length', '30800000'],
  ['a length of five octets', '04850000000001'],
  ['the largest length', '0484ffffffff'],
  ['a long length that would be short', '04817f'],
  ['a length with a leading zero', '0482008000'],
  ['an identifier of several octets', '1f8101'],
] as const)
  test(`${what} is refused`, () => assert.throws(() => read(hex), DerError))

test('another kind than expected is refused', () =>
  assert.throws(() => new DerReader(Buffer.from('020105', 'hex')).expect(0x30), DerError))

for (const [hex, dotted] of [
  ['550403', '2.5.4.3'],
  ['2a864886f70d010901', '1.2.840.113549.1.9.1'],
  ['00', '0.0'],
  ['27', '0.39'],
  ['28', '1.0'],
  ['813403', '2.100.3'],
  ['698fffffffffffffffffff7f', '2.25.18889465931478580854783'],
] as const)
  test(`${hex} is ${dotted}`, () => assert.equal(dottedOid(Buffer.from(hex, 'hex')), dotted))

test('an object identifier that is cut off is refused', () => {
  assert.throws(() => dottedOid(Buffer.alloc(0)), DerError)
  assert.throws(() => dottedOid(Buffer.from('5504ff', 'hex')), DerError)
})
