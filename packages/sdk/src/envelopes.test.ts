import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create_acra_struct, create_acrastruct } from './compat.ts'
import {
  envelopeInfo,
  isAcraBlock,
  isAcraStruct,
  isContainer,
  unwrapContainer,
  wrapContainer,
} from './envelope-info.ts'
import { acra as browser } from './index.ts'
import { acra as node } from './node.ts'
import { AcraReader } from './reader.ts'
import { AcraWriter } from './writer.ts'

const both = [
  ['browser', browser, node],
  ['node', node, browser],
] as const
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

for (const [name, acra, other] of both) {
  test(`${name}: what is written opens with the keys alone, here and on the other primitives`, () => {
    const [pair, stranger] = [acra.generateKeyPair(), acra.generateKeyPair()]
    const [key, strange] = [acra.generateSymmetricKey(), acra.generateSymmetricKey()]
    for (const options of [{}, { context: 'DDDDDDDDaaaaaaaaaaaaaaaa' }]) {
      const struct = acra.createAcraStruct('a value', pair.publicKey, options)
      const block = acra.createAcraBlock('a value', key, options)
      const keyring = {
        privateKeys: [stranger.privateKey, pair.privateKey],
        symmetricKeys: [strange, key],
      }
      for (const envelope of [struct, block]) {
        for (const api of [acra, other]) {
          assert.equal(String(Buffer.from(api.decryptAny(envelope, keyring, options))), 'a value')
        }
        for (const [wrong, context] of [
          [{ privateKeys: [stranger.privateKey], symmetricKeys: [strange] }, options],
          [{}, options],
          [keyring, { context: 'another' }],
        ] as const) {
          assert.throws(() => acra.decryptAny(envelope, wrong, context), { code: 'DECRYPT_FAILED' })
        }
        for (let at = 0; at < envelope.length; at += 7) {
          const damaged = envelope.slice()
          damaged[at] = (damaged[at] ?? 0) ^ 1
          assert.throws(
            () => acra.decryptAny(damaged, keyring, options),
            { code: 'DECRYPT_FAILED' },
            `${at}`,
          )
        }
      }
      assert.throws(() => acra.decryptAcraBlock(struct, key, options), { code: 'DECRYPT_FAILED' })
      assert.throws(() => acra.decryptAcraStruct(block, pair.privateKey, options), {
        code: 'DECRYPT_FAILED',
      })
      assert.notDeepEqual(acra.createAcraBlock('a value', key, options), block)
    }
  })

  test(`${name}: envelopes inside a value, and search hashes before one, are found`, () => {
    const [key, hmacKey] = [acra.generateSymmetricKey(), acra.generateSymmetricKey()]
    const keyring = { symmetricKeys: [key] }
    const envelope = acra.createAcraBlock('inside', key)
    const embedded = Buffer.concat([Buffer.from('<'), envelope, Buffer.from('>')])
    assert.equal(String(Buffer.from(acra.decryptEmbedded(embedded, keyring))), '<inside>')
    assert.deepEqual(acra.decryptEmbedded(Buffer.from('plain'), keyring), Buffer.from('plain'))
    const searchable = acra.createSearchable(envelope, 'inside', hmacKey)
    assert.deepEqual(searchable.slice(0, 33), acra.searchHash('inside', hmacKey))
    assert.notDeepEqual(acra.searchHash('other', hmacKey), acra.searchHash('inside', hmacKey))
    assert.equal(String(Buffer.from(acra.decryptAny(searchable, keyring))), 'inside')
  })

  test(`${name}: empty values, keys that are none, and zones that are none are refused`, () => {
    const { publicKey, privateKey } = acra.generateKeyPair()
    assert.throws(() => acra.createAcraStruct('', publicKey), { code: 'EMPTY_DATA' })
    assert.throws(() => acra.createAcraBlock(new Uint8Array(0), new Uint8Array(32)), {
      code: 'EMPTY_DATA',
    })
    const offCurve = Buffer.from(
      '554543320000002d265a991c02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
      'hex',
    )
    for (const key of [
      privateKey,
      offCurve,
      publicKey.slice(1),
      'no base64 !',
      '',
      base64(privateKey),
    ]) {
      assert.throws(() => acra.parsePublicKey(key), { code: 'WRONG_PUBLIC_KEY' })
    }
    for (const json of ['', '{}', '[]', 'null', '{"id":1,"public_key":""}']) {
      assert.throws(() => acra.parseZone(json), { code: 'WRONG_ZONE' }, json)
    }
  })

  test(`${name}: a writer encrypts for a client or a zone, and a reader with the private key decrypts`, () => {
    const { publicKey, privateKey } = acra.generateKeyPair()
    const reader = new AcraReader(acra, { privateKeys: [privateKey] })
    for (const key of [publicKey, base64(publicKey)]) {
      assert.equal(
        reader.decryptText(AcraWriter.forClient(acra, key).encrypt('für alle')),
        'für alle',
      )
    }
    const zone = JSON.stringify({ id: 'DDDDDDDDaaaaaaaaaaaaaaaa', public_key: base64(publicKey) })
    const stored = AcraWriter.forZone(acra, zone).encrypt('zoned')
    const context = 'DDDDDDDDaaaaaaaaaaaaaaaa'
    assert.equal(
      String(Buffer.from(acra.decryptAcraStruct(stored, privateKey, { context }))),
      'zoned',
    )
    assert.throws(() => reader.decrypt(stored), { code: 'DECRYPT_FAILED' })
  })
}

test('what a value is can be told without a key, and of damaged ones that they are none', () => {
  const pair = node.generateKeyPair()
  const key = node.generateSymmetricKey()
  const struct = node.createAcraStruct('a value', pair.publicKey)
  const block = node.createAcraBlock('a value', key)
  for (const [kind, envelope, isIt] of [
    ['acrastruct', struct, isAcraStruct],
    ['acrablock', block, isAcraBlock],
  ] as const) {
    const bare = {
      kind,
      contained: false,
      hashed: false,
      envelopeSize: envelope.length,
      plaintextSize: 7,
    }
    const contained = wrapContainer(envelope)
    assert.deepEqual(envelopeInfo(envelope), bare)
    assert.deepEqual(envelopeInfo(contained), { ...bare, contained: true })
    const searchable = node.createSearchable(contained, 'a value', key)
    assert.deepEqual(envelopeInfo(searchable), { ...bare, contained: true, hashed: true })
    assert.deepEqual([isIt(envelope), isIt(contained), isIt(searchable)], [true, false, false])
    assert.deepEqual([isContainer(envelope), isContainer(contained)], [false, true])
    assert.deepEqual(unwrapContainer(contained), envelope)
    assert.equal(unwrapContainer(envelope), null)
    const keyring = { privateKeys: [pair.privateKey], symmetricKeys: [key] }
    assert.equal(String(Buffer.from(node.decryptAny(contained, keyring))), 'a value')
    assert.throws(() => wrapContainer(contained), { code: 'WRONG_VALUE' })
    for (const none of [
      envelope.subarray(1),
      envelope.subarray(0, -1),
      Buffer.concat([envelope, envelope]),
      contained.subarray(0, -1),
      new Uint8Array(0),
      new Uint8Array(33).fill(127),
    ]) {
      assert.equal(envelopeInfo(none), null)
      assert.throws(() => wrapContainer(none), { code: 'WRONG_VALUE' })
      assert.equal(unwrapContainer(none), null)
    }
  }
  assert.deepEqual([isAcraStruct(block), isAcraBlock(struct)], [false, false])
})

test('what was written for acrawriter goes on with the same names, with and without a context', () => {
  const { publicKey, privateKey } = node.generateKeyPair()
  for (const [struct, context] of [
    [create_acrastruct('a value', publicKey), ''],
    [create_acrastruct(Buffer.from('a value'), publicKey, null), ''],
    [create_acra_struct('a value', publicKey, 'a zone'), 'a zone'],
  ] as const) {
    assert.ok(Buffer.isBuffer(struct))
    const plain = node.decryptAcraStruct(struct, privateKey, { context })
    assert.equal(String(Buffer.from(plain)), 'a value')
  }
  assert.throws(() => create_acrastruct('', publicKey), { code: 'EMPTY_DATA' })
})
