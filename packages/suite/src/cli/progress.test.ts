import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressBar } from './progress.ts'

test('a bar is drawn at most ten times a second, and at the end', () => {
  let written = ''
  let now = 0
  const bar = progressBar(
    {
      write: (text) => {
        written += text
      },
    },
    () => now,
    'keys',
    4,
  )
  bar.advance()
  bar.advance()
  assert.equal(written, '\rkeys [#######.......................] 1/4\x1b[K')
  written = ''
  now = 100
  bar.advance()
  assert.equal(written, '\rkeys [######################........] 3/4\x1b[K')
  written = ''
  bar.advance()
  assert.match(written, /4\/4/)
  written = ''
  bar.end()
  assert.equal(written, '\r\x1b[K')
})
