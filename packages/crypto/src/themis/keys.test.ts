import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { AcraError } from '../errors.ts'
import { nodePrimitives as p } from '../node.ts'
import { damaged, withCraftedLengths } from '../testing/damage.ts'
import { loadThemis } from '../testing/themis.ts'
import { hex, readVectors, toHex, utf8 } from '../testing/vectors.ts'
import { crc32c, encodeSoterContainer } from './container.ts'
import {
  encodePrivateKey,
  encodePublicKey,
  expandedPointOf,
  generateKeyPair,
  generateSymmetricKey,
  isPrivateKey,
  isPublicKey,
  KeyError,
  pointOf,
  publicKeyOf,
  scalarOf,
} from './keys.ts'

interface KeyVectors {
  keypairs: {
    private_container: string
    public_container: string
    scalar: string
    public_uncompressed_point: string
    crc32c_of_zeroed_public: string
  }[]
  alternative_forms_accepted: Record<
    'uncompressed_public' | 'private_with_32_byte_body' | 'private_standard',
    string
  >
  validation: { case: string; data: string; result: string }[]
}

const vectors = readVectors<KeyVectors>('themis-keys')
const themis = await loadThemis()
const malformed = { name: 'KeyError', code: 'key-malformed' }

test('the pairs of Themis are read, and written again byte for byte', () => {
  for (const pair of vectors.keypairs) {
    const privateKey = hex(pair.private_container)
    const publicKey = hex(pair.public_container)
    assert.equal(toHex(scalarOf(privateKey)), pair.scalar)
    assert.equal(toHex(expandedPointOf(p, publicKey)), pair.public_uncompressed_point)
    assert.equal(toHex(publicKeyOf(p, privateKey)), pair.public_container)
    assert.equal(toHex(encodePrivateKey(hex(pair.scalar))), pair.private_container)
    assert.equal(toHex(encodePublicKey(pointOf(publicKey))), pair.public_container)
  }
})

test('the checksum is CRC-32C', () => {
  assert.equal(crc32c(utf8('123456789')), 0xe306_9283)
  for (const pair of vectors.keypairs) {
    const zeroed = hex(pair.public_container).fill(0, 8, 12)
    assert.equal(crc32c(zeroed).toString(16), pair.crc32c_of_zeroed_public)
  }
})

test('the uncompressed and the unpadded forms are read', () => {
  const forms = vectors.alternative_forms_accepted
  const unpadded = hex(forms.private_with_32_byte_body)
  assert.equal(isPublicKey(hex(forms.uncompressed_public)), true)
  assert.equal(isPrivateKey(unpadded), true)
  assert.deepEqual(scalarOf(unpadded), scalarOf(hex(forms.private_standard)))
  assert.deepEqual(
    expandedPointOf(p, hex(forms.uncompressed_public)),
    expandedPointOf(p, publicKeyOf(p, unpadded)),
  )
})

for (const vector of vectors.validation) {
  test(`a container is judged as Themis judges it: ${vector.case}`, () => {
    assert.equal(isPublicKey(hex(vector.data)), vector.result === 'ok')
  })
}

test('a point that is not on the curve is refused when it is needed', () => {
  const offCurve = vectors.validation.find((vector) => vector.result === 'ok')
  assert.ok(offCurve)
  assert.throws(() => expandedPointOf(p, hex(offCurve.data)), malformed)
})

test('a damaged container is no key', () => {
  for (const pair of vectors.keypairs) {
    for (const { what, bytes } of damaged(hex(pair.private_container))) {
      assert.equal(isPrivateKey(bytes), false, what)
      assert.throws(() => publicKeyOf(p, bytes), malformed, what)
    }
    for (const { what, bytes } of damaged(hex(pair.public_container))) {
      assert.equal(isPublicKey(bytes), false, what)
      assert.throws(() => expandedPointOf(p, bytes), malformed, what)
    }
  }
})

test('a container of another size than it says is no key, though its checksum is right', () => {
  const publicKey = hex(vectors.keypairs[0].public_container)
  for (const size of [0, 11, 12, 44, 46]) {
    const other = publicKey.slice().fill(0, 8, 12)
    other[7] = size
    new DataView(other.buffer).setUint32(8, crc32c(other), true)
    assert.equal(isPublicKey(other), false)
  }
})

test('a crafted size is no key', () => {
  const pair = vectors.keypairs[0]
  for (const { what, bytes } of withCraftedLengths(hex(pair.public_container), 4, 4)) {
    if (toHex(bytes) === pair.public_container) continue
    assert.equal(isPublicKey(bytes), false, what)
  }
})

test('one kind of key is not the other', () => {
  const { privateKey, publicKey } = generateKeyPair(p)
  assert.equal(isPrivateKey(publicKey), false)
  assert.equal(isPublicKey(privateKey), false)
  assert.throws(() => publicKeyOf(p, publicKey), malformed)
  assert.throws(() => publicKeyOf(p, publicKey), KeyError)
  assert.throws(() => publicKeyOf(p, publicKey), AcraError)
})

test('a scalar out of range is refused', () => {
  const order = hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  const lessByOne = order.slice()
  lessByOne[31]--
  const moreByOne = order.slice()
  moreByOne[31]++
  const one = new Uint8Array(32).fill(1, 31)
  for (const refused of [new Uint8Array(32), order, moreByOne, new Uint8Array(32).fill(0xff)]) {
    assert.equal(isPrivateKey(encodePrivateKey(refused)), false, toHex(refused))
  }
  for (const accepted of [one, lessByOne]) {
    assert.equal(isPublicKey(publicKeyOf(p, encodePrivateKey(accepted))), true)
  }
})

test('bodies of other sizes and leads are refused though their checksum is right', () => {
  const scalar = scalarOf(generateKeyPair(p).privateKey)
  for (const body of [
    new Uint8Array(0),
    scalar.subarray(1),
    Uint8Array.of(1, ...scalar),
    Uint8Array.of(0, 0, ...scalar),
  ]) {
    assert.equal(isPrivateKey(encodeSoterContainer('REC2', body)), false)
  }
  const point = pointOf(generateKeyPair(p).publicKey)
  for (const body of [
    new Uint8Array(0),
    point.subarray(1),
    Uint8Array.of(4, ...point.subarray(1)),
  ]) {
    assert.equal(isPublicKey(encodeSoterContainer('UEC2', body)), false)
  }
  assert.equal(isPublicKey(encodeSoterContainer('UEC3', point)), false)
})

test('generated pairs belong together and are taken by Themis', () => {
  for (let i = 0; i < 20; i++) {
    const { privateKey, publicKey } = generateKeyPair(p)
    assert.equal(privateKey.length, 45)
    assert.equal(publicKey.length, 45)
    assert.deepEqual(publicKeyOf(p, privateKey), publicKey)
    const theirPrivate = new themis.PrivateKey(privateKey)
    const theirPublic = new themis.PublicKey(publicKey)
    const signed = new themis.SecureMessageSign(theirPrivate).sign(utf8('x'))
    assert.deepEqual(new themis.SecureMessageVerify(theirPublic).verify(signed), utf8('x'))
  }
})

test('pairs that Themis generates are read', () => {
  for (let i = 0; i < 20; i++) {
    const pair = new themis.KeyPair()
    assert.deepEqual(
      publicKeyOf(p, new Uint8Array(pair.privateKey)),
      new Uint8Array(pair.publicKey),
    )
  }
})

test('a key that is given as a Buffer stays as it was', () => {
  const privateKey = Buffer.from(vectors.keypairs[0].private_container, 'hex')
  assert.equal(isPrivateKey(privateKey), true)
  assert.equal(toHex(publicKeyOf(p, privateKey)), vectors.keypairs[0].public_container)
  assert.equal(toHex(privateKey), vectors.keypairs[0].private_container)
})

test('symmetric keys are 32 bytes and never the same', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 2000; i++) seen.add(toHex(generateSymmetricKey(p)))
  assert.equal(seen.size, 2000)
  for (const key of seen) assert.equal(key.length, 64)
})

test('anything may be asked whether it is a key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
      assert.equal(isPrivateKey(bytes), false)
      assert.equal(isPublicKey(bytes), false)
    }),
  )
})
