import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffLines } from './diff.ts'

const shown = (before: string, after: string) =>
  diffLines(before, after).map(
    ({ kind, text }) => ({ same: ' ', removed: '-', added: '+' })[kind] + text,
  )

test('lines that stay stand once, those that differ with their sign', () => {
  assert.deepEqual(shown('a\nb\nc', 'a\nx\nc'), [' a', '-b', '+x', ' c'])
  assert.deepEqual(shown('a\nb', 'a\nb'), [' a', ' b'])
  assert.deepEqual(shown('a\nb\nc\nd', 'b\nd\ne'), ['-a', ' b', '-c', ' d', '+e'])
})

test('both texts can be read out of the difference', () => {
  const words = ['a', 'b', 'c', 'd']
  for (let seed = 1; seed < 200; seed++) {
    const pick = (step: number) =>
      Array.from({ length: (seed * step) % 7 }, (_, i) => words[(seed * step + i * i) % 4]).join(
        '\n',
      )
    const [before, after] = [pick(3), pick(5)]
    const difference = diffLines(before, after)
    const without = (kind: string) =>
      difference
        .filter((line) => line.kind !== kind)
        .map(({ text }) => text)
        .join('\n')
    assert.equal(without('added'), before)
    assert.equal(without('removed'), after)
  }
})

test('texts too long to compare line by line are told whole', () => {
  const many = (word: string) => Array.from({ length: 2500 }, (_, i) => `${word} ${i}`).join('\n')
  assert.equal(diffLines(many('a'), many('b')).length, 5000)
})
