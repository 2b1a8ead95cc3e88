import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrivateKey, publicKeyOf } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { type KeyRef, type Purpose, purposes } from '../key-ref.ts'
import { masterKeyWrapper } from '../master-key/master-key.ts'
import { Memory } from '../storage/memory.ts'
import { KeystoreV1 } from './keystore-v1.ts'

const ownerOf = { client: 'someid', zone: 'DDDDDDDDabcdefghijklmnop', none: null } as const
const refs = (Object.keys(purposes) as Purpose[]).map(
  (purpose): KeyRef => ({ purpose, owner: ownerOf[purposes[purpose].owner ?? 'none'] }),
)

function newStore(storage = new Memory(), masterByte = 1) {
  const warnings: string[] = []
  const keystore = new KeystoreV1({
    storage,
    wrapper: masterKeyWrapper(new Uint8Array(32).fill(masterByte)),
    warn: (sentence) => warnings.push(sentence),
    now: () => 1_700_000_000_000_000_000n,
  })
  return { keystore, storage, warnings }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

async function secretsOf(keystore: KeystoreV1, ref: KeyRef): Promise<string[]> {
  return (await keystore.keys(ref)).map(({ secret }) => hex(secret))
}

for (const ref of refs) {
  const { kind } = purposes[ref.purpose]

  test(`${ref.purpose}: there is none, then one, then the newest first`, async () => {
    const { keystore, warnings } = newStore()
    assert.deepEqual(await keystore.keys(ref), [])
    const made: string[] = []
    for (let round = 1; round <= 4; round++) {
      await keystore.generate(ref)
      const secrets = await secretsOf(keystore, ref)
      assert.equal(secrets.length, round)
      assert.deepEqual(secrets.slice(1), made)
      made.unshift(secrets[0]!)
    }
    assert.equal(new Set(made).size, 4)
    const size = kind === 'pair' ? 90 : 64
    assert.ok(made.every((secret) => secret.length === size))
    assert.deepEqual(warnings, [])
  })

  if (kind === 'pair')
    test(`${ref.purpose}: the public halves are those of the private ones, with and without master key`, async () => {
      const { keystore, storage } = newStore()
      for (let round = 0; round < 3; round++) await keystore.generate(ref)
      const keys = await keystore.keys(ref)
      assert.ok(keys.every(({ secret }) => isPrivateKey(secret)))
      const computed = keys.map(({ secret }) => hex(publicKeyOf(nodePrimitives, secret)))
      assert.deepEqual(
        keys.map(({ publicKey }) => hex(publicKey!)),
        computed,
      )
      assert.deepEqual((await keystore.publicKeys(ref)).map(hex), computed)
      const publicOnly = new KeystoreV1({
        storage,
        wrapper: null,
        warn: assert.fail,
        now: () => 0n,
      })
      assert.deepEqual((await publicOnly.publicKeys(ref)).map(hex), computed)
      await assert.rejects(publicOnly.keys(ref), { code: 'master-key-missing' })
    })

  test(`${ref.purpose}: what is put comes back, and takes the place of what was there`, async () => {
    const { keystore } = newStore()
    for (let round = 0; round < 3; round++) await keystore.generate(ref)
    const versions = await keystore.keys(ref)
    const { keystore: other } = newStore(new Memory(), 2)
    for (let round = 0; round < 2; round++) await other.generate(ref)
    await other.put(ref, versions)
    assert.deepEqual(await secretsOf(other, ref), await secretsOf(keystore, ref))
    if (kind === 'pair')
      assert.deepEqual(await other.publicKeys(ref), await keystore.publicKeys(ref))
    const list = await other.list()
    assert.deepEqual(
      list.map(({ index }) => index),
      [1, 2, 3],
    )
  })
}
