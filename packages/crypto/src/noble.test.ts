import assert from 'node:assert/strict'
import test from 'node:test'
import { ValueSink } from './bytes.ts'
import {
  openStruct,
  StructPrivateKey,
  StructPublicKey,
  sealStruct,
} from './envelope/acra-struct.ts'
import { noblePrimitives } from './noble.ts'
import { nodePrimitives } from './node.ts'
import { testPrimitives } from './primitives.contract.ts'
import { utf8 } from './testing/vectors.ts'
import { generateKeyPair } from './themis/keys.ts'
import { decryptMessage, encryptMessage, signMessage, verifyMessage } from './themis/message.ts'

testPrimitives('@noble', noblePrimitives)

test('envelopes and messages of either set of primitives open with the other', () => {
  for (const [ours, theirs] of [
    [noblePrimitives, nodePrimitives],
    [nodePrimitives, noblePrimitives],
  ] as const) {
    const [ann, bob] = [generateKeyPair(ours), generateKeyPair(theirs)]
    const plain = utf8('from one to the other')
    const message = encryptMessage(ours, ann.privateKey, bob.publicKey, plain)
    assert.deepEqual(
      plainBytes(decryptMessage(theirs, bob.privateKey, ann.publicKey, message)),
      plain,
    )
    const signed = signMessage(ours, ann.privateKey, plain)
    assert.deepEqual(plainBytes(verifyMessage(theirs, ann.publicKey, signed)), plain)
    const out = new ValueSink()
    sealStruct(new StructPublicKey(ours, bob.publicKey), plain, out)
    const struct = out.take()
    openStruct([new StructPrivateKey(theirs, bob.privateKey)], struct, 0, struct.length, out)
    assert.deepEqual(plainBytes(out.take()), plain)
  }
})

function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
