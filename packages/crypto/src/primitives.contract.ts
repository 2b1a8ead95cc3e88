/** What every set of primitives must do, whatever library it stands on. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { ValueSink } from './bytes.ts'
import type { CellParts, Primitives } from './primitives.ts'
import { hex, toHex, utf8 } from './testing/vectors.ts'

/** Runs the contract for `p`. */
export function testPrimitives(name: string, p: Primitives): void {
  const nothing = new Uint8Array(0)
  const sizes = [1, 15, 16, 17, 32, 100, 4096, 70_000]

  test(`${name}: hashes are those of the standards`, () => {
    assert.equal(
      toHex(p.sha256(utf8('a'), utf8('bc'))), // FIPS 180-4
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    assert.equal(
      toHex(p.hmacSha256(utf8('Jefe'), utf8('what do ya want '), utf8('for nothing?'))), // RFC 4231
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })

  test(`${name}: random bytes are as many as asked for, never twice the same, and of every value`, () => {
    for (const size of [0, 1, 12, 32, 2047, 2048, 2049, 16_384, 50_000]) {
      assert.equal(p.random(size).length, size)
    }
    const seen = new Set<string>()
    const counts = new Array<number>(256).fill(0)
    for (let i = 0; i < 4000; i++) {
      const bytes = p.random(12 + (i % 40))
      seen.add(toHex(bytes))
      for (const byte of bytes) counts[byte]++
    }
    assert.equal(seen.size, 4000)
    assert.ok(Math.min(...counts) > 300 && Math.max(...counts) < 700, `${counts}`)
  })

  test(`${name}: random bytes are the caller's own`, () => {
    const first = p.random(32)
    const copy = first.slice()
    p.random(32).fill(0)
    assert.deepEqual(first, copy)
  })

  test(`${name}: a cell opens with its key and context alone`, () => {
    for (const size of sizes) {
      for (const context of [nothing, utf8('context')]) {
        const plain = p.random(size)
        const sealed = new Uint8Array(5 + 28 + size)
        p.sealCell(utf8('key'), context, plain, sealed, 5)
        const cell = partsAt(sealed, 5)
        const out = new ValueSink()
        assert.equal(p.openCell(utf8('yek'), context, cell, out), false)
        assert.equal(p.openCell(utf8('key'), utf8('other'), cell, out), false)
        assert.equal(p.openCell(utf8('key'), context, { ...cell, keySize: 16 }, out), false)
        assert.equal(out.length, 0)
        assert.equal(p.openCell(utf8('key'), context, cell, out), true)
        assert.deepEqual(out.take(), plain)
      }
    }
  })

  test(`${name}: nested cells open with their key and contexts alone`, () => {
    for (const size of sizes) {
      const plain = p.random(size)
      const sealed = new Uint8Array(3 + 60 + 2 + 28 + size)
      const wrapping = p.wrappingKey(utf8('key'), utf8('outer'))
      wrapping.sealNested(utf8('inner'), plain, sealed, 3, 65)
      const wrapped = partsAt(sealed, 3, 63)
      const payload = partsAt(sealed, 65)
      const out = new ValueSink()
      const others = [
        p.wrappingKey(utf8('yek'), utf8('outer')),
        p.wrappingKey(utf8('key'), utf8('other')),
        p.wrappingKey(utf8('key'), nothing),
      ]
      for (const other of others) {
        assert.equal(other.openNested(wrapped, utf8('inner'), payload, out), 'wrong-key')
      }
      assert.equal(wrapping.openNested(wrapped, utf8('outer'), payload, out), 'damaged')
      assert.equal(out.length, 0)
      assert.equal(wrapping.openNested(wrapped, utf8('inner'), payload, out), 'opened')
      assert.deepEqual(out.take(), plain)
    }
  })

  test(`${name}: the outer of nested cells is an ordinary cell of a data key that opens the inner one`, () => {
    const sealed = new Uint8Array(60 + 28 + 7)
    p.wrappingKey(utf8('key'), nothing).sealNested(nothing, utf8('payload'), sealed, 0, 60)
    const out = new ValueSink()
    assert.equal(p.openCell(utf8('key'), nothing, partsAt(sealed, 0, 60), out), true)
    const dataKey = out.take()
    assert.equal(dataKey.length, 32)
    assert.equal(p.openCell(dataKey, nothing, partsAt(sealed, 60), out), true)
    assert.deepEqual(out.take(), utf8('payload'))
  })

  test(`${name}: a wrapping key that is wiped refuses to work`, () => {
    const sealed = new Uint8Array(60 + 28 + 7)
    const wrapping = p.wrappingKey(utf8('key'), nothing)
    wrapping.sealNested(nothing, utf8('payload'), sealed, 0, 60)
    wrapping.wipe()
    wrapping.wipe()
    const [wrapped, payload] = [partsAt(sealed, 0, 60), partsAt(sealed, 60)]
    assert.throws(() => wrapping.openNested(wrapped, nothing, payload, new ValueSink()), /wiped/)
    assert.throws(() => wrapping.sealNested(nothing, utf8('payload'), sealed, 0, 60), /wiped/)
  })

  test(`${name}: a message opens with its key and IV alone, head and text as one`, () => {
    for (const size of sizes) {
      const [raw, iv, head, plain] = [p.random(32), p.random(12), p.random(16), p.random(size)]
      const [key, other] = [p.messageKey(raw), p.messageKey(p.random(32))]
      raw.fill(0)
      const out = new Uint8Array(3 + 16 + size + 16)
      key.seal(iv, head, plain, out, 3)
      const [text, tag] = [out.subarray(3, 19 + size), out.subarray(19 + size)]
      assert.deepEqual(out.subarray(0, 3), new Uint8Array(3))
      assert.equal(other.open(iv, text, tag), null)
      assert.equal(key.open(p.random(12), text, tag), null)
      assert.equal(key.open(iv, text, p.random(16)), null)
      assert.equal(toHex(key.open(iv, text, tag) ?? nothing), toHex(head) + toHex(plain))
      text[size] ^= 1
      assert.equal(key.open(iv, text, tag), null)
    }
  })

  test(`${name}: a message key is AES-256-GCM`, () => {
    // Test case 14 of the GCM specification: key, IV and text of zeros.
    const out = new Uint8Array(32)
    const key = p.messageKey(new Uint8Array(32))
    key.seal(new Uint8Array(12), new Uint8Array(4), new Uint8Array(12), out, 0)
    assert.equal(toHex(out), 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919')
    key.wipe()
    key.wipe()
    assert.throws(() => key.seal(new Uint8Array(12), nothing, nothing, out, 0), /wiped/)
    assert.throws(() => key.open(new Uint8Array(12), nothing, new Uint8Array(16)), /wiped/)
  })

  test(`${name}: agreements are those of RFC 5903`, () => {
    const initiator = hex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433')
    const responder = hex('c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53')
    const secret = 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de'
    const [left, right] = [p.agreementKey(initiator), p.agreementKey(responder)]
    assert.equal(
      toHex(left.point),
      '03dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180',
    )
    for (const form of [right.point, p.expandPoint(right.point)]) {
      assert.ok(form)
      assert.equal(toHex(left.agree(form) ?? nothing), secret)
    }
    assert.equal(toHex(right.agree(left.point) ?? nothing), secret)
  })

  test(`${name}: a point that is not on the curve is answered with null`, () => {
    const offCurve = hex(`02${'ff'.repeat(32)}`)
    const moved = p.expandPoint(p.agreementKey(p.newScalar()).point) as Uint8Array
    moved[64] ^= 1
    for (const point of [offCurve, moved, nothing, Uint8Array.of(0), new Uint8Array(33)]) {
      assert.equal(p.expandPoint(point), null)
      assert.equal(p.agreementKey(p.newScalar()).agree(point), null)
      assert.equal(p.verify(point, utf8('message'), new Uint8Array(70)), false)
    }
  })

  test(`${name}: an agreement key that is wiped refuses to work`, () => {
    const key = p.agreementKey(p.newScalar())
    const { point } = key
    assert.ok(key.agree(point))
    key.wipe()
    key.wipe()
    assert.throws(() => key.agree(point), /wiped/)
  })

  test(`${name}: an agreement for once is shared by the owner of the other key`, () => {
    for (let i = 0; i < 50; i++) {
      const owner = p.agreementKey(p.newScalar())
      const once = p.agreeOnce(p.expandPoint(owner.point) as Uint8Array)
      assert.equal(once.point.length, 33)
      assert.equal(once.secret.length, 32)
      assert.equal(toHex(owner.agree(once.point) ?? nothing), toHex(once.secret))
    }
  })

  test(`${name}: private keys have 32 bytes and are never the same`, () => {
    const seen = new Set<string>()
    for (let i = 0; i < 500; i++) seen.add(toHex(p.newScalar()))
    assert.equal(seen.size, 500)
    for (const scalar of seen) assert.equal(scalar.length, 64)
  })

  test(`${name}: signatures verify with the signer's point, of either form, alone`, () => {
    for (let i = 0; i < 30; i++) {
      const scalar = p.newScalar()
      const { point } = p.agreementKey(scalar)
      const signature = p.sign(scalar, utf8('message'))
      assert.equal(p.verify(point, utf8('message'), signature), true)
      assert.equal(p.verify(p.expandPoint(point) as Uint8Array, utf8('message'), signature), true)
      assert.equal(p.verify(point, utf8('massage'), signature), false)
      assert.equal(p.verify(p.agreementKey(p.newScalar()).point, utf8('message'), signature), false)
      assert.equal(p.verify(point, utf8('message'), nothing), false)
    }
  })
}

/** The parts of a cell without its lengths: IV, tag, ciphertext. */
function partsAt(bytes: Uint8Array, at: number, end: number = bytes.length): CellParts {
  return {
    keySize: 32,
    iv: bytes.subarray(at, at + 12),
    tag: bytes.subarray(at + 12, at + 28),
    text: bytes.subarray(at + 28, end),
  }
}
