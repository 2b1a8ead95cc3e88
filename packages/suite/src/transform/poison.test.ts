import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BlockKey,
  type EnvelopeKind,
  generateKeyPair,
  generateSymmetricKey,
  StructPublicKey,
  sealBlockInContainer,
  sealStructInContainer,
} from '@acra-ts/crypto'
import { nodePrimitives as p } from '@acra-ts/crypto/node'
import { BufferSink } from '../foundation/index.ts'
import type { Key, KeyRef } from '../keystore/index.ts'
import { PoisonKeys } from './poison.ts'

const kinds: readonly EnvelopeKind[] = ['acrablock', 'acrastruct']
const CONTAINER_HEADER_SIZE = 12

/** Keys of poison records, `versions` of each kind, newest first, and what seals with each version. */
async function poisonKeys(versions: number) {
  const symmetric = Array.from({ length: versions }, () => generateSymmetricKey(p))
  const pairs = Array.from({ length: versions }, () => generateKeyPair(p))
  const keystore = {
    keys: ({ purpose }: KeyRef): readonly Key[] =>
      purpose === 'poison'
        ? pairs.map((pair) => ({ secret: pair.privateKey.slice(), publicKey: pair.publicKey }))
        : symmetric.map((secret) => ({ secret: secret.slice(), publicKey: null })),
  }
  const seal = (kind: EnvelopeKind, version = 0): Buffer => {
    const out = new BufferSink()
    const plain = Buffer.from('random bytes')
    if (kind === 'acrablock') sealBlockInContainer(new BlockKey(p, symmetric[version]!), plain, out)
    else sealStructInContainer(new StructPublicKey(p, pairs[version]!.publicKey), plain, out)
    return out.take()
  }
  return { keys: await PoisonKeys.read(p, keystore), seal }
}

const kindOf = (keys: PoisonKeys, value: Buffer) => keys.kindIn(value, 0, value.length)

test('both kinds are told, in a container, bare, and among other bytes, of every version of the keys', async () => {
  const { keys, seal } = await poisonKeys(3)
  for (const kind of kinds)
    for (const version of [0, 1, 2]) {
      const record = seal(kind, version)
      const bare = record.subarray(CONTAINER_HEADER_SIZE)
      const noise = Buffer.from('x%%%"""""""y')
      for (const value of [
        record,
        bare,
        Buffer.concat([noise, record, noise]),
        Buffer.concat([noise, bare]),
      ])
        assert.equal(kindOf(keys, value), kind)
    }
})

test('a record is told behind and inside what hides it from a search for whole envelopes', async () => {
  const { keys, seal } = await poisonKeys(1)
  const { seal: sealOther } = await poisonKeys(1)
  for (const kind of kinds) {
    const bare = seal(kind).subarray(CONTAINER_HEADER_SIZE)
    const header = Buffer.from(seal(kind).subarray(0, CONTAINER_HEADER_SIZE))
    header.writeBigUInt64LE(BigInt(5000), 3)
    const container = Buffer.from(sealOther('acrablock').subarray(0, CONTAINER_HEADER_SIZE))
    const cases = [
      Buffer.concat([header, bare]),
      Buffer.concat([sealOther('acrablock'), bare]),
      Buffer.concat([container, seal(kind)]),
      Buffer.concat([Buffer.from('"'.repeat(9)), bare]),
    ]
    for (const [at, value] of cases.entries())
      assert.equal(kindOf(keys, value), kind, `${kind} ${at}`)
  }
})

test('envelopes of others, damaged records and plain values are none', async () => {
  const { keys, seal } = await poisonKeys(1)
  const { seal: sealOther } = await poisonKeys(1)
  for (const kind of kinds) {
    assert.equal(kindOf(keys, sealOther(kind)), null)
    const damaged = seal(kind)
    damaged[damaged.length - 1]! ^= 1
    assert.equal(kindOf(keys, damaged), null)
    assert.equal(kindOf(keys, seal(kind).subarray(0, -1)), null)
  }
  assert.equal(kindOf(keys, Buffer.alloc(0)), null)
  assert.equal(kindOf(keys, Buffer.from('a plain value of some length'.repeat(20))), null)
})

test('without keys nothing is found; wiped keys find nothing', async () => {
  const { seal } = await poisonKeys(1)
  const none = await poisonKeys(0)
  assert.ok(none.keys.isEmpty)
  for (const kind of kinds) assert.equal(kindOf(none.keys, seal(kind)), null)
  const wiped = await poisonKeys(1)
  assert.ok(!wiped.keys.isEmpty)
  wiped.keys.wipe()
  const find = () => kindOf(wiped.keys, wiped.seal('acrastruct'))
  assert.throws(find)
})
