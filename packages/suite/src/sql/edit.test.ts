import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferSink } from '../foundation/index.ts'
import { editText } from './edit.ts'
import { shapeOf } from './postgres/index.ts'

const text = Buffer.from("INSERT INTO t VALUES ('a', 'bb')")

test('edits replace their spans and leave the rest byte for byte', () => {
  const out = new BufferSink()
  out.append(Buffer.from('before '))
  const [first, second] = shapeOf(text).literals
  editText(
    text,
    [
      { ...first, bytes: Buffer.from("'longer'") },
      { ...second, bytes: Buffer.of() },
    ],
    out,
  )
  assert.equal(out.take().toString(), "before INSERT INTO t VALUES ('longer', )")
})

test('edits that overlap or lie outside leave the sink as it was', () => {
  const out = new BufferSink()
  const bytes = Buffer.from('x')
  for (const edits of [
    [
      { start: 5, end: 8, bytes },
      { start: 7, end: 9, bytes },
    ],
    [{ start: 5, end: 4, bytes }],
    [{ start: 5, end: text.length + 1, bytes }],
  ]) {
    assert.throws(() => editText(text, edits, out), RangeError)
    assert.equal(out.length, 0)
  }
})
