import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../repository.ts'
import { testName } from './results.ts'
import { rows } from './rows.ts'

test('the checklist has the 72 rows in their order', () => {
  const numbers = rows.map(({ row }) => row)
  assert.deepEqual(
    numbers,
    Array.from({ length: 72 }, (_, at) => at + 1),
  )
})

test('every row names a test that exists, or a program that it waits for', () => {
  for (const { row, tests, needs } of rows) {
    assert.ok(tests.length > 0 || needs.length > 0, `row ${row}`)
    for (const one of tests) {
      const { source } = testName(one)
      assert.ok(existsSync(join(root, source)), `row ${row}: ${source}`)
    }
  }
})
