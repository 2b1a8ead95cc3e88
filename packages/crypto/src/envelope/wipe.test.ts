import assert from 'node:assert/strict'
import test from 'node:test'
import { ValueSink } from '../bytes.ts'
import { nodePrimitives as p } from '../node.ts'
import {
  countInMemory,
  freeKeyObjects,
  leavesCopies,
  masked,
  maskedReversed,
  unsearchable,
} from '../testing/process-memory.ts'
import { utf8 } from '../testing/vectors.ts'
import { openCell } from '../themis/cell.ts'
import { cellKdfInput } from '../themis/kdf.ts'
import { generateKeyPair, generateSymmetricKey, scalarOf } from '../themis/keys.ts'
import { BlockKey, openBlock, sealBlock } from './acra-block.ts'
import { openStruct, StructPrivateKey, StructPublicKey, sealStruct } from './acra-struct.ts'

const options = { skip: unsearchable ?? false }
const nothing = new Uint8Array(0)

test('of a wiped key of AcraBlocks nothing is left in memory', options, () => {
  const bytes = generateSymmetricKey(p)
  const key = new BlockKey(p, bytes)
  const derived = p.hmacSha256(bytes, cellKdfInput(32, nothing))
  const [soughtKey, soughtDerived] = [masked(bytes), masked(derived)]
  derived.fill(0)
  assert.ok(countInMemory(soughtKey) > 0)
  bytes.fill(0)
  useBlockKey(key)
  freeKeyObjects()
  assert.equal(countInMemory(soughtKey), 0)
  assert.ok(countInMemory(soughtDerived) > 0)
  key.wipe()
  freeKeyObjects()
  assert.equal(countInMemory(soughtDerived), 0)
})

test('of the keys of a single envelope nothing is left in memory once it is sealed or opened', {
  skip: leavesCopies ?? false,
}, () => {
  const bytes = generateSymmetricKey(p)
  const key = new BlockKey(p, bytes)
  const out = new ValueSink()
  sealBlock(key, utf8('payload'), out)
  const block = out.take()
  const dataKey = openCell(p, bytes, block.subarray(18, 94))
  const derived = p.hmacSha256(dataKey, cellKdfInput(7, nothing))
  const sought = [masked(dataKey), masked(derived)]
  assert.ok(sought.every((secret) => countInMemory(secret) > 0))
  dataKey.fill(0)
  derived.fill(0)
  assert.deepEqual(sought.map(countInMemory), [0, 0])
  assert.equal(openBlock([key], block, 0, block.length, out), true)
  assert.deepEqual(sought.map(countInMemory), [0, 0])
})

test('of a wiped key of AcraStructs nothing is left in memory', options, () => {
  const pair = generateKeyPair(p)
  const scalar = scalarOf(pair.privateKey)
  const [sought, soughtReversed] = [masked(scalar), maskedReversed(scalar)]
  assert.ok(countInMemory(sought) > 0)
  scalar.fill(0)
  const key = new StructPrivateKey(p, pair.privateKey)
  pair.privateKey.fill(0)
  useStructKey(key, pair.publicKey)
  assert.equal(countInMemory(sought), 0)
  assert.ok(countInMemory(soughtReversed) > 0)
  key.wipe()
  assert.equal(countInMemory(soughtReversed), 0)
})

function useBlockKey(key: BlockKey): void {
  const out = new ValueSink()
  for (let i = 0; i < 100; i++) {
    sealBlock(key, utf8('payload'), out)
    const block = out.take()
    assert.equal(openBlock([key], block, 0, block.length, out), true)
    out.truncate(0)
  }
}

function useStructKey(key: StructPrivateKey, publicKey: Uint8Array): void {
  const out = new ValueSink()
  for (let i = 0; i < 10; i++) {
    sealStruct(new StructPublicKey(p, publicKey), utf8('payload'), out)
    const struct = out.take()
    assert.equal(openStruct([key], struct, 0, struct.length, out), true)
    out.truncate(0)
  }
}
