import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sealBlock } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { BufferSink } from '../foundation/index.ts'
import { masterKeyFromEnvironment, openKeystore } from '../keystore/index.ts'
import { KeysInUse } from './keys-in-use.ts'
import { atOnce, keysOf, MemoryKeystore, reveal, settingOf } from './testing/index.ts'
import type { Column } from './transform.ts'
import { columnFor } from './transforms.ts'

const noFailure = (kind: string, error: unknown) => assert.fail(`${kind}: ${error}`)

test('a client opens with all versions of its keys and seals with the newest', () => {
  const keystore = new MemoryKeystore().generate('alice').generate('alice')
  const keys = keysOf(keystore)
  const counts = keys.toOpen(
    'alice',
    ({ blockKeys, structKeys }) => [blockKeys.length, structKeys.length],
    noFailure,
  )
  assert.deepEqual(counts, [2, 2])
  keys.toOpen(
    'alice',
    ({ blockKeys }) => keys.toSealBlock('alice', (key) => assert.equal(key, blockKeys[0])),
    noFailure,
  )
  assert.ok(atOnce(keys.toSealStruct('alice', (key) => key !== null)))
})

test('a client without keys has none', () => {
  const keys = keysOf(new MemoryKeystore())
  const counts = keys.toOpen(
    'bob',
    (all) => all.blockKeys.length + all.structKeys.length,
    noFailure,
  )
  assert.equal(counts, 0)
  assert.equal(
    keys.toSealBlock('bob', (key) => key),
    null,
  )
  assert.equal(
    keys.toSealStruct('bob', (key) => key),
    null,
  )
})

test('every key is asked for once, until a reset', () => {
  const keystore = new MemoryKeystore().generate('alice')
  const keys = keysOf(keystore)
  const all = () => {
    keys.toOpen('alice', () => {}, noFailure)
    keys.toSealBlock('alice', () => {})
    keys.toSealStruct('alice', () => {})
  }
  const once = ['storage-symmetric alice', 'storage alice', 'public storage alice']
  all()
  all()
  assert.deepEqual(keystore.asked, once)
  keys.reset()
  all()
  assert.deepEqual(keystore.asked, [...once, ...once])
})

test('secrets that the keystore hands out are overwritten once they are prepared', async () => {
  for (const late of [false, true]) {
    const keystore = new MemoryKeystore().generate('alice').generate('alice')
    keystore.late = late
    await keysOf(keystore).toOpen('alice', () => {}, noFailure)
    assert.equal(keystore.handedOut.length, 4)
    assert.ok(keystore.handedOut.every((secret) => secret.every((byte) => byte === 0)))
  }
})

test('a key that was dropped neither opens nor seals', () => {
  const keys = keysOf(new MemoryKeystore().generate('alice'))
  const kept = atOnce(keys.toOpen('alice', (all) => all, noFailure))
  const sealed = new BufferSink()
  sealBlock(kept.blockKeys[0], Buffer.from('text'), sealed)
  keys.reset()
  assert.throws(() => sealBlock(kept.blockKeys[0], Buffer.from('text'), new BufferSink()))
  assert.throws(() => kept.structKeys[0].agree(new Uint8Array(33)))
})

test('keys that cannot be had count as absent where values are opened', () => {
  const keystore = new MemoryKeystore().generate('alice')
  keystore.failure = new Error('the keystore is away')
  const told: [string, unknown][] = []
  const count = keysOf(keystore).toOpen(
    'alice',
    ({ blockKeys, structKeys }) => blockKeys.length + structKeys.length,
    (kind, error) => told.push([kind, error]),
  )
  assert.equal(count, 0)
  assert.deepEqual(told, [
    ['acrablock', keystore.failure],
    ['acrastruct', keystore.failure],
  ])
  assert.throws(() => keysOf(keystore).toSealBlock('alice', () => {}), /the keystore is away/)
})

test('over a keystore on files, keys that rotate keep old values readable', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'acra-keys-in-use-'))
  try {
    const keystore = await openKeystore({
      folder: join(folder, 'keys'),
      wrapper: masterKeyFromEnvironment({
        ACRA_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
      }),
      cacheSize: 100,
      warn: (sentence) => assert.fail(sentence),
    })
    let ms = 0
    const keys = new KeysInUse({
      keystore,
      primitives: nodePrimitives,
      clientsMax: 100,
      now: () => ms,
    })
    const access = { clientId: 'alice', keys, observer: null, poison: null, tokens: null }
    const columns = (['acrablock', 'acrastruct'] as const).map((envelope) =>
      columnFor(settingOf({ envelope })),
    )
    const stored = async (column: Column) => {
      const out = new BufferSink()
      await column.protect(Buffer.from('text'), access, out)
      return out.take()
    }
    const revealed = async (column: Column, cell: Buffer) => {
      const out = new BufferSink()
      return (await column.reveal(cell, access, out)) ? out.take().toString() : null
    }
    await assert.rejects(stored(columns[0]), /has no symmetric storage key/)

    const generate = async () => {
      await keystore.generate({ purpose: 'storage', owner: 'alice' })
      await keystore.generate({ purpose: 'storage-symmetric', owner: 'alice' })
    }
    await generate()
    ms = 5_000
    const old = [await stored(columns[0]), await stored(columns[1])]
    await generate()
    keys.reset()
    for (const [i, column] of columns.entries()) {
      assert.equal(await revealed(column, old[i]), 'text')
      assert.equal(reveal(column, await stored(column), access)?.toString(), 'text')
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
