import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeyRef, type Purpose, purposes } from '../key-ref.ts'
import { isClientId, isZoneId } from '../owner.ts'
import { contextsOf, privateFile, publicFile, readFileName } from './file-names.ts'

const zone = 'DDDDDDDDabcdefghijklmnop'
const every = Object.keys(purposes) as Purpose[]

/** The table of the specification, written out once more: spec: keystore §2.1. */
const specified: readonly (readonly [Purpose, string | null, string, readonly string[]])[] = [
  ['transport-connector', 'someid', 'someid', ['someid']],
  ['transport-server', 'someid', 'someid_server', ['someid']],
  ['transport-translator', 'someid', 'someid_translator', ['someid']],
  ['storage', 'someid', 'someid_storage', ['someid']],
  ['storage-symmetric', 'someid', 'someid_storage_sym', ['someid']],
  ['hmac', 'someid', 'someid_hmac', ['someid']],
  ['zone', zone, `${zone}_zone`, [zone]],
  ['zone-symmetric', zone, `${zone}_zone_sym`, [zone]],
  ['poison', null, '.poison_key/poison_key', ['.poison_key/poison_key']],
  [
    'poison-symmetric',
    null,
    '.poison_key/poison_key_sym',
    ['.poison_key/poison_key_sym', '.poison_key/poison_key'],
  ],
  ['audit-log', null, 'secure_log_key', ['secure_log_key']],
  // Ours: the original has no such key.
  ['audit-log-signing', null, 'secure_log_signing_key', ['secure_log_signing_key']],
  ['authentication', null, 'auth_key', []],
]

test('files and contexts are those of the specification', () => {
  assert.deepEqual(specified.map(([purpose]) => purpose).sort(), every.toSorted())
  for (const [purpose, owner, file, contexts] of specified) {
    assert.equal(privateFile({ purpose, owner }), file)
    assert.equal(publicFile({ purpose, owner }), `${file}.pub`)
    assert.deepEqual(contextsOf({ purpose, owner }), contexts)
  }
})

test('every file name leads back to its key', () => {
  for (const [purpose, owner, file] of specified) {
    const ref: KeyRef = { purpose, owner }
    const isPair = purposes[purpose].kind === 'pair'
    assert.deepEqual(readFileName(file, isPair), { ref, isPublic: false })
    if (isPair) assert.deepEqual(readFileName(`${file}.pub`, false), { ref, isPublic: true })
  }
})

test('an owner with a dollar sign or a star would not be rewritten by the template', () => {
  assert.equal(privateFile({ purpose: 'storage', owner: "$&$'*" }), "$&$'*_storage")
})

test('a name that can be read in two ways is the longest ending, unless a public half says otherwise', () => {
  const read = (name: string, hasPublic: boolean) => readFileName(name, hasPublic)?.ref
  assert.deepEqual(read('alice_storage_sym', false), {
    purpose: 'storage-symmetric',
    owner: 'alice',
  })
  assert.deepEqual(read('alice_hmac', false), { purpose: 'hmac', owner: 'alice' })
  assert.deepEqual(read('alice_hmac', true), {
    purpose: 'transport-connector',
    owner: 'alice_hmac',
  })
  assert.deepEqual(read('bob_hmac', false), { purpose: 'transport-connector', owner: 'bob_hmac' })
  assert.deepEqual(read('auth_key', true), { purpose: 'transport-connector', owner: 'auth_key' })
  assert.deepEqual(read('notzone_zone', false), {
    purpose: 'transport-connector',
    owner: 'notzone_zone',
  })
})

for (const name of [
  'version',
  'README.md',
  'abcd',
  'x',
  '',
  '.lock',
  'some.id',
  '.pub',
  'someid.old',
  'someid_storage.pub.bak',
  'poison_key/poison_key',
  'жук_storage',
])
  test(`${JSON.stringify(name)} is read as no key, or as the key of a client of that name`, () => {
    const read = readFileName(name, false)
    if (isClientId(name))
      assert.deepEqual(read?.ref, { purpose: 'transport-connector', owner: name })
    else assert.equal(read, null)
  })

test('client ids have 5 to 256 characters of the allowed ones', () => {
  const allowed = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_- '
  for (let code = 0; code < 0x250; code++) {
    const character = String.fromCharCode(code)
    assert.equal(isClientId(`some${character}id`), allowed.includes(character), String(code))
  }
  for (const [length, fits] of [
    [0, false],
    [4, false],
    [5, true],
    [256, true],
    [257, false],
  ] as const)
    assert.equal(isClientId('x'.repeat(length)), fits)
  assert.equal(isClientId('someid\n'), false)
})

test('zone ids have eight D and sixteen letters', () => {
  assert.equal(isZoneId(zone), true)
  for (const id of [
    '',
    'DDDDDDDD',
    `${zone}x`,
    zone.slice(0, -1),
    `E${zone.slice(1)}`,
    `${zone.slice(0, -1)}1`,
    `${zone}\n`,
  ])
    assert.equal(isZoneId(id), false)
})
