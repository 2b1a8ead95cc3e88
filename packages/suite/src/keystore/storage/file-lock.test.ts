import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { lockFolder } from './file-lock.ts'

const root = fs.mkdtempSync(join(tmpdir(), 'acra-lock-'))
after(() => fs.rmSync(root, { recursive: true }))
let count = 0
function newFolder(): string {
  const folder = join(root, String(count++))
  fs.mkdirSync(folder)
  return folder
}

const deadPid = spawnSync('true').pid
const ways = { flock: {}, 'a lock file': { flock: null } }

for (const [name, way] of Object.entries(ways)) {
  test(`${name}: a second writer waits, gives up with a clear error, and gets the lock afterwards`, async () => {
    const folder = newFolder()
    const unlock = await lockFolder(folder, way)
    await assert.rejects(lockFolder(folder, { ...way, waitSeconds: 0 }), {
      code: 'keystore-locked',
      message: /is being written by another process for too long/,
    })
    await unlock()
    await (await lockFolder(folder, { ...way, waitSeconds: 0 }))()
  })

  test(`${name}: nothing appears inside the folder`, async () => {
    const folder = newFolder()
    const unlock = await lockFolder(folder, way)
    assert.deepEqual(fs.readdirSync(folder), [])
    await unlock()
    assert.equal(fs.existsSync(`${folder}.lock`), false)
  })
}

test('the lock file names the process and the host', async () => {
  const folder = newFolder()
  const unlock = await lockFolder(folder, { flock: null })
  assert.equal(fs.readFileSync(`${folder}.lock`, 'utf8'), `${process.pid} ${hostname()}\n`)
  await unlock()
})

test('the lock file of a dead process of this host is taken over', async () => {
  const folder = newFolder()
  fs.writeFileSync(`${folder}.lock`, `${deadPid} ${hostname()}\n`)
  const unlock = await lockFolder(folder, { flock: null, waitSeconds: 0 })
  assert.equal(fs.existsSync(`${folder}.lock.break`), false)
  await unlock()
})

test('only one of many takes over', async () => {
  const folder = newFolder()
  fs.writeFileSync(`${folder}.lock`, `${deadPid} ${hostname()}\n`)
  let holders = 0
  const work = async () => {
    const unlock = await lockFolder(folder, { flock: null })
    assert.equal(++holders, 1)
    await new Promise((resolve) => setImmediate(resolve))
    holders--
    await unlock()
  }
  await Promise.all(Array.from({ length: 10 }, work))
})

for (const content of [
  `${process.ppid} ${hostname()}\n`,
  `${deadPid} another-host\n`,
  'garbage',
  '',
])
  test(`a lock file with ${JSON.stringify(content.replace(/^\d+/, 'PID'))} is respected`, async () => {
    const folder = newFolder()
    fs.writeFileSync(`${folder}.lock`, content)
    await assert.rejects(lockFolder(folder, { flock: null, waitSeconds: 0 }), {
      code: 'keystore-locked',
    })
    assert.equal(fs.readFileSync(`${folder}.lock`, 'utf8'), content)
  })

test('where the file system cannot lock a folder the lock file stands in', async () => {
  const folder = newFolder()
  // Ends as flock does when it cannot lock: neither 0 nor the status for a conflict.
  const unlock = await lockFolder(folder, { flock: '/bin/false' })
  assert.equal(fs.existsSync(`${folder}.lock`), true)
  await unlock()
})
