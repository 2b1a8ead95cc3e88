import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pureFunction } from './pure-functions.ts'

function call(name: string, ...values: string[]): string | null {
  return (
    pureFunction(name)
      ?.of(values.map((value) => Buffer.from(value)))
      ?.toString() ?? null
  )
}

/** What PostgreSQL 18 answers; null: an error, or what depends on the database. */
const answers: readonly (readonly [string | null, string, ...string[]])[] = [
  ['ann@x.org', 'lower', 'Ann@X.org'],
  [null, 'lower', 'ÄNN'],
  ['ANN', 'upper', 'ann'],
  ['ä x', 'btrim', '  ä x '],
  ['bc', 'ltrim', 'xyxbc', 'xy'],
  [null, 'rtrim', 'xä', 'ä'],
  ['a--b', 'replace', 'a.b', '.', '--'],
  ['ab', 'replace', 'ab', '', 'x'],
  ['bc', 'substring', 'abcd', '2', '2'],
  ['a', 'substring', 'abcd', '-1', '3'],
  ['', 'substring', 'abcd', '-5', '3'],
  ['abcd', 'substr', 'abcd', '0'],
  [null, 'substr', 'abcd', '2', '-1'],
  ['ab', 'left', 'abcd', '2'],
  ['abc', 'left', 'abcd', '-1'],
  ['cd', 'right', 'abcd', '2'],
  ['d', 'right', 'abcd', '-3'],
  ['', 'right', 'abcd', '0'],
  ['', 'right', 'abcd', '-9'],
  ['ababab', 'repeat', 'ab', '3'],
  ['', 'repeat', 'ab', '-3'],
  [null, 'repeat', 'ab', '999999999'],
  ['', 'repeat', '', '999999999'],
  [null, 'repeat', 'a', '1030'],
  ['a'.repeat(1024), 'repeat', 'a', '1024'],
  [null, 'replace', 'a'.repeat(100), 'a', 'b'.repeat(100)],
  ['b'.repeat(1000), 'replace', 'a'.repeat(10), 'a', 'b'.repeat(100)],
  ['a5', 'concat', 'a', '5'],
  ['A', 'chr', '65'],
  [null, 'chr', '0'],
  [null, 'chr', '200'],
  ['\\x6162', 'decode', 'YWI=', 'base64'],
  ['\\x61', 'decode', '6 1', 'hex'],
  [null, 'decode', 'YWI', 'base64'],
  [null, 'decode', 'a', 'escape'],
  ['3', '+', '1', '2'],
  ['-5', '-', '5'],
  ['5', '+', '5'],
  ['-2', '/', '-5', '2'],
  ['-1', '%', '-5', '2'],
  [null, '/', '1', '0'],
  [null, '+', '2147483647', '1'],
  ['2147483649', '+', '2147483648', '1'],
  [null, '*', '9223372036854775807', '2'],
  [null, 'md5', 'x'],
]

for (const [answer, name, ...values] of answers) {
  test(`${name} of ${values.join(', ')}`, () => {
    assert.equal(call(name, ...values), answer)
  })
}
