import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isPublicKey } from '@acra-ts/crypto'
import { addZone, masterKeyFromEnvironment, openKeystore } from '../keystore/index.ts'
import { KeyFolders, listing } from './testing/key-folders.ts'

const folders = new KeyFolders()
after(() => folders.remove())

const tool = fileURLToPath(new URL('../../bin/acra-addzone.js', import.meta.url))
const ACRA_MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

function addzone(folder: string, environment: NodeJS.ProcessEnv, ...words: string[]) {
  const given = [tool, `--keys_output_dir=${folder}/keys`, ...words]
  return spawnSync(process.execPath, given, { env: environment, encoding: 'utf8' })
}

test('a zone is printed as JSON in one line, the id first, and its three files are made', () => {
  const folder = folders.next()
  const { status, stdout, stderr } = addzone(folder, { ACRA_MASTER_KEY })
  assert.equal(status, 0, stderr)
  const match = /^{"id":"(D{8}[A-Za-z]{16})","public_key":"([A-Za-z0-9+/]{60})"}\n$/.exec(stdout)
  assert.ok(match, stdout)
  const key = Buffer.from(match[2]!, 'base64')
  assert.equal(key.length, 45)
  assert.ok(isPublicKey(key))
  const id = match[1]!
  const files = listing(join(folder, 'keys'))
  assert.deepEqual(Object.keys(files), [`${id}_zone`, `${id}_zone.pub`, `${id}_zone_sym`])
  assert.deepEqual(
    Object.values(files).map((line) => line.slice(0, 4)),
    ['0600', '0644', '0600'],
  )
})

test('the printed key is that of the zone in the store, of both kinds', async () => {
  const folder = folders.next()
  const { stdout } = addzone(folder, { ACRA_MASTER_KEY })
  const { id, public_key } = JSON.parse(stdout)
  const wrapper = masterKeyFromEnvironment({ ACRA_MASTER_KEY })
  const keystore = await openKeystore({ folder: join(folder, 'keys'), wrapper, warn: assert.fail })
  const [pair] = await keystore.keys({ purpose: 'zone', owner: id })
  assert.equal(Buffer.from(pair!.publicKey!).toString('base64'), public_key)
  assert.equal((await keystore.keys({ purpose: 'zone-symmetric', owner: id })).length, 1)
})

test('every call makes another zone', () => {
  const folder = folders.next()
  const ids = Array.from(
    { length: 3 },
    () => JSON.parse(addzone(folder, { ACRA_MASTER_KEY }).stdout).id,
  )
  assert.equal(new Set(ids).size, 3)
})

test('an id whose keys exist is not used again', async () => {
  const [taken, free] = ['DDDDDDDDaaaaaaaaaaaaaaaa', 'DDDDDDDDbbbbbbbbbbbbbbbb']
  const made: string[] = []
  const keystore = {
    generateMissing: async ({ purpose, owner }: { purpose: string; owner: string | null }) => {
      if (owner === taken) return false
      made.push(`${purpose} ${owner}`)
      return true
    },
  }
  const ids = [taken, taken, free]
  assert.equal(await addZone(keystore, () => ids.shift()!), free)
  assert.deepEqual(made, [`zone ${free}`, `zone-symmetric ${free}`])
})

test('without a master key nothing is made, and one line says so', () => {
  const folder = folders.next()
  const { status, stdout, stderr } = addzone(folder, {})
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    /^time=.* level=error msg="Can't load master key" code=512 error="master key is empty: [^\n]*\n$/,
  )
  assert.deepEqual(listing(folder), {})
})
