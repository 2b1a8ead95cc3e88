import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { KeyFolders } from './testing/key-folders.ts'

const program = fileURLToPath(new URL('../../bin/acra-keys.js', import.meta.url))
const folders = new KeyFolders()
after(() => folders.remove())

test('a result that is larger than what a socket takes at once comes out whole', () => {
  const folder = join(folders.next(), 'keys')
  mkdirSync(folder, { mode: 0o700 })
  for (let n = 0; n < 3000; n++) writeFileSync(`${folder}/client${n}_hmac`, '', { mode: 0o600 })
  const { stdout } = spawnSync(
    process.execPath,
    [program, 'list', '--json', `--keys_dir=${folder}`],
    {
      encoding: 'utf8',
    },
  )
  assert.ok(stdout.length > 2 ** 17)
  assert.equal(JSON.parse(stdout).length, 3000)
})
