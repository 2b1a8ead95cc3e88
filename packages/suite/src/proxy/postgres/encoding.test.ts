import assert from 'node:assert/strict'
import test from 'node:test'
import { Encoding } from './encoding.ts'

function refuses(text: string | Buffer, ...settings: readonly [name: string, value: string][]) {
  const encoding = new Encoding()
  for (const [name, value] of settings) encoding.learn({ name, value })
  return encoding.refusal(Buffer.from(text), true) !== null
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

test('backslashes are refused while they are escapes', () => {
  assert.ok(!refuses("SELECT 'a\\b'"))
  assert.ok(refuses("SELECT 'a\\b'", ['standard_conforming_strings', 'off']))
  assert.ok(!refuses("SELECT 'ab'", ['standard_conforming_strings', 'off']))
  const on = ['standard_conforming_strings', 'on'] as const
  assert.ok(!refuses("SELECT 'a\\b'", ['standard_conforming_strings', 'off'], [...on]))
})

test('what has no ordinary string with a backslash means the same by both readings', () => {
  const off = ['standard_conforming_strings', 'off'] as const
  for (const text of ["E'a\\'b'", '$$a\\b$$', '"a\\b"', "'ab' -- \\'"])
    assert.ok(!refuses(`SELECT ${text}`, [...off]), text)
  for (const text of ["N'a\\b'", "'a'\n'\\b'", `U&"a" UESCAPE '\\'`])
    assert.ok(refuses(`SELECT ${text}`, [...off]), text)
})

test('while answers are owed, a setting that was sent or in force once may be in force again', () => {
  const encoding = new Encoding()
  const text = Buffer.from("SELECT 'a\\b'")
  assert.equal(encoding.refusal(text, false), null)
  encoding.escapesMayFollow()
  assert.notEqual(encoding.refusal(text, false), null)
  assert.equal(encoding.refusal(text, true), null)
  encoding.learn({ name: 'standard_conforming_strings', value: 'off' })
  assert.notEqual(encoding.refusal(text, true), null)
  encoding.learn({ name: 'standard_conforming_strings', value: 'on' })
  assert.equal(encoding.refusal(text, true), null)
  assert.notEqual(encoding.refusal(text, false), null)
})

test('characters of more bytes are refused once an encoding was in force in which they may hold a quote', () => {
  assert.ok(!refuses("SELECT 'é'", ['client_encoding', 'UTF8']))
  assert.ok(refuses("SELECT 'é'", ['client_encoding', 'SJIS']))
  assert.ok(!refuses("SELECT 'e'", ['client_encoding', 'SJIS']))
  assert.ok(refuses("SELECT 'é'", ['client_encoding', 'BIG5'], ['client_encoding', 'UTF8']))
})

test('names beyond ASCII are refused in another encoding than UTF8, values are not', () => {
  const encoding = ['client_encoding', 'WIN1251'] as const
  // In UTF-8 these two bytes would be one other letter.
  assert.ok(refuses(latin1('SELECT \xd0\xb8 FROM t'), [...encoding]))
  assert.ok(refuses(latin1('SELECT "\xd0\xb8" FROM t'), [...encoding]))
  assert.ok(!refuses(latin1("SELECT '\xd0\xb8', $$\xe9$$, E'\xe9' FROM t"), [...encoding]))
  assert.ok(!refuses(latin1('SELECT \xd0\xb8 FROM t'), ['client_encoding', 'SQL_ASCII']))
})
