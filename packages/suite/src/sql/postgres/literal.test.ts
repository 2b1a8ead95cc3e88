import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeLiteral } from './literal.ts'

const GOOD: [string, string][] = [
  ["''", ''],
  ["'abc'", 'abc'],
  ["'it''s'", "it's"],
  ["''''", "'"],
  ["'a\\n'", 'a\\n'],
  ["'größe'", 'größe'],
  ["'a'\n'b'", 'ab'],
  ["'a' -- x\n  'b''c'\r'd'", "ab'cd"],
  ["E'a\\'b''c\\\\'", "a'b'c\\"],
  ["e'\\b\\f\\n\\r\\t\\v\\q'", '\b\f\n\r\t\vq'],
  ["E'\\x41\\x4a\\xg\\101\\1018'", 'AJxgAA8'],
  ["E'\\u00e9\\U0001F600\\ud83d\\ude00'", 'é😀😀'],
  ["E'a'\n'\\x41'", 'aA'],
  ["U&'d\\0061t\\+000061\\\\'", 'data\\'],
  ["U&'\\d83d\\de00''x'", "😀'x"],
  ["U&'d!0061t!!\\' UESCAPE '!'", 'dat!\\'],
  ["u&'a'\n'\\0062' uescape /* x */ '#'", 'a\\0062'],
  ["$$a'b\\$x$$", "a'b\\$x"],
  ['$x$$$ $y$x$', '$$ $y'],
  ['$$$$', ''],
  ['5', '5'],
  ['007', '7'],
  ['1_500_000', '1500000'],
  ['0x1F', '31'],
  ['0o17', '15'],
  ['0b101', '5'],
  ['9223372036854775808', '9223372036854775808'],
  ['1.50', '1.50'],
  ['.5', '0.5'],
]

for (const [literal, value] of GOOD) {
  test(`a literal means what PostgreSQL says: ${JSON.stringify(literal)}`, () => {
    const text = Buffer.from(`(${literal})`)
    assert.equal(decodeLiteral(text, 1, text.length - 1)?.toString(), value)
  })
}

const BAD = [
  "'",
  "'a",
  "'a' 'b'",
  "E'\\u12'",
  "E'\\ud83d'",
  "E'\\ud83dx'",
  "E'\\ude00'",
  "E'\\u0000'",
  "E'\\000'",
  "E'a\\'",
  "U&'\\12'",
  "U&'\\d83d'",
  "U&'a' UESCAPE '+'",
  "U&'a' UESCAPE 'a'",
  "U&'\\+110000'",
  '$$a',
  '$x$a$y$',
  "X'1'",
  "X'41'",
  "B'01'",
  '1e5',
  '1.',
  'abc',
]

for (const literal of BAD) {
  test(`what cannot be read is not guessed: ${JSON.stringify(literal)}`, () => {
    const text = Buffer.from(literal)
    assert.equal(decodeLiteral(text, 0, text.length), null)
  })
}
