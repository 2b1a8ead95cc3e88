import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { identify } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { masterKeyFromEnvironment, openKeystore } from '../keystore/index.ts'
import { PoisonKeys } from '../transform/index.ts'
import { KeyFolders, listing } from './testing/key-folders.ts'

const folders = new KeyFolders()
after(() => folders.remove())

const tool = fileURLToPath(new URL('../../bin/acra-poisonrecordmaker.js', import.meta.url))
const ACRA_MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

function make(folder: string, ...words: string[]) {
  const given = [tool, `--keys_dir=${folder}/keys`, ...words]
  return spawnSync(process.execPath, given, { env: { ACRA_MASTER_KEY }, encoding: 'utf8' })
}

async function keysOf(folder: string): Promise<PoisonKeys> {
  const wrapper = masterKeyFromEnvironment({ ACRA_MASTER_KEY })
  const keystore = await openKeystore({ folder: join(folder, 'keys'), wrapper, warn: assert.fail })
  return PoisonKeys.read(nodePrimitives, keystore)
}

test('both kinds of record are printed in base64, in a container, and are told by the keys of the store', async () => {
  const folder = folders.next()
  for (const kind of ['acrastruct', 'acrablock'] as const) {
    const { status, stdout, stderr } = make(folder, `--type=${kind}`)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^[A-Za-z0-9+/]+={0,2}\n$/)
    const record = Buffer.from(stdout, 'base64')
    const envelope = identify(record)
    assert.ok(envelope?.whole && envelope.contained)
    assert.equal(envelope.kind, kind)
    assert.equal((await keysOf(folder)).kindIn(record, 0, record.length), kind)
  }
  assert.deepEqual(Object.keys(listing(join(folder, 'keys'))), [
    '.poison_key',
    '.poison_key/poison_key',
    '.poison_key/poison_key.pub',
    '.poison_key/poison_key_sym',
  ])
})

test('an AcraStruct is made where no kind is named, of 1 to 99 bytes', () => {
  const folder = folders.next()
  const { stdout } = make(folder)
  const size = Buffer.from(stdout, 'base64').length - 12 - 189
  assert.ok(size >= 1 && size <= 99, `${size}`)
})

test('data_length is the size of what the record holds', () => {
  const folder = folders.next()
  for (const size of [1, 100, 5000]) {
    const { stdout } = make(folder, '--type=acrablock', `--data_length=${size}`)
    assert.equal(Buffer.from(stdout, 'base64').length, 12 + 138 + size)
  }
})

test('keys that exist are used and not replaced', () => {
  const folder = folders.next()
  make(folder)
  const before = listing(folder)
  make(folder)
  assert.deepEqual(listing(folder), before)
})

for (const [word, message] of [
  ['--type=acra', 'Incorrect type of record. Should be used \\"acrastruct\\" or \\"acrablock\\"'],
  ['--data_length=0', "Can't create poison record: it must hold a byte"],
] as const)
  test(`${word} is refused before anything is made`, () => {
    const folder = folders.next()
    const { status, stdout, stderr } = make(folder, word)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.ok(stderr.includes(`level=error msg="${message}" code=501`), stderr)
    assert.deepEqual(listing(folder), {})
  })
