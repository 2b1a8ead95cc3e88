import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isPrivateKey, PRIVATE_KEY_SIZE } from '@acra-ts/crypto'
import { Memory } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { everyRef, openV1, secretsOf, TestFolders } from '../testing/stores.ts'

const folders = new TestFolders()
after(() => folders.remove())

/** What is secret of a key: its bytes, and of a private key the number itself without its container. */
function secretParts(secret: Buffer): Buffer[] {
  return isPrivateKey(secret) ? [secret, secret.subarray(PRIVATE_KEY_SIZE - 32)] : [secret]
}

test('no file of a store holds a secret in the clear, but for auth_key', async () => {
  const { storage, folder } = folders.files()
  const { keystore } = openV1(storage)
  const secrets: Buffer[] = []
  for (const ref of everyRef) {
    for (let round = 0; round < 2; round++) await keystore.generate(ref)
    for (const hex of await secretsOf(keystore, ref))
      secrets.push(...secretParts(Buffer.from(hex, 'hex')))
  }
  const paths = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const holding = paths.filter((path) => {
    if (!fs.statSync(join(folder, path)).isFile()) return false
    const content = fs.readFileSync(join(folder, path))
    return secrets.some((secret) => content.includes(secret))
  })
  assert.equal(holding.length, 2)
  assert.ok(holding.every((path) => path === 'auth_key' || path.startsWith('auth_key.old/')))
})

test('no secret is handed to the storage in the clear', async () => {
  const written: Buffer[] = []
  const memory = new Memory()
  const watched: Storage = {
    place: memory.place,
    read: (...args) => memory.read(...args),
    verify: (...args) => memory.verify(...args),
    readMany: (...args) => memory.readMany(...args),
    names: () => memory.names(),
    list: (...args) => memory.list(...args),
    locate: (...args) => memory.locate(...args),
    exclusively: (work) =>
      memory.exclusively((writer) =>
        work({
          interrupted: writer.interrupted,
          announce: () => writer.announce(),
          sweep: () => writer.sweep(),
          stage(path, content, visibility) {
            written.push(Buffer.from(content))
            return writer.stage(path, content, visibility)
          },
          link: (...args) => writer.link(...args),
          remove: (...args) => writer.remove(...args),
        }),
      ),
  }
  const { keystore } = openV1(watched)
  for (const ref of everyRef) {
    if (ref.purpose === 'authentication') continue
    await keystore.generate(ref)
    for (const hex of await secretsOf(keystore, ref))
      for (const part of secretParts(Buffer.from(hex, 'hex')))
        assert.ok(!written.some((content) => content.includes(part)), ref.purpose)
  }
  assert.ok(written.length >= everyRef.length)
})
