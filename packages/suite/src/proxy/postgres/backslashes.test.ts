import assert from 'node:assert/strict'
import test from 'node:test'
import { BufferSink } from '../../foundation/index.ts'
import { editText } from '../../sql/index.ts'
import { shapeOf } from '../../sql/postgres/index.ts'
import { escapeBackslashes, mayMoveEnds } from './backslashes.ts'
import { RefusedError } from './refusal.ts'

function escaped(text: string, replaced: readonly number[] = []): string {
  const bytes = Buffer.from(text)
  const out = new BufferSink()
  editText(bytes, escapeBackslashes(bytes, shapeOf(bytes), new Set(replaced)), out)
  return out.take().toString()
}

test('an ordinary string with a backslash is written with one reading', () => {
  for (const [text, expected] of [
    ["SELECT '\\', 'x'", "SELECT  E'\\\\', 'x'"],
    ["SELECT'a\\b''\\'", "SELECT E'a\\\\b''\\\\'"],
    ["SELECT 'a\\'\n -- \\'\n'b'", "SELECT  E'a\\\\'\n -- \\\\'\n'b'"],
    ["SELECT E'\\'', $$\\'$$, U&'\\0061\\', X'00'", "SELECT E'\\'', $$\\'$$, U&'\\0061\\', X'00'"],
    ['SELECT "a\\\'b" -- \\\'', 'SELECT "a\\\'b" -- \\\''],
    ["SELECT col'\\'", "SELECT col E'\\\\'"],
    ["SELECT begin'\\'", "SELECT begin E'\\\\'"],
    ["SELECT 'é\\'", "SELECT  E'é\\\\'"],
  ] as const) {
    assert.equal(escaped(text), expected)
  }
})

test('what is replaced anyway is left out', () => {
  assert.equal(escaped("VALUES ('a\\', 'b\\')", [0]), "VALUES ('a\\',  E'b\\\\')")
})

test('what cannot be written so is refused', () => {
  for (const text of [
    "SELECT N'a\\'",
    "SELECT n'a\\'",
    "SELECT,n'a\\'",
    'SELECT U&"d!0061" UESCAPE \'\\\', 1',
  ]) {
    assert.throws(() => escaped(text), RefusedError, text)
  }
})

test('a text without a backslash before a quote needs nothing', () => {
  assert.ok(!mayMoveEnds(Buffer.from("SELECT 'a\\b', E'\\n'")))
  assert.ok(mayMoveEnds(Buffer.from("SELECT 'a\\'")))
})
