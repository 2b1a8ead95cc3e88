import assert from 'node:assert/strict'
import test from 'node:test'
import type { ResultItem } from '../../sql/index.ts'
import { anyColumn, columnFor } from '../../transform/index.ts'
import { settingOf } from '../../transform/testing/index.ts'
import { ColumnTable } from '../columns.ts'
import { Answer } from './answer.ts'

const email = settingOf({ column: 'email' })
const photo = settingOf({ column: 'photo' })
const columns = new ColumnTable([email, photo], columnFor, anyColumn)

function names(results: readonly ResultItem[] | null, count: number): string {
  const settings = new Answer(results).settings(count, columns)
  return settings.map((setting) => setting?.column ?? '-').join(' ')
}

test('columns stand where the statement says', () => {
  assert.equal(names(['other', email, photo], 3), '- email photo')
  assert.equal(names(null, 2), '- -')
})

test('a star takes the columns that the others leave', () => {
  assert.equal(names([email, 'star', photo], 5), 'email - - - photo')
  assert.equal(names(['star', photo], 1), 'photo')
  assert.equal(names([email, 'star'], 4), 'email - - -')
})

test('between two stars nothing is known, at the ends it is', () => {
  assert.equal(names([email, 'star', photo, 'star', email], 6), 'email - - - - email')
})

test('an answer of another width than expected is not guessed at', () => {
  assert.equal(names([email, photo], 3), '- - -')
  assert.equal(names([email, photo, 'star'], 1), '-')
})

test('formats are none, one for all, or one each', () => {
  const cell = Buffer.from('x')
  const formats = (codes: readonly number[]) =>
    [0, 1].map((i) => new Answer(null, codes).format(i, cell, 0, 1))
  assert.deepEqual(formats([]), [0, 0])
  assert.deepEqual(formats([1]), [1, 1])
  assert.deepEqual(formats([0, 1]), [0, 1])
})

test('a format that nobody has told is seen by the zero bytes of an envelope', () => {
  const answer = new Answer(null, null)
  const binary = Buffer.concat([Buffer.from('%%%'), Buffer.alloc(8)])
  const escaped = Buffer.from(String.raw`%%%\000\000`)
  assert.equal(answer.format(0, binary, 0, binary.length), 1)
  assert.equal(answer.format(0, escaped, 0, escaped.length), 0)
})
