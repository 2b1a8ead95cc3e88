import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerStarter } from './worker-process.ts'

const product = { name: 'acra-server', version: '1.2.3' }

test('the lines of a worker arrive whole, in order and all of them, also when it is killed', async () => {
  const module = new URL('testing/lines-worker.js', import.meta.url)
  const lines: string[] = []
  const write = (line: string) => lines.push(line)
  const settings = { level: 'info', format: 'plaintext' } as const
  const start = workerStarter(module, { product, lines: { settings, write } })
  const how = await new Promise((resolve) => start({ onMessage: () => {}, onEnd: resolve }))
  assert.equal(how, 'SIGKILL')
  assert.equal(lines.pop(), 'cut\n')
  assert.equal(lines.length, 20_000)
  for (const [i, line] of lines.entries()) assert.equal(line, `line ${i} ${'ü'.repeat(100)}\n`)
})
