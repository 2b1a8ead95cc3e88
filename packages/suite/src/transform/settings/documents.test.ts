import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { traitsOf } from '../testing/index.ts'
import { EncryptorConfigError, loadEncryptorConfig } from './index.ts'

const root = new URL('../../../../../', import.meta.url)
const postgres = traitsOf()

function load(text: string, file: string) {
  return loadEncryptorConfig(text, file, postgres, { onUnprotected: 'refuse' })
}

/** The YAML blocks of a Markdown page; `refused` stands behind the language of those that must not load. */
function yamlBlocks(page: string): { text: string; refused: boolean }[] {
  return [...page.matchAll(/^```yaml( refused)?\n(.*?)^```$/gms)].map(([, refused, text]) => ({
    text,
    refused: refused !== undefined,
  }))
}

test('every YAML example of the guide loads, or is refused where the page says so', () => {
  const pages = ['docs/guide/encryptor-config.md', 'docs/guide/transformations.md']
  const blocks = pages.flatMap((page) => yamlBlocks(readFileSync(new URL(page, root), 'utf8')))
  assert.ok(blocks.length >= 10, 'the pages have their examples')
  for (const { text, refused } of blocks) {
    if (refused) assert.throws(() => load(text, 'guide'), EncryptorConfigError, text)
    else load(text, 'guide')
  }
})

test('the example config loads and protects what it says', () => {
  const file = 'configs/encryptor-config.example.yaml'
  const config = load(readFileSync(new URL(file, root), 'utf8'), file)
  const users = config.table(null, 'users')
  assert.deepEqual(
    [...(users?.protected.keys() ?? [])],
    ['email', 'phone', 'photo', 'notes', 'referrer'],
  )
  assert.equal(config.table(null, 'orders')?.protected.size, 0)
  assert.ok(config.trusts('reporting', 'monthly'))
})
