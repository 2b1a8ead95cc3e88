import assert from 'node:assert/strict'
import { test } from 'node:test'
import { displayWidth, printTable } from './table.ts'

test('columns are as wide as their content', () => {
  assert.equal(
    printTable(
      ['id', 'name'],
      [
        ['1', 'Ann Marsh'],
        ['2', '李小龍'],
      ],
      80,
    ),
    [' id │ name', '────┼───────────', ' 1  │ Ann Marsh', ' 2  │ 李小龍'].join('\n'),
  )
})

test('no line is wider than the terminal: the widest column gives way', () => {
  const table = printTable(['id', 'stored'], [['1', 'x'.repeat(500)]], 40)
  const widths = table.split('\n').map(displayWidth)
  assert.ok(Math.max(...widths) <= 40, String(widths))
  assert.match(table, /x…$/)
})

test('a table whose names do not fit is printed nevertheless', () => {
  assert.match(printTable(['first', 'second'], [['1', '2']], 4), /first │ second/)
})

test('wide letters count twice and marks not at all', () => {
  assert.equal(displayWidth('李小'), 4)
  assert.equal(displayWidth('é'), 1)
  assert.equal(displayWidth('e\u0301'), 1)
  assert.equal(displayWidth('🙂'), 2)
})
