import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { type KeyRef, purposes } from '../key-ref.ts'
import { masterKeyFromEnvironment } from '../master-key/env.ts'
import { masterKeyPairWrapper } from '../master-key/software.ts'
import { openKeystore } from '../open.ts'
import { contentOf, hex, secretsOf, TestFolders } from '../testing/stores.ts'
import { encodeKeyRing } from './key-ring.ts'
import { decodeRingFile, encodeRingFile } from './ring-file.ts'
import { readRingFile } from './ring-names.ts'
import { contentTypes, decodeSignedContainer } from './signed-container.ts'

interface Vectors {
  readonly keys: { readonly encryption: string; readonly signature: string }
  readonly ACRA_MASTER_KEY: string
  readonly files_0_90: Readonly<Record<string, { readonly mode: string; readonly hex: string }>>
  readonly plaintext_keys: Readonly<Record<string, string | readonly string[]>>
}

const vectors: Vectors = JSON.parse(
  fs.readFileSync(new URL('../../../test/vectors/keystore-v2.json', import.meta.url), 'utf8'),
)
const { files_0_90: files, plaintext_keys: plain, ACRA_MASTER_KEY } = vectors
const owner = 'client_one'
const wrapper = masterKeyFromEnvironment({ ACRA_MASTER_KEY }, 'v2')
const ringFiles = Object.keys(files).filter((path) => path.endsWith('.keyring'))

const folders = new TestFolders()
after(() => folders.remove())

/** The store as Acra 0.90 wrote it, in a folder of its own. */
function writeStore(): string {
  const folder = folders.next()
  fs.mkdirSync(folder, { mode: 0o700 })
  for (const [path, { mode, hex: content }] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 })
    fs.writeFileSync(join(folder, path), Buffer.from(content, 'hex'))
    fs.chmodSync(join(folder, path), Number.parseInt(mode, 8))
  }
  return folder
}

const open = (folder: string) =>
  openKeystore({ folder, wrapper, warn: (sentence) => assert.fail(sentence) })

test('every file of the store of Acra 0.90 is a ring of ours, but the marker and the lock', () => {
  assert.deepEqual(
    Object.keys(files).filter((path) => !ringFiles.includes(path)),
    ['.lock', 'version'],
  )
  assert.ok(ringFiles.every((path) => readRingFile(path) !== null))
})

for (const file of ringFiles)
  test(`${file}: what we write has every byte that Acra wrote`, async () => {
    const ref = readRingFile(file)!
    const content = Buffer.from(files[file]!.hex, 'hex')
    const ring = await decodeRingFile(ref, content, file, wrapper)
    const { lastModified, data } = decodeSignedContainer(content, contentTypes.ring)
    assert.deepEqual(encodeKeyRing(ring), data.whole)
    assert.deepEqual(await encodeRingFile(ref, ring, lastModified, wrapper), content)
  })

test('the keys of the store open to what Acra had in them', async () => {
  const keystore = await open(writeStore())
  const storage: KeyRef = { purpose: 'storage', owner }
  assert.deepEqual(await secretsOf(keystore, storage), plain.storage_private_newest_first)
  assert.deepEqual(await secretsOf(keystore, { purpose: 'hmac', owner }), [plain.hmac])
  assert.deepEqual(await secretsOf(keystore, { purpose: 'audit-log', owner: null }), [plain.log])
  const publics = (await keystore.publicKeys(storage)).map(hex)
  const keys = await keystore.keys(storage)
  assert.deepEqual(
    publics,
    keys.map(({ publicKey }) => hex(publicKey!)),
  )
})

test('a ring whose only key Acra destroyed is readable: it holds none', async () => {
  const keystore = await open(writeStore())
  const destroyed: KeyRef = { purpose: 'transport-server', owner }
  assert.deepEqual(await keystore.keys(destroyed), [])
  await keystore.generate(destroyed)
  assert.equal((await keystore.keys(destroyed)).length, 1)
})

test('every living key of the store is listed, rotated ones with the time of the rotation', async () => {
  const keystore = await open(writeStore())
  const listed = (await keystore.list()).map(({ ref, index, rotatedAt }) => [
    purposes[ref.purpose].ring,
    index,
    rotatedAt?.toISOString() ?? null,
  ])
  assert.deepEqual(
    listed.sort(),
    [
      ['audit-log', 1, null],
      ['authentication', 1, null],
      ['client/*/hmac-sym', 1, null],
      ['client/*/storage', 1, null],
      ['client/*/storage', 2, '2026-11-24T03:13:42.000Z'],
      ['client/*/storage-sym', 1, null],
      ['poison-record', 1, null],
      ['poison-record-sym', 1, null],
    ].sort(),
  )
})

test('reading changes nothing, and what is rotated keeps every old key', async () => {
  const folder = writeStore()
  const before = contentOf(folder)
  const keystore = await open(folder)
  for (const file of ringFiles) await keystore.keys(readRingFile(file)!)
  await keystore.list()
  assert.deepEqual(contentOf(folder), before)
  for (const file of ringFiles) {
    const ref = readRingFile(file)!
    const secrets = await secretsOf(keystore, ref)
    await keystore.generate(ref)
    assert.deepEqual((await secretsOf(keystore, ref)).slice(1), secrets)
  }
})

test('a store whose two master keys are in each other\u2019s place opens nothing', async () => {
  const swapped = masterKeyPairWrapper({
    encryption: Buffer.from(vectors.keys.signature, 'hex'),
    signature: Buffer.from(vectors.keys.encryption, 'hex'),
  })
  const folder = writeStore()
  const keystore = await openKeystore({ folder, wrapper: swapped, warn: assert.fail })
  for (const file of ringFiles)
    await assert.rejects(async () => keystore.keys(readRingFile(file)!), {
      code: 'keystore-key-unreadable',
      message: new RegExp(file.replaceAll('.', '\\.')),
    })
})
