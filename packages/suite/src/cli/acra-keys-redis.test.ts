import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RedisServer } from '../net/redis/testing/index.ts'
import { KeyFolders } from './testing/key-folders.ts'

const program = fileURLToPath(new URL('../../bin/acra-keys.js', import.meta.url))
const folders = new KeyFolders()
let redis: RedisServer

before(async () => {
  redis = await RedisServer.start()
})
after(async () => {
  await redis.stop()
  folders.remove()
})

for (const version of ['v1', 'v2']) {
  test(`every command works on a keystore ${version} in Redis, and keys go there from files`, () => {
    const folder = folders.next()
    const database = version === 'v1' ? 1 : 2
    const inRedis = [`--redis_host_port=${redis.hostPort}`, `--redis_db_keys=${database}`]
    let environment: Record<string, string> = {}
    const keys = (...words: string[]) => {
      const done = spawnSync(process.execPath, [program, ...words], {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...environment },
      })
      assert.equal(done.status, 0, `${words.join(' ')}: ${done.stderr}`)
      return done.stdout
    }
    const masterKey = (path: string) => readFileSync(join(folder, path), 'base64')
    for (const path of ['one.key', 'two.key'])
      keys('generate', `--keystore=${version}`, `--master_key_path=${path}`)

    environment = { ACRA_MASTER_KEY: masterKey('one.key') }
    keys('generate', ...inRedis, `--keystore=${version}`, '--client_id=alice')
    keys('generate', ...inRedis, '--client_id=alice', '--client_storage_symmetric_key')
    const listed = keys('list', ...inRedis, '--json', '--rotated-keys')
    assert.equal(JSON.parse(listed).length, 10)
    const first = keys('read', ...inRedis, '--index=2', 'client/alice/symmetric')

    const bundle = ['--key_bundle_file=b', '--key_bundle_secret=s']
    keys('export', ...inRedis, ...bundle, '--all', '--private_keys')
    keys('import', ...bundle, '--keys_dir=copy', `--keystore=${version}`)
    assert.equal(keys('read', '--keys_dir=copy', '--index=2', 'client/alice/symmetric'), first)

    environment = { ...environment, NEW_ACRA_MASTER_KEY: masterKey('two.key') }
    keys('rotate-master', ...inRedis)
    environment = { ACRA_MASTER_KEY: masterKey('two.key') }
    keys('check', ...inRedis)
    assert.equal(keys('read', ...inRedis, '--index=2', 'client/alice/symmetric'), first)
    keys('destroy', ...inRedis, '--index=2', 'client/alice/symmetric')
    assert.equal(JSON.parse(keys('list', ...inRedis, '--json', '--rotated-keys')).length, 9)

    environment = {
      SRC_ACRA_MASTER_KEY: masterKey('one.key'),
      DST_ACRA_MASTER_KEY: masterKey('two.key'),
    }
    const source = [`--src_keystore=${version}`, '--src_keys_dir=copy']
    const target = [
      `--dst_keystore=${version}`,
      '--dst_keys_dir=moved',
      `--dst_redis_host_port=${redis.hostPort}`,
      `--dst_redis_db_keys=${database}`,
    ]
    keys('migrate', ...source, ...target)
    environment = { ACRA_MASTER_KEY: masterKey('two.key') }
    assert.equal(
      keys('read', ...inRedis, '--keys_dir=moved', '--index=2', 'client/alice/symmetric'),
      first,
    )
  })
}
