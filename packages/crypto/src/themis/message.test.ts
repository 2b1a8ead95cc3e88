import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { nodePrimitives as p } from '../node.ts'
import { damaged, withCraftedLengths } from '../testing/damage.ts'
import { loadThemis, theirMessage } from '../testing/themis.ts'
import { hex, readVectors, toHex, utf8 } from '../testing/vectors.ts'
import { generateKeyPair, pointOf, scalarOf } from './keys.ts'
import { decryptMessage, encryptMessage, signMessage, verifyMessage } from './message.ts'

interface MessageVector {
  sender_private: string
  sender_public: string
  recipient_private: string
  recipient_public: string
  plaintext: string
  ecdh_shared_secret: string
  encrypted: string
  signed: string
}

interface MessageVectors {
  messages: MessageVector[]
  leading_zero_shared_secret: Omit<MessageVector, 'signed'>
}

const vectors = readVectors<MessageVectors>('themis-message')
const encrypted = [...vectors.messages, vectors.leading_zero_shared_secret]
const themis = await loadThemis()
const notOpened = { name: 'MessageError', code: 'message-not-opened' }
const notVerified = { name: 'MessageError', code: 'message-not-verified' }

test('the messages of Themis open on both sides', () => {
  for (const vector of encrypted) {
    const message = hex(vector.encrypted)
    const [sender, recipient] = [hex(vector.sender_private), hex(vector.recipient_private)]
    assert.equal(
      toHex(decryptMessage(p, recipient, hex(vector.sender_public), message)),
      vector.plaintext,
    )
    assert.equal(
      toHex(decryptMessage(p, sender, hex(vector.recipient_public), message)),
      vector.plaintext,
    )
  }
})

test('the agreed secret keeps its leading zeros', () => {
  for (const vector of encrypted) {
    const own = p.agreementKey(scalarOf(hex(vector.sender_private)))
    const secret = own.agree(pointOf(hex(vector.recipient_public)))
    assert.ok(secret)
    assert.equal(toHex(secret), vector.ecdh_shared_secret)
  }
})

test('a damaged message does not open', () => {
  for (const vector of encrypted) {
    const [recipient, sender] = [hex(vector.recipient_private), hex(vector.sender_public)]
    for (const { what, bytes } of damaged(hex(vector.encrypted))) {
      assert.throws(() => decryptMessage(p, recipient, sender, bytes), notOpened, what)
    }
    const trailing = hex(`${vector.encrypted}00`)
    assert.throws(() => decryptMessage(p, recipient, sender, trailing), notOpened)
  }
})

test('crafted lengths do not open a message', () => {
  const vector = encrypted[0]
  const [recipient, sender] = [hex(vector.recipient_private), hex(vector.sender_public)]
  for (const at of [4, 12, 16, 20]) {
    for (const { what, bytes } of withCraftedLengths(hex(vector.encrypted), at, 4)) {
      if (toHex(bytes) === vector.encrypted) continue
      assert.throws(() => decryptMessage(p, recipient, sender, bytes), notOpened, what)
    }
  }
})

test('a message does not open for others', () => {
  const [ann, bob, eve] = [generateKeyPair(p), generateKeyPair(p), generateKeyPair(p)]
  const message = encryptMessage(p, ann.privateKey, bob.publicKey, utf8('for bob'))
  assert.throws(() => decryptMessage(p, eve.privateKey, ann.publicKey, message), notOpened)
  assert.throws(() => decryptMessage(p, bob.privateKey, eve.publicKey, message), notOpened)
})

test('keys of the wrong kind and empty messages are refused', () => {
  const { privateKey, publicKey } = generateKeyPair(p)
  const malformed = { name: 'KeyError', code: 'key-malformed' }
  const plain = utf8('plain')
  assert.throws(() => encryptMessage(p, publicKey, publicKey, plain), malformed)
  assert.throws(() => encryptMessage(p, privateKey, privateKey, plain), malformed)
  assert.throws(() => decryptMessage(p, publicKey, publicKey, plain), malformed)
  assert.throws(() => decryptMessage(p, privateKey, privateKey, plain), malformed)
  assert.throws(() => signMessage(p, publicKey, plain), malformed)
  assert.throws(() => verifyMessage(p, privateKey, plain), malformed)
  const empty = { name: 'MessageError', code: 'plaintext-empty' }
  assert.throws(() => encryptMessage(p, privateKey, publicKey, new Uint8Array(0)), empty)
  assert.throws(() => signMessage(p, privateKey, new Uint8Array(0)), empty)
})

test('a public key off the curve opens and verifies nothing', () => {
  const offCurve = hex(
    '554543320000002d265a991c02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  )
  const vector = vectors.messages[0]
  const recipient = hex(vector.recipient_private)
  assert.throws(() => decryptMessage(p, recipient, offCurve, hex(vector.encrypted)), {
    code: 'key-malformed',
  })
  assert.throws(() => verifyMessage(p, offCurve, hex(vector.signed)), notVerified)
})

test('the signatures of Themis verify, also with what follows them', () => {
  for (const vector of vectors.messages) {
    const signer = hex(vector.sender_public)
    for (const tail of ['', '00', '0000']) {
      assert.equal(toHex(verifyMessage(p, signer, hex(vector.signed + tail))), vector.plaintext)
    }
    const other = hex(vector.recipient_public)
    assert.throws(() => verifyMessage(p, other, hex(vector.signed)), notVerified)
  }
})

test('a damaged signed message does not verify', () => {
  for (const vector of vectors.messages) {
    for (const { what, bytes } of damaged(hex(vector.signed))) {
      assert.throws(() => verifyMessage(p, hex(vector.sender_public), bytes), notVerified, what)
    }
  }
})

test('crafted lengths do not verify a message', () => {
  const vector = vectors.messages[0]
  for (const at of [4, 8]) {
    for (const { what, bytes } of withCraftedLengths(hex(vector.signed), at, 4)) {
      if (toHex(bytes) === vector.signed) continue
      assert.throws(() => verifyMessage(p, hex(vector.sender_public), bytes), notVerified, what)
    }
  }
})

test('Themis and we read what the other writes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (plain) => {
      const [ann, bob] = [generateKeyPair(p), generateKeyPair(p)]
      const annPrivate = new themis.PrivateKey(ann.privateKey)
      const bobPublic = new themis.PublicKey(bob.publicKey)
      const theirs = theirMessage(ann.privateKey, bob.publicKey)
      const ours = encryptMessage(p, bob.privateKey, ann.publicKey, plain)
      assert.deepEqual(new Uint8Array(theirs.decrypt(ours)), plain)
      assert.deepEqual(
        decryptMessage(p, bob.privateKey, ann.publicKey, theirs.encrypt(plain)),
        plain,
      )
      const signed = new themis.SecureMessageSign(annPrivate).sign(plain)
      assert.deepEqual(verifyMessage(p, ann.publicKey, signed), plain)
      const verifier = new themis.SecureMessageVerify(bobPublic)
      const verified = verifier.verify(signMessage(p, bob.privateKey, plain))
      assert.deepEqual(new Uint8Array(verified), plain)
    }),
    { numRuns: 40 },
  )
})
