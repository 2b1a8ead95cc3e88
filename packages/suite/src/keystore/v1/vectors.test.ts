import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { type KeyRef, type Purpose, purposes } from '../key-ref.ts'
import { wipeKeys } from '../keystore.ts'
import { masterKeyWrapper } from '../master-key/software.ts'
import { openKeystore } from '../open.ts'

interface Vectors {
  readonly master_key: string
  readonly client_id: string
  readonly zone_id: string
  readonly files_0_90: Readonly<Record<string, { readonly mode: string; readonly hex: string }>>
  readonly plaintext_keys: Readonly<Record<string, string | readonly string[]>>
}

const vectors: Vectors = JSON.parse(
  fs.readFileSync(new URL('../../../test/vectors/keystore-v1.json', import.meta.url), 'utf8'),
)
const { client_id: client, zone_id: zone, files_0_90: files, plaintext_keys: plain } = vectors

const root = fs.mkdtempSync(join(tmpdir(), 'acra-v1-'))
after(() => fs.rmSync(root, { recursive: true }))

/** The store as Acra 0.90 wrote it, in a folder of its own. */
function writeStore(name: string): string {
  const folder = join(root, name)
  fs.mkdirSync(folder, { mode: 0o700 })
  for (const [path, { mode, hex }] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 })
    fs.writeFileSync(join(folder, path), Buffer.from(hex, 'hex'))
    fs.chmodSync(join(folder, path), Number.parseInt(mode, 8))
  }
  return folder
}

const warnings: string[] = []
const open = (folder: string) =>
  openKeystore({
    folder,
    wrapper: masterKeyWrapper(Buffer.from(vectors.master_key, 'hex')),
    warn: (sentence) => warnings.push(sentence),
  })

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const publicFileHex = (path: string) => files[path]!.hex

/** Every key of the store: what it opens to (null where the vectors do not tell) and its public halves. */
const expected: readonly {
  readonly purpose: Purpose
  readonly owner: string | null
  readonly secrets: readonly string[] | null
  readonly publics: readonly string[]
}[] = [
  { purpose: 'transport-connector', owner: client, secrets: null, publics: [`${client}.pub`] },
  { purpose: 'transport-server', owner: client, secrets: null, publics: [`${client}_server.pub`] },
  {
    purpose: 'transport-translator',
    owner: client,
    secrets: null,
    publics: [`${client}_translator.pub`],
  },
  {
    purpose: 'storage',
    owner: client,
    secrets: [plain.storage_private_newest_first!].flat(),
    publics: [`${client}_storage.pub`, `${client}_storage.pub.old/2026-11-24T03:13:42.342521473`],
  },
  {
    purpose: 'storage-symmetric',
    owner: client,
    secrets: [plain.storage_sym_newest_first!].flat(),
    publics: [],
  },
  { purpose: 'hmac', owner: client, secrets: [plain.hmac!].flat(), publics: [] },
  {
    purpose: 'zone',
    owner: zone,
    secrets: [plain.zone_private!].flat(),
    publics: [`${zone}_zone.pub`],
  },
  { purpose: 'zone-symmetric', owner: zone, secrets: [plain.zone_sym!].flat(), publics: [] },
  {
    purpose: 'poison',
    owner: null,
    secrets: [plain.poison_private!].flat(),
    publics: ['.poison_key/poison_key.pub'],
  },
  { purpose: 'poison-symmetric', owner: null, secrets: [plain.poison_sym!].flat(), publics: [] },
  { purpose: 'audit-log', owner: null, secrets: [plain.log!].flat(), publics: [] },
  { purpose: 'authentication', owner: null, secrets: [plain.auth!].flat(), publics: [] },
]

test('the store of Acra 0.90 has a key of every purpose', () => {
  const ours = ['audit-log-signing']
  const acras = Object.keys(purposes).filter((purpose) => !ours.includes(purpose))
  assert.deepEqual(expected.map(({ purpose }) => purpose).sort(), acras.sort())
})

test('every key of the store opens to what Acra had in it, without a warning', async () => {
  const keystore = await open(writeStore('read'))
  for (const { purpose, owner, secrets, publics } of expected) {
    const ref: KeyRef = { purpose, owner }
    const keys = await keystore.keys(ref)
    if (secrets !== null)
      assert.deepEqual(
        keys.map(({ secret }) => hex(secret)),
        secrets,
        purpose,
      )
    if (purposes[purpose].kind === 'pair') {
      assert.deepEqual(
        keys.map(({ publicKey }) => hex(publicKey!)),
        publics.map(publicFileHex),
      )
      assert.deepEqual((await keystore.publicKeys(ref)).map(hex), publics.map(publicFileHex))
    } else
      assert.deepEqual(
        keys.map(({ publicKey }) => publicKey),
        keys.map(() => null),
      )
    wipeKeys(keys)
  }
  assert.deepEqual(warnings, [])
})

test('every private file of the store stands in the list, with its rotated versions and their times', async () => {
  const keystore = await open(writeStore('list'))
  const listed = (await keystore.list()).map(({ ref, index, rotatedAt, publicOnly }) => {
    assert.equal(publicOnly, false)
    return [ref.purpose, ref.owner, index, rotatedAt?.toISOString() ?? null]
  })
  const current = expected.map(({ purpose, owner }) => [purpose, owner, 1, null])
  const rotated = [
    ['storage', client, 2, '2026-11-24T03:13:42.341Z'],
    ['storage-symmetric', client, 2, '2026-11-24T03:13:42.345Z'],
  ]
  const inOrder = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort()
  assert.deepEqual(inOrder(listed), inOrder([...current, ...rotated]))
  assert.deepEqual(warnings, [])
})

test('reading changes nothing in the store, rotating keeps every old file', async () => {
  const folder = writeStore('rotate')
  const keystore = await open(folder)
  const snapshot = () => Object.keys(files).map((path) => hex(fs.readFileSync(join(folder, path))))
  const before = snapshot()
  for (const { purpose, owner } of expected) wipeKeys(await keystore.keys({ purpose, owner }))
  assert.deepEqual(snapshot(), before)
  for (const { purpose, owner, secrets } of expected) {
    const ref = { purpose, owner }
    await keystore.generate(ref)
    const opened = (await keystore.keys(ref)).map(({ secret }) => hex(secret))
    if (secrets !== null) assert.deepEqual(opened.slice(1), secrets)
  }
  const everything = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => fs.statSync(join(folder, path)).isFile())
    .map((path) => hex(fs.readFileSync(join(folder, path))))
  for (const content of before) assert.ok(everything.includes(content))
})
