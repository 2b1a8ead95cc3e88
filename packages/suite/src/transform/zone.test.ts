import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferSink } from '../foundation/index.ts'
import { redisOptions } from '../net/redis/index.ts'
import { settle } from '../options/index.ts'
import { openTokenStore, tokenOptions } from '../tokens/index.ts'
import { anyColumn } from './any-column.ts'
import { zoneIdIn, zoneOwner } from './key-owner.ts'
import {
  accessOf,
  atOnce,
  keysOf,
  MemoryKeystore,
  protect,
  reveal,
  settingOf,
  tokensIn,
} from './testing/index.ts'
import { columnFor } from './transforms.ts'
import { ZonedKeys } from './zone.ts'

const [one, other] = ['DDDDDDDDaaaaaaaaaaaaaaaa', 'DDDDDDDDbbbbbbbbbbbbbbbb'] as const
const kinds = ['acrablock', 'acrastruct'] as const

/** A keystore with the keys of a client and of two zones. */
function keystoreOfZones(): MemoryKeystore {
  const keystore = new MemoryKeystore().generate('alice')
  for (const zone of [one, other]) keystore.generate(zone, ['zone', 'zone-symmetric'])
  return keystore
}

/** A connection of alice in zone mode. */
function zoned(keystore: MemoryKeystore) {
  const keys = new ZonedKeys(keysOf(keystore), 'alice')
  const access = accessOf('alice', keystore, { keys })
  const look = (text: string) => {
    const cell = Buffer.from(text)
    return keys.look(cell, 0, cell.length)
  }
  return { keys, access, look }
}

test('a column with a zone is sealed with its keys and its id, and no client opens it', () => {
  const keystore = keystoreOfZones()
  for (const envelope of kinds) {
    const column = columnFor(settingOf({ envelope, clientId: zoneOwner(one) }))
    const stored = protect(column, 'a letter', accessOf('alice', keystore))
    assert.equal(reveal(anyColumn, stored, accessOf('alice', keystore)), null)
    const { access, look } = zoned(keystore)
    assert.equal(reveal(anyColumn, stored, access), null, 'no zone yet')
    atOnce(look(other))
    assert.equal(reveal(anyColumn, stored, access), null, 'another zone')
    atOnce(look(one))
    assert.equal(reveal(anyColumn, stored, access)?.toString(), 'a letter')
  }
})

test('a zone stays in force until another one with keys is named', () => {
  const { keys, look } = zoned(keystoreOfZones())
  assert.equal(keys.zone, null)
  for (const [cell, zone] of [
    ['DDDDDDDDcccccccccccccccc', null],
    [one, one],
    ['a plain value', one],
    ['DDDDDDDDcccccccccccccccc', one],
    [one.slice(0, -1), one],
    [`\\x${Buffer.from(other).toString('hex')}`, other],
    ['', other],
  ] as const) {
    atOnce(look(cell))
    assert.equal(keys.zone, zone, cell)
  }
})

test("in zone mode the client's own keys open nothing, and seal as ever", () => {
  const keystore = keystoreOfZones()
  const { access, look } = zoned(keystore)
  for (const envelope of kinds) {
    const stored = protect(columnFor(settingOf({ envelope })), 'a letter', access)
    assert.equal(reveal(anyColumn, stored, access), null)
    atOnce(look(one))
    assert.equal(reveal(anyColumn, stored, access), null)
    assert.equal(reveal(anyColumn, stored, accessOf('alice', keystore))?.toString(), 'a letter')
  }
})

test('a zone without keys cannot be sealed for, and the message names it', () => {
  const column = columnFor(settingOf({ clientId: zoneOwner('DDDDDDDDcccccccccccccccc') }))
  assert.throws(() => protect(column, 'x', accessOf('alice', keystoreOfZones())), {
    code: 'transform-key-missing',
    message: /^zone "DDDDDDDDcccccccccccccccc" has no symmetric storage key, /,
  })
})

test('a client whose id looks like that of a zone keeps its own keys', () => {
  const keystore = new MemoryKeystore().generate(one)
  const access = accessOf(one, keystore)
  const stored = protect(columnFor(settingOf({})), 'x', access)
  assert.equal(reveal(anyColumn, stored, access)?.toString(), 'x')
})

test('keys that come late are waited for', async () => {
  const keystore = keystoreOfZones()
  keystore.late = true
  const { keys, look } = zoned(keystore)
  await look(one)
  assert.equal(keys.zone, one)
})

test('only a whole id at the start of a cell is a zone', () => {
  const idIn = (text: string) => zoneIdIn(Buffer.from(text), 0, Buffer.byteLength(text))
  assert.equal(idIn(one), one)
  assert.equal(idIn(`${one} and more`), one)
  for (const text of [
    '',
    'D',
    'DDDDDDDD',
    `x${one}`,
    'DDDDDDDDaaaaaaaaaaaaaaa1',
    '\\x44',
    `\\x${'44'.repeat(23)}`,
  ])
    assert.equal(idIn(text), null, text)
  const among = Buffer.from(`..${one}`)
  assert.equal(zoneIdIn(among, 2, among.length), one)
  assert.equal(zoneIdIn(among, 2, among.length - 1), null)
})

test('what a client supplies is looked at with its own keys, whatever zone is in force', () => {
  const keystore = keystoreOfZones()
  for (const envelope of kinds) {
    const column = columnFor(settingOf({ envelope, reencryptsToAcraBlock: false }))
    const supplied = protect(column, 'a letter', accessOf('alice', keystore))
    const { access, look } = zoned(keystore)
    assert.deepEqual(protect(column, supplied, access), supplied, 'no zone yet')
    atOnce(look(one))
    assert.deepEqual(protect(column, supplied, access), supplied, 'a zone')
    const owned = columnFor(settingOf({ envelope, clientId: zoneOwner(other) }))
    const ofZone = protect(owned, 'a letter', access)
    assert.deepEqual(protect(owned, ofZone, access), ofZone)
  }
})

test('a value that is tokenized for a zone is shown while that zone is in force', async () => {
  const keystore = keystoreOfZones()
  const { values } = settle({ ...tokenOptions, ...redisOptions }, new Map(), new Map())
  const tokens = tokensIn(await openTokenStore(values, {}, assert.fail))
  for (const consistent of [false, true]) {
    const column = columnFor(
      settingOf({ clientId: zoneOwner(one), tokenization: { type: 'str', consistent } }),
    )
    const { access, look } = zoned(keystore)
    const own = { ...access, tokens }
    const out = new BufferSink()
    await column.protect(Buffer.from('a letter'), own, out)
    const token = out.take()
    const shown = async () => {
      const sink = new BufferSink()
      return (await column.reveal(token, own, sink)) ? sink.take().toString() : null
    }
    assert.equal(await shown(), null, 'no zone yet')
    atOnce(look(other))
    assert.equal(await shown(), null, 'another zone')
    atOnce(look(one))
    assert.equal(await shown(), 'a letter')
  }
})
