import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shapeOf } from './lex.ts'

function read(text: string): { key: string; literals: string[] } {
  const bytes = Buffer.from(text)
  const shape = shapeOf(bytes)
  return {
    key: shape.key,
    literals: shape.literals.map(({ start, end }) => bytes.toString('utf8', start, end)),
  }
}

/** Text, key, literals. */
const CASES: [string, string, string[]][] = [
  ['', '', []],
  ["SELECT 'a'", "SELECT ''", ["'a'"]],
  ["SELECT 'it''s'", "SELECT ''", ["'it''s'"]],
  ["SELECT 'a\\' , 'b'", "SELECT '' , ''", ["'a\\'", "'b'"]],
  ["SELECT E'a\\'b', e'\\\\'", "SELECT E'', e''", ["E'a\\'b'", "e'\\\\'"]],
  ["SELECT nameE'a'", "SELECT nameE''", ["'a'"]],
  ["SELECT N'a'", "SELECT N''", ["'a'"]],
  ["SELECT U&'d\\0061t'", "SELECT U&''", ["U&'d\\0061t'"]],
  ["SELECT U&'d!0061t' UESCAPE '!', 1", "SELECT U&'', 0", ["U&'d!0061t' UESCAPE '!'", '1']],
  ["SELECT u&'a'/**/uescape--\n'!'", "SELECT u&''", ["u&'a'/**/uescape--\n'!'"]],
  ["SELECT U&'a' uescaped", "SELECT U&'' uescaped", ["U&'a'"]],
  [`SELECT U&"d!0061t" UESCAPE '!', 'x'`, `SELECT U&"d!0061t" UESCAPE '!', ''`, ["'x'"]],
  ["SELECT X'1F', b'01'", "SELECT X'', b''", ["X'1F'", "b'01'"]],
  ['SELECT $$a$b$$, $x$ $$ $y$ $x$', 'SELECT $$$$, $$$$', ['$$a$b$$', '$x$ $$ $y$ $x$']],
  ['SELECT a$b$c, $1, $23', 'SELECT a$b$c, $1, $23', []],
  ["SELECT 'a'\n'b' 'c'", "SELECT '' ''", ["'a'\n'b'", "'c'"]],
  ["SELECT 'a' -- x 'y'\n 'b'", "SELECT ''", ["'a' -- x 'y'\n 'b'"]],
  ["SELECT 'a' /* \n */ 'b'", "SELECT '' /* \n */ ''", ["'a'", "'b'"]],
  ["SELECT E'a'\n'\\'b'", "SELECT E''", ["E'a'\n'\\'b'"]],
  ["SELECT 'a'\n-- end", "SELECT ''\n-- end", ["'a'"]],
  [
    'SELECT 1, 1.5, .5, 1., 1e5, 1.5E-7',
    'SELECT 0, .0, .0, .0, .0, .0',
    ['1', '1.5', '.5', '1.', '1e5', '1.5E-7'],
  ],
  ['SELECT 0x1F, 0o17, 0B01, 1_000', 'SELECT 0x0, 0o0, 0B0, 0', ['0x1F', '0o17', '0B01', '1_000']],
  ['SELECT -5, - 5, 5-3', 'SELECT -0, - 0, 0-0', ['5', '5', '5', '3']],
  ['SELECT 5--3\n, 5', 'SELECT 0--3\n, 0', ['5', '5']],
  ['SELECT 1..2', 'SELECT 0..0', ['1', '2']],
  ['SELECT a1, t.c2, "3", "a""4"', 'SELECT a1, t.c2, "3", "a""4"', []],
  ["SELECT /* 'a' /* 1 */ ' */ 2", "SELECT /* 'a' /* 1 */ ' */ 0", ['2']],
  ["SELECT 2*/*'*/3", "SELECT 0*/*'*/0", ['2', '3']],
  ["SELECT 'größe', größe1", Buffer.from("SELECT '', größe1").toString('latin1'), ["'größe'"]],
]

for (const [text, key, literals] of CASES) {
  test(`literals are found in: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(read(text), { key, literals })
  })
}

const DOUBTFUL = [
  "'a",
  "E'a\\'",
  '"a',
  '/* a',
  '/* /* */',
  '$$a',
  '$x$a$$',
  '1a',
  '1_',
  '0xg',
  '$1a',
  '$a b',
  "'a\0'",
  "U&'a' UESCAPE 'ab'",
  "B'01''01'",
]

for (const text of DOUBTFUL) {
  test(`a text that may be read otherwise by the server is its own key: ${JSON.stringify(text)}`, () => {
    assert.equal(read(text).key, `\0${text}`)
  })
}

test('an unterminated literal is still known to be one, up to the end', () => {
  assert.deepEqual(read("SELECT 1, 'secret").literals, ['1', "'secret"])
  assert.deepEqual(read('SELECT $x$secret').literals, ['$x$secret'])
})

test('the kind of a literal stays in the key', () => {
  const keys = [
    "'1'",
    "E'1'",
    "U&'1'",
    "X'1'",
    "B'1'",
    '$$1$$',
    '1',
    '0x1',
    '0o1',
    '0b1',
    '1.0',
  ].map((text) => read(text).key)
  assert.equal(new Set(keys).size, keys.length)
})

/** A literal of each kind with any content. */
const content = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''))
const KINDS: Record<string, fc.Arbitrary<string>> = {
  plain: content.map((text) => `'${text.replaceAll("'", "''")}'`),
  escape: content.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  unicode: content.map((text) => `U&'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
  dollar: content.map((text) => `$q$${text.replaceAll('$', '')}$q$`),
  hex: fc.stringMatching(/^[0-9a-f]*$/).map((text) => `X'${text}'`),
  integer: fc.nat().map(String),
  decimal: fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `${a}.${b}`),
}
const between = fc.constantFrom(
  ', ',
  " /* $$ ' */ , ",
  ' , -- x\n',
  '\n,\n',
  ',"a\'b",',
  ', $1 ,',
  ',a$1,',
)

test('texts that differ only in what literals of one kind contain have one key, and the spans are the literals', () => {
  const kinds = fc.array(fc.constantFrom(...Object.keys(KINDS)), { maxLength: 6 })
  const property = kinds.chain((names) =>
    fc.record({
      one: fc.tuple(...names.map((name) => KINDS[name])),
      other: fc.tuple(...names.map((name) => KINDS[name])),
      separators: fc.array(between, { minLength: names.length, maxLength: names.length }),
    }),
  )
  fc.assert(
    fc.property(property, ({ one, other, separators }) => {
      const build = (literals: string[]) =>
        literals.map((literal, index) => literal + separators[index]).join('')
      const first = read(build(one))
      assert.deepEqual(first.literals, one)
      assert.equal(first.key, read(build(other)).key)
    }),
  )
})

test('whatever the bytes, spans are in order, apart, and inside the text; a key is its own key', () => {
  const pieces = fc.constantFrom(
    "'",
    '"',
    '$',
    '$$',
    '$a$',
    'E',
    "E'",
    "U&'",
    ' UESCAPE ',
    '\\',
    '/*',
    '*/',
    '--',
    '\n',
    ' ',
    '1',
    '.',
    '0x',
    'e',
    '_',
    ',',
    'é',
  )
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.array(pieces, { maxLength: 24 }).map((list) => Buffer.from(list.join(''))),
  )
  fc.assert(
    fc.property(bytes, (text) => {
      const shape = shapeOf(text)
      let at = 0
      for (const { start, end } of shape.literals) {
        assert.ok(start >= at && end > start && end <= text.length)
        at = end
      }
      if (!shape.key.startsWith('\0')) {
        assert.equal(shapeOf(Buffer.from(shape.key, 'latin1')).key, shape.key)
      }
    }),
    { numRuns: 2000 },
  )
})
