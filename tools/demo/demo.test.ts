import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const main = fileURLToPath(new URL('./main.js', import.meta.url))

test('the demo shows plain values to the application and ciphertext in the database', async (t) => {
  const { stdout } = await run(process.execPath, [main, '--once'])
  const [, first = '', second = ''] = stdout.split(/^.*(?:plain values|other keys).*$/m)

  assert.match(first, / city +│ plain +│ Kiel +│ Kiel\n/)
  assert.match(
    first,
    / diagnosis +│ acrablock +│ hypertension +│ \\x252525[0-9a-f]+f0… \(\d+ bytes\)/,
  )
  assert.match(
    first,
    / insurance_no +│ acrastruct +│ DE 880-011-223 +│ \\x252525[0-9a-f]+f1… \(\d+ bytes\)/,
  )
  assert.match(second, / city +│ plain +│ Kiel\n/)
  assert.match(second, / diagnosis +│ acrablock +│ \\x252525/)
  assert.match(second, / insurance_no +│ acrastruct +│ \\x252525/)
  assert.doesNotMatch(second.split('Try it')[0] ?? '', /hypertension|880-011/)
  assert.equal(stdout.match(/psql postgresql:/g)?.length, 4)

  const time = /\d+ rows .* (\d+\.\d) s after the command/.exec(stdout)
  assert.ok(time)
  t.diagnostic(`first rows after ${time[1]} s`)
  assert.ok(!existsSync(folderOf(stdout)), 'its folder is gone')
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`the demo stays up until ${signal}, and then leaves nothing behind`, async () => {
    const demo = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    await new Promise<void>((resolve, reject) => {
      demo.stdout.on('data', (chunk) => {
        output += chunk
        if (output.includes('Ctrl-C ends')) resolve()
      })
      demo.once('exit', () => reject(new Error(output)))
    })
    assert.ok(existsSync(folderOf(output)), 'its folder is there')
    const exited = once(demo, 'exit')
    demo.kill(signal)
    assert.deepEqual(await exited, [0, null])
    assert.ok(!existsSync(folderOf(output)), 'its folder is gone')
    await assert.rejects(run('psql', [addressOf(output), '-c', 'SELECT 1']), /Connection refused/)
  })
}

test('an unknown argument is named', async () => {
  await assert.rejects(run(process.execPath, [main, '--twice']), { code: 2, stderr: /--twice/ })
})

function folderOf(output: string): string {
  return dirname(/--keys_dir=(\S+)/.exec(output)?.[1] ?? '')
}

function addressOf(output: string): string {
  return /at the database +psql (\S+)/.exec(output)?.[1] ?? ''
}
